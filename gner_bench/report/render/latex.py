"""Grids as LaTeX floats (booktabs), and a document that holds them all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from gner_bench.report.escape import LATEX_CHARACTER, latex
from gner_bench.report.grid import Cell, Grid

NEEDS = (
    r"% Needs \usepackage{booktabs} and \usepackage{graphicx}; the text is UTF-8.",
    LATEX_CHARACTER,
)
MOST_LYING = 5
LONGEST_LYING = 12
"""More heads than these, longer than so many letters, stand upright."""
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


def to_latex(*grids: Grid) -> str:
    """The floats of ``grids``; the first lines say which packages they need."""
    return (
        "\n".join([*NEEDS, *(line for index, grid in enumerate(grids) for line in _float(grid, index, len(grids)))])
        + "\n"
    )


def document(tables: Iterable[str], figures: Iterable[tuple[str, str, float]]) -> str:
    """A document that includes files of ``tables``, and of ``figures`` with caption and width in inches."""
    inputs = [rf"\input{{{path}}}\clearpage" for path in tables]
    return DOCUMENT.format(body="\n".join([*inputs, *(_figure(*figure) for figure in figures)]))


def _figure(path: str, caption: str, width: float) -> str:
    return "\n".join(
        [
            r"\begin{figure}[tp]\centering",
            rf"\includegraphics[width=\ifdim{width}in>\linewidth\linewidth\else{width}in\fi]{{{path}}}",
            rf"\caption{{{latex(caption)}}}",
            r"\end{figure}",
        ]
    )


def _float(grid: Grid, index: int, of: int) -> list[str]:
    kind = "table*" if grid.wide else "table"
    label = grid.name if of == 1 else f"{grid.name}-{index + 1}"
    return [
        rf"\begin{{{kind}}}[tp]",
        r"\centering",
        rf"\caption[{latex(grid.title)}]{{{_caption(grid)}}}",
        rf"\label{{tab:gner-bench-{label}}}",
        r"\par\smallskip",
        r"\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%",
        rf"\begin{{tabular}}{{{_columns(grid)}}}",
        r"\toprule",
        *_heads(grid),
        *_body(grid),
        r"\bottomrule",
        r"\end{tabular}}",
        *_notes(grid),
        rf"\end{{{kind}}}",
    ]


def _columns(grid: Grid) -> str:
    figures, quoted = len(grid.heads) - 1, grid.quoted_from
    if not quoted:
        return "l" + "r" * figures
    return "l" + "r" * (quoted - 1) + r"@{\qquad}" + "r" * (figures - quoted + 1)


def _heads(grid: Grid) -> list[str]:
    """The heads, those of systems standing upright where they are many; the quoted ones are named together above."""
    cells = [_head(cell, grid, index) for index, cell in enumerate(grid.heads)]
    if len(grid.heads) > MOST_LYING and any(len(cell.text) > LONGEST_LYING for cell in grid.heads[1:]):
        cells[1:] = [rf"\rotatebox{{90}}{{{cell}}}" for cell in cells[1:]]
    if not grid.quoted_from:
        return [_line(cells)]
    first, width = grid.quoted_from + 1, len(grid.heads) - grid.quoted_from
    above = "&" * (first - 1) + rf" \multicolumn{{{width}}}{{c}}{{quoted from publications}} \\"
    return [above, rf"\cmidrule{{{first}-{len(grid.heads)}}}", _line(cells)]


def _head(cell: Cell, grid: Grid, index: int) -> str:
    quoted = bool(grid.quoted_from) and index >= grid.quoted_from
    return _cell(replace(cell, text=cell.text.removesuffix(" (quoted)")) if quoted else cell, grid.footnotes)


def _body(grid: Grid) -> list[str]:
    lines = []
    for section in grid.sections:
        lines.append(r"\midrule")
        if section.title:
            lines.append(rf"\multicolumn{{{len(grid.heads)}}}{{l}}{{\emph{{{latex(section.title)}}}}} \\")
        lines += [_line(_cell(cell, grid.footnotes) for cell in row) for row in section.rows]
    return lines


def _line(cells: Iterable[str]) -> str:
    return " & ".join(cells) + r" \\"


def _cell(cell: Cell, symbols: Mapping[str, str]) -> str:
    text = RANKS[cell.rank].format(latex(cell.text)) if cell.text else ""
    half = rf"\,{{\scriptsize\ensuremath{{\pm}}{latex(cell.half)}}}" if cell.half else ""
    marks = ",".join(symbols[note] for note in cell.notes)
    # A star that takes no width keeps the figures of a column in line.
    star = (r"\ensuremath{^{\ast}}" if marks else r"\rlap{\ensuremath{^{\ast}}}") if cell.star else ""
    return text + half + star + (rf"\textsuperscript{{{marks}}}" if marks else "")


def _caption(grid: Grid) -> str:
    signatures = [
        f"Signature of {latex(', '.join(names))}: {_breakable(text)}."
        for text, names in grid.signatures.items()
        if text
    ]
    title = grid.title if grid.title.endswith(".") else f"{grid.title}."
    return " ".join([latex(title), *map(latex, grid.remarks), *signatures])


def _breakable(signature: str) -> str:
    """An escaped signature that may be broken between its fields."""
    return latex(signature).replace(r"\textbar{}", r"\textbar{}\allowbreak{}")


def _notes(grid: Grid) -> Sequence[str]:
    marked = [rf"\textsuperscript{{{symbol}}} {latex(text)}" for text, symbol in grid.footnotes.items()]
    warnings = [f"Warning: {latex(warning)}." for warning in grid.warnings]
    sources = [f"{latex(', '.join(names))}: {latex(text)}" for text, names in grid.sources.items() if text]
    said = [r"\quad ".join(marked), *warnings, f"Sources: {'; '.join(sources)}." if sources else ""]
    lines = [rf"{line}\par" for line in said if line]
    return [r"\par\smallskip", r"\parbox{\linewidth}{\footnotesize\raggedright", *lines, "}"] if lines else []
