"""What a LaTeX document needs beside the tables: figures.tex, notes.tex, quoted.bib and report.tex, which holds all."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gner_bench.catalog import bibliography
from gner_bench.report.escape import LATEX_CHARACTER
from gner_bench.report.grid import Grid
from gner_bench.report.render.latex import breakable, caption, cited, comment, labels, notes

DOCUMENT = r"""% All tables and figures of this report; latexmk -pdf compiles it in its folder.
\documentclass{{article}}
\usepackage[margin=2.5cm]{{geometry}}
\usepackage{{booktabs}}
\usepackage{{graphicx}}
\extrafloats{{500}}
\begin{{document}}
{body}
\end{{document}}
"""
FIGURES = r"""% Needs \usepackage{graphicx}. In a document in another folder: \graphicspath{{this folder/}}.
"""
NOTES = r"""% What must be known of tables and figures: rounding, tests, signatures, warnings, sources. For an appendix.
% Only those that the document has are printed.
"""
NOTE = r"""\ifcsname r@{label}\endcsname
\par\smallskip\noindent\textbf{{{kind}~\ref{{{label}}}.}} {text}\par
\fi"""


@dataclass(frozen=True)
class Figure:
    """A figure of a report; ``file`` is a name in its folder, ``width`` in inches. A ``wide`` one is that of a page."""

    file: str
    caption: str
    width: float
    wide: bool

    @property
    def label(self) -> str:
        """By which a document refers to it."""
        return f"fig:gner-bench-{self.file.partition('.')[0]}"


def files(tables: Mapping[str, Sequence[Grid]], figures: Sequence[Figure]) -> dict[str, str]:
    """The files beside the ``tables``, which are by the names of theirs; figures.tex and quoted.bib where needed."""
    keys = cited(grid for grids in tables.values() for grid in grids)
    body = [rf"\input{{tables/{name}}}\clearpage" for name in tables]
    body += [r"\input{figures}\clearpage"] if figures else []
    body += [r"\section*{Notes}", r"\input{notes}"]
    body += [r"\bibliographystyle{plain}", r"\bibliography{quoted}"] if keys else []
    written = {"notes.tex": _notes(tables, figures), "report.tex": DOCUMENT.format(body="\n".join(body))}
    if figures:
        written["figures.tex"] = FIGURES + LATEX_CHARACTER + "\n" + "\n".join(map(_figure, figures)) + "\n"
    if keys:
        written["quoted.bib"] = bibliography(keys)
    return written


def _figure(figure: Figure) -> str:
    kind, width = "figure*" if figure.wide else "figure", figure.width
    sentences = re.split(r"(?<=[.!?]) (?=[A-Z])", figure.caption)
    lines = [
        *comment([figure.caption]),
        rf"\begin{{{kind}}}[tp]",
        r"\centering",
        rf"\includegraphics[width=\ifdim{width}in>\linewidth\linewidth\else{width}in\fi]{{figures/{figure.file}}}",
        rf"\caption{{{caption(sentences, figure.wide)}}}",
        rf"\label{{{figure.label}}}",
        rf"\end{{{kind}}}",
    ]
    return "\n".join(lines)


def _notes(tables: Mapping[str, Sequence[Grid]], figures: Sequence[Figure]) -> str:
    told = [
        (label, "Table", " ".join(notes(grid)))
        for grids in tables.values()
        for grid, label in zip(grids, labels(grids), strict=True)
    ]
    told += [(figure.label, "Figure", figure.caption) for figure in figures]
    parts = [NOTE.format(label=label, kind=kind, text=breakable(text)) for label, kind, text in told]
    lines = [LATEX_CHARACTER, r"\begingroup\footnotesize\raggedright", *parts, r"\endgroup"]
    return NOTES + "\n".join(lines) + "\n"
