"""Grids as LaTeX floats (booktabs), and a document that holds them all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from gner_bench.report.escape import LATEX_CHARACTER, latex
from gner_bench.report.grid import Cell, Grid

PREAMBLE = (
    r"% Needs \usepackage{booktabs} and \usepackage{graphicx}; the text is UTF-8.",
    LATEX_CHARACTER,
)
MOST_LYING = 5
LONGEST_LYING = 12
"""More heads than these, longer than so many letters, are set upright."""
RANKS = {"": "{}", "best": r"\textbf{{{}}}", "second": r"\underline{{{}}}"}
DOCUMENT = r"""% All tables and figures of this report; compile it in its folder.
\documentclass{{article}}
\usepackage[margin=2.5cm]{{geometry}}
\usepackage{{booktabs}}
\usepackage{{graphicx}}
\extrafloats{{500}}
\begin{{document}}
{body}
\end{{document}}
"""


def render(grids: Sequence[Grid]) -> str:
    """The floats of ``grids``; the first lines say which packages they need."""
    labels = [f"{grid.name}-{index + 1}" if len(grids) > 1 else grid.name for index, grid in enumerate(grids)]
    floats = (line for grid, label in zip(grids, labels, strict=True) for line in _float(grid, label))
    return "\n".join([*PREAMBLE, *floats]) + "\n"


def document(tables: Iterable[str], figures: Iterable[tuple[str, str, float]]) -> str:
    """A document that includes files of ``tables``, and of ``figures`` with caption and width in inches."""
    lines = [rf"\input{{{path}}}\clearpage" for path in tables]
    for path, caption, width in figures:
        lines += [
            r"\begin{figure}[tp]\centering",
            rf"\includegraphics[width=\ifdim{width}in>\linewidth\linewidth\else{width}in\fi]{{{path}}}",
            rf"\caption{{{latex(caption)}}}",
            r"\end{figure}",
        ]
    return DOCUMENT.format(body="\n".join(lines))


def _float(grid: Grid, label: str) -> list[str]:
    """The lines of a float: caption with remarks and signatures, the table, then footnotes, warnings and sources."""
    kind, title = "table*" if grid.wide else "table", grid.title if grid.title.endswith(".") else f"{grid.title}."
    caption = [latex(title), *map(latex, grid.remarks)]
    for text, names in grid.signatures.items():
        if text:
            # A line may break between the fields of a signature.
            breakable = latex(text).replace(r"\textbar{}", r"\textbar{}\allowbreak{}")
            caption.append(f"Signature of {latex(', '.join(names))}: {breakable}.")
    body = []
    for section in grid.sections:
        body.append(r"\midrule")
        if section.title:
            body.append(rf"\multicolumn{{{len(grid.heads)}}}{{l}}{{\emph{{{latex(section.title)}}}}} \\")
        body += [_line(_cell(cell, grid.footnotes) for cell in row) for row in section.rows]
    marked = [rf"\textsuperscript{{{symbol}}} {latex(text)}" for text, symbol in grid.footnotes.items()]
    warnings = [f"Warning: {latex(warning)}." for warning in grid.warnings]
    sources = [f"{latex(', '.join(names))}: {latex(text)}" for text, names in grid.sources.items() if text]
    notes = [r"\quad ".join(marked), *warnings, f"Sources: {'; '.join(sources)}." if sources else ""]
    below = [rf"{note}\par" for note in notes if note]
    if below:
        below = [r"\par\smallskip", r"\parbox{\linewidth}{\footnotesize\raggedright", *below, "}"]
    return [
        rf"\begin{{{kind}}}[tp]",
        r"\centering",
        rf"\caption[{latex(grid.title)}]{{{' '.join(caption)}}}",
        rf"\label{{tab:gner-bench-{label}}}",
        r"\par\smallskip",
        r"\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%",
        *_heads(grid),
        *body,
        r"\bottomrule",
        r"\end{tabular}}",
        *below,
        rf"\end{{{kind}}}",
    ]


def _heads(grid: Grid) -> list[str]:
    """Where the columns are and what heads them.

    The heads of systems are upright where they are many; the quoted ones are named together above.
    """
    numbers, quoted = len(grid.heads) - 1, grid.quoted_from
    cells = []
    for index, head in enumerate(grid.heads):
        short = quoted and index >= quoted
        cells.append(_cell(replace(head, text=head.text.removesuffix(" (quoted)")) if short else head, grid.footnotes))
    if len(grid.heads) > MOST_LYING and any(len(head.text) > LONGEST_LYING for head in grid.heads[1:]):
        cells[1:] = [rf"\rotatebox{{90}}{{{cell}}}" for cell in cells[1:]]
    if not quoted:
        return [rf"\begin{{tabular}}{{l{'r' * numbers}}}", r"\toprule", _line(cells)]
    columns = "l" + "r" * (quoted - 1) + r"@{\qquad}" + "r" * (numbers - quoted + 1)
    return [
        rf"\begin{{tabular}}{{{columns}}}",
        r"\toprule",
        "&" * quoted + rf" \multicolumn{{{len(grid.heads) - quoted}}}{{c}}{{quoted from publications}} \\",
        rf"\cmidrule{{{quoted + 1}-{len(grid.heads)}}}",
        _line(cells),
    ]


def _line(cells: Iterable[str]) -> str:
    return " & ".join(cells) + r" \\"


def _cell(cell: Cell, symbols: Mapping[str, str]) -> str:
    text = RANKS[cell.rank].format(latex(cell.text)) if cell.text else ""
    half = rf"\,{{\scriptsize\ensuremath{{\pm}}{latex(cell.half)}}}" if cell.half else ""
    marks = ",".join(symbols[note] for note in cell.notes)
    # A star that takes no width keeps the numbers of a column in line.
    star = (r"\ensuremath{^{\ast}}" if marks else r"\rlap{\ensuremath{^{\ast}}}") if cell.star else ""
    return text + half + star + (rf"\textsuperscript{{{marks}}}" if marks else "")
