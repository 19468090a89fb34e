"""Grids as Markdown, as GitHub reads it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from gner_bench.messages import REPLACED, markdown, one_line
from gner_bench.report.grid import Cell, Grid, Section

RANKS = {"": "{}", "best": "**{}**", "second": "<ins>{}</ins>"}


def render(grids: Sequence[Grid]) -> str:
    """The tables under headings, each with its remarks, footnotes, sources and signatures."""
    return "\n".join(
        "\n\n".join(
            filter(
                None,
                [
                    f"## {markdown(grid.title)}",
                    table(grid),
                    *remarks(grid),
                    *sources(grid),
                    *_origins("Signature", grid.signatures, code),
                ],
            )
        )
        + "\n"
        for grid in grids
    )


def table(grid: Grid, sections: Sequence[Section] | None = None) -> str:
    """The bare table, of all sections or of some; titles of sections get a row."""
    symbols, width = grid.footnotes, len(grid.heads)
    lines = [[_cell(head, symbols) for head in grid.heads], ["---", *["---:"] * (width - 1)]]
    for section in grid.sections if sections is None else sections:
        if section.title:
            lines.append([f"*{markdown(section.title)}:*", *[""] * (width - 1)])
        rows = [[_cell(cell, symbols) for cell in row] for row in section.rows]
        lines += [[f"**{text}**" for text in row] for row in rows] if section.bold else rows
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def remarks(grid: Grid) -> list[str]:
    """What is said below the table: remarks, footnotes and warnings."""
    notes = [f"<sup>{symbol}</sup> {markdown(text)}" for text, symbol in grid.footnotes.items()]
    warnings = [f"Warning: {markdown(warning)}" for warning in grid.warnings]
    return [*filter(None, [markdown(" ".join(grid.remarks))]), *notes, *warnings]


def sources(grid: Grid) -> list[str]:
    """Where quoted rows come from."""
    return _origins("Source", grid.sources, markdown)


def code(text: str) -> str:
    """A code span of ``text`` on one line, with longer ticks around the ticks in it.

    In a code span GitHub neither mentions, links nor formats.
    """
    line = one_line(text) or REPLACED
    ticks = "`" * (max((len(run) for run in re.findall("`+", line)), default=0) + 1)
    space = " " if "`" in line else ""
    return f"{ticks}{space}{line}{space}{ticks}"


def code_cell(text: str) -> str:
    """A code span of ``text`` for a table, which takes the backslash before a bar away."""
    return code(text).replace("|", "\\|")


def _cell(cell: Cell, symbols: Mapping[str, str]) -> str:
    text = code_cell(cell.text) if cell.code else RANKS[cell.rank].format(markdown(cell.text))
    half = f" ± {cell.half}" if cell.half else ""
    marks = ", ".join(symbols[note] for note in cell.notes)
    return text + half + cell.star.replace("*", r"\*") + (f"<sup>{marks}</sup>" if marks else "")


def _origins(what: str, origins: Mapping[str, Iterable[str]], way: Callable[[str], str]) -> list[str]:
    return [f"{what} of {markdown(', '.join(names))}: {way(text)}" for text, names in origins.items() if text]
