"""Grids as LaTeX floats (booktabs): a short caption, a label, the table, what its marks mean.

All else that must be known of a table (rounding, signatures, warnings, sources) is its ``notes``: a comment above it,
and a part of notes.tex (``report.paper``).
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence

from gner_bench.messages import one_line
from gner_bench.report.escape import LATEX_CHARACTER, LATEX_PLAIN, latex
from gner_bench.report.grid import Cell, Grid

NEEDS = r"% Needs \usepackage{booktabs} and \usepackage{graphicx}; the text is UTF-8."
CITES = r"% What is cited is in quoted.bib."
MOST_LYING = 5
LONGEST_LYING = 12
"""More heads than these, longer than so many letters, are set upright."""
RANKS = {"": "{}", "best": r"\textbf{{{}}}", "second": r"\underline{{{}}}"}
MARKS = {"*": r"\ast", "†": r"\dagger", "‡": r"\ddagger", "§": r"\mathsection", "¶": r"\mathparagraph", "‖": r"\Vert"}
NARROW, WIDE = 72, 165
"""Letters that two lines of a caption hold beside its number: in a column of 7.7 cm, and on the width of a page."""
COMMENT_WIDTH = 118
QUOTED = " (quoted)"


def render(grids: Sequence[Grid]) -> str:
    """The floats of ``grids``; the first lines say what they need."""
    lines = [NEEDS, *([CITES] if cited(grids) else []), LATEX_CHARACTER]
    for grid, label in zip(grids, labels(grids), strict=True):
        lines += [*comment(notes(grid)), *_float(grid, label)]
    return "\n".join(lines) + "\n"


def labels(grids: Sequence[Grid]) -> list[str]:
    """The label of each table of a file, by its name and subject, such as ``tab:gner-bench-types_gner-mit-movie``."""
    found: dict[str, None] = {}
    for grid in grids:
        subject = re.sub(r"[^A-Za-z0-9.:+]+", "-", grid.subject).strip("-")
        label = plain = f"tab:gner-bench-{'-'.join(filter(None, [grid.name, subject]))}"
        number = 1
        while label in found:
            label = f"{plain}-{(number := number + 1)}"
        found[label] = None
    return list(found)


def notes(grid: Grid) -> list[str]:
    """What must be known of a table, as plain text: title, remarks, warnings, signatures, sources."""
    signed = [f"Signature of {', '.join(names)}: {text}" for text, names in grid.signatures.items() if text]
    sources = [f"Source of {', '.join(names)}: {text}" for text, names in grid.sources.items() if text]
    said = [grid.title, *grid.remarks, *(f"Warning: {warning}" for warning in grid.warnings), *signed, *sources]
    return [f"{one_line(text).removesuffix('.')}." for text in said]


def cited(grids: Iterable[Grid]) -> set[str]:
    """The BibTeX keys that tables cite."""
    return {key for grid in grids for cell in grid.cells() for key in cell.cite}


def comment(lines: Iterable[str]) -> list[str]:
    """Plain text as comments."""
    wrapper = textwrap.TextWrapper(
        COMMENT_WIDTH, initial_indent="% ", subsequent_indent="%   ", break_long_words=False, break_on_hyphens=False
    )
    return [piece for line in lines for piece in wrapper.wrap(one_line(line))]


def caption(sentences: Iterable[str], wide: bool) -> str:
    """The first of the plain ``sentences`` that two lines hold, in LaTeX.

    What does not fit ends at its colon, or else at a comma or bracket before it. Without any it is left out, but for
    the first sentence, which is cut in its middle: names differ at both ends.
    """
    room = WIDE if wide else NARROW
    shown: list[str] = []
    for sentence in map(one_line, sentences):
        whole, head = sentence.removesuffix("."), sentence.removesuffix(".").partition(": ")[0]
        shorter = [head[: match.start()] for match in re.finditer(r", | \(", head)]
        fitting = next((part for part in (whole, head, *reversed(shorter)) if _length(part) < room), None)
        if fitting is None and not shown:
            fitting = _cut(whole, room - 1)
        if fitting is not None:
            shown.append(f"{fitting}.")
            room -= _length(fitting) + len(". ")
        if fitting != whole:
            break
    return breakable(" ".join(shown))


def _length(text: str) -> int:
    """How many letters wide a text is; those that pdfLaTeX lacks are printed as numbers."""
    return sum(1 if letter.isascii() or letter in LATEX_PLAIN else len("[U+0000]") for letter in text)


def _cut(text: str, most: int) -> str:
    kept = min(len(text), most) // 2
    while _length(text[:kept] + text[-kept:]) >= most:
        kept -= 1
    return f"{text[:kept].rstrip()}…{text[-kept:].lstrip()}"


def breakable(text: str) -> str:
    """Plain text in LaTeX whose lines may break inside of signatures and names."""
    joints = r"(\\textbar\{\}|\\_|[/@=]|,(?=[A-Za-z])|(?<=[A-Za-z])\.)(?=[^\s{}])"
    return re.sub(joints, r"\1\\allowbreak{}", latex(text))


def _float(grid: Grid, label: str) -> list[str]:
    """The lines of a float: caption and label, the table, then what its marks mean and what is not like for like."""
    kind, body = "table*" if grid.wide else "table", []
    heading = [grid.title, *(remark.partition(" (")[0] for remark in grid.remarks[:1])]
    for section in grid.sections:
        body.append(r"\midrule")
        if section.title:
            body.append(rf"\multicolumn{{{len(grid.heads)}}}{{l}}{{\emph{{{latex(section.title)}}}}} \\")
        body += [_line(_cell(cell, grid.footnotes) for cell in row) for row in section.rows]
    marked = [rf"\textsuperscript{{{symbol}}} {breakable(text)}" for text, symbol in grid.footnotes.items()]
    below = [breakable(" ".join(grid.legend)), r"\quad ".join(marked)]
    if grid.unlike:
        below.append(rf"\textbf{{Not like for like}}: systems differ in {breakable(', '.join(grid.unlike))}.")
    below = [rf"{text}\par" for text in below if text]
    if below:
        below = [r"\par\smallskip", r"\parbox{\linewidth}{\footnotesize\raggedright", *below, "}"]
    return [
        rf"\begin{{{kind}}}[tp]",
        r"\centering",
        rf"\caption{{{caption(heading, grid.wide)}}}",
        rf"\label{{{label}}}",
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
    cells = [_cell(head, grid.footnotes) for head in grid.heads]
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
    # What is cited need not be marked as quoted too.
    shown = cell.text.removesuffix(QUOTED) if cell.cite else cell.text
    text = RANKS[cell.rank].format(latex(shown)) if shown else ""
    cite = rf"~\cite{{{','.join(cell.cite)}}}" if cell.cite else ""
    half = rf"\,{{\scriptsize\ensuremath{{\pm}}{latex(cell.half)}}}" if cell.half else ""
    marks = ",".join(symbols[note] for note in cell.notes)
    star = rf"\ensuremath{{^{{{''.join(map(MARKS.__getitem__, cell.star))}}}}}" if cell.star else ""
    if star and not marks:
        star = rf"\rlap{{{star}}}"  # takes no width, which keeps the numbers of a column in line
    return text + half + star + (rf"\textsuperscript{{{marks}}}" if marks else "") + cite
