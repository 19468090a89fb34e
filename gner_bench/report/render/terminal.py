"""Grids for the terminal."""

from __future__ import annotations

from collections.abc import Mapping

from rich.table import Table

from gner_bench.report.escape import terminal
from gner_bench.report.grid import Cell, Grid

RANKS = {"": "{}", "best": "[bold]{}[/bold]", "second": "[underline]{}[/underline]"}


def to_rich(grid: Grid) -> Table:
    """The table; remarks, footnotes and warnings stand in its caption."""
    symbols = grid.footnotes
    notes = [f"{symbol} {terminal(text)}" for text, symbol in symbols.items()]
    warnings = [f"Warning: {terminal(warning)}" for warning in grid.warnings]
    lines = [terminal(" ".join(grid.remarks)), *notes, *warnings]
    shown = Table(title=terminal(grid.title), caption="\n".join(filter(None, lines)), caption_justify="left")
    for index, head in enumerate(grid.heads):
        shown.add_column(
            _cell(head, symbols),
            justify="right" if index else "left",
            no_wrap=bool(index) and not grid.quoted_from,
            overflow="fold",
        )
    for section in grid.sections:
        shown.add_section()
        if section.title:
            shown.add_row(f"[italic]{terminal(section.title)}:[/italic]")
        for row in section.rows:
            shown.add_row(*(_cell(cell, symbols) for cell in row))
    return shown


def _cell(cell: Cell, symbols: Mapping[str, str]) -> str:
    marks = ",".join(symbols[note] for note in cell.notes)
    text = RANKS[cell.rank].format(terminal(cell.text)) + (f"±{cell.half}" if cell.half else "")
    return text + ("*" if cell.star else "") + (f" {marks}" if marks else "")
