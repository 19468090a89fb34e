"""Grids as Markdown, as GitHub reads it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from gner_bench.report.escape import markdown, one_line
from gner_bench.report.grid import Cell, Grid, Section

RANKS = {"": "{}", "best": "**{}**", "second": "<ins>{}</ins>"}


def to_markdown(grid: Grid, level: int = 2) -> str:
    """The table under a heading of ``level``, its remarks, footnotes, sources and signatures."""
    signatures = _origins("Signature", grid.signatures, code)
    parts = [f"{'#' * level} {markdown(grid.title)}", table(grid), *remarks(grid), *sources(grid), *signatures]
    return "\n\n".join(filter(None, parts)) + "\n"


def remarks(grid: Grid) -> list[str]:
    """What stands below the table: remarks, footnotes and warnings."""
    notes = [f"<sup>{symbol}</sup> {markdown(text)}" for text, symbol in grid.footnotes.items()]
    warnings = [f"Warning: {markdown(warning)}" for warning in grid.warnings]
    return [*filter(None, [markdown(" ".join(grid.remarks))]), *notes, *warnings]


def sources(grid: Grid) -> list[str]:
    """Where quoted rows come from."""
    return _origins("Source", grid.sources, markdown)


def table(grid: Grid, sections: Sequence[Section] | None = None) -> str:
    """The bare table, of all sections or of some; titles of sections stand in a row."""
    symbols, width = grid.footnotes, len(grid.heads)
    lines = [[_cell(head, symbols) for head in grid.heads], ["---", *["---:"] * (width - 1)]]
    for section in grid.sections if sections is None else sections:
        if section.title:
            lines.append([f"*{markdown(section.title)}:*", *[""] * (width - 1)])
        lines += [[_cell(cell, symbols) for cell in row] for row in section.rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _cell(cell: Cell, symbols: Mapping[str, str]) -> str:
    text = RANKS[cell.rank].format(markdown(cell.text)) + (f" ± {cell.half}" if cell.half else "")
    marks = ", ".join(symbols[note] for note in cell.notes)
    return text + (r"\*" if cell.star else "") + (f"<sup>{marks}</sup>" if marks else "")


def _origins(what: str, origins: Mapping[str, Iterable[str]], way: Callable[[str], str]) -> list[str]:
    return [f"{what} of {markdown(', '.join(names))}: {way(text)}" for text, names in origins.items() if text]


def code(text: str) -> str:
    """``text`` as code on one line."""
    return "`" + one_line(text).replace("`", "'") + "`"
