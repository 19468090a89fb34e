"""Grids and lines for the terminal: the one place that makes tables of rich.

A grid's ``frame`` says how it looks:

- ``report``: lines all around, the title in the middle, remarks, footnotes and warnings below;
- ``scores``: likewise, but columns are left out, or the table is split, before a digit is cut or wrapped;
- ``comparison``: an empty line above, the title at the left, remarks in lines of their own;
- ``list``: the title as a heading, a line below the heads alone, remarks in lines of their own; text is broken at
  words, and columns that are extra are left out, with a remark, before a word or a number is broken;
- ``facts``: no lines and no heads, what is told of each name beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from gner_bench.messages import one_line
from gner_bench.report.escape import visible
from gner_bench.report.grid import FOLDED, NAMES, NUMBERS, Cell, Grid, Line, Part, Styled, styled
from gner_bench.report.render.widths import GAP, column_width, fitting, listed
from gner_bench.terminal import console

STYLES = {
    **{"entity": "cyan", "right": "green", "wrong": "red", "ignored": "yellow", "O": "dim"},
    **{"passed": "green", "failed": "bold red", "error": "bold red", "not judged": "yellow"},
}
"""The colours only repeat what the text says."""
RANKS = {"": "", "best": "bold", "second": "underline"}
UNBOUNDED = 10_000


def show(parts: Iterable[Part], out: Console | None = None) -> None:
    """Print grids and lines on stdout or on another console."""
    out = out or console()
    for number, part in enumerate(parts):
        if isinstance(part, Line):
            out.print(_text(part.pieces), soft_wrap=part.soft)
            if part.rule:
                out.print(Rule(characters=part.rule, style="dim"))
        elif isinstance(part, Grid):
            _show_grid(part, out, first=not number)
        else:
            fits = (grid for grid in part if _width(to_rich(grid), out) <= out.width)
            _show_grid(next(fits, replace(part[-1], frame="list")), out)


def _show_grid(grid: Grid, out: Console, first: bool = False) -> None:
    if grid.frame == "scores":
        width = out.width
        for shown in fitting(grid, width):
            # Where not even the narrowest table fits, the terminal wraps its lines, which loses no digit.
            out.width = max(width, _width(table := to_rich(shown), out))
            out.print(table, crop=False)
            out.width = width
        return
    if grid.frame == "list":
        # A heading is printed by itself: as a table's title it would be broken at the width of the table.
        out.print(*[] if first else [""], Text(visible(grid.title), "bold"), sep="\n")
        parts = list(listed(grid, out.width)) if any(section.rows for section in grid.sections) else []
        for part in parts:
            out.print(*[""] if part is not parts[0] else [], to_rich(part.grid, part.widths, part.gap), sep="\n")
            grid = part.grid
    elif grid.frame == "report" and _width(to_rich(grid), out) > out.width:
        _show_grid(_as_list(grid), out, first)
        return
    else:
        out.print(*[""] if grid.frame == "comparison" else [], to_rich(grid), sep="\n")
    for remark in grid.remarks if grid.frame in ("comparison", "list") else ():
        out.print(Text(remark, "dim"))


def _as_list(grid: Grid) -> Grid:
    """A table of a report for a terminal that is too narrow for it: its marks are text, its notes are remarks."""
    symbols = grid.footnotes
    rows = [[tuple(_styled(cell, symbols) for cell in row) for row in section.rows] for section in grid.sections]
    sections = [replace(section, rows=tuple(part)) for section, part in zip(grid.sections, rows, strict=True)]
    return replace(
        grid,
        heads=tuple(_styled(head, symbols) for head in grid.heads),
        sections=tuple(sections),
        remarks=_notes(grid),
        layout=(NAMES, *[NUMBERS] * (len(grid.heads) - 1)),
        frame="list",
    )


def _width(table: Table, out: Console) -> int:
    """The width of a table without any limit."""
    return Measurement.get(out, out.options.update(max_width=UNBOUNDED), table).maximum


def to_rich(grid: Grid, widths: Sequence[int] = (), gap: int = GAP) -> Table:
    """The table with its title and, in a frame of ``report`` or ``scores``, what is said below it.

    ``widths`` are those of the columns, in cells, where they are known; in a list there is a ``gap`` between them.
    """
    widths = [column_width(grid, index) for index in range(len(grid.heads))] if grid.frame == "scores" else widths
    symbols, table = grid.footnotes, _empty(grid, gap)
    default = (NAMES, *[FOLDED if grid.quoted_from else NUMBERS] * (len(grid.heads) - 1))
    for index, (head, column) in enumerate(zip(grid.heads, grid.layout or default, strict=True)):
        table.add_column(
            _cell(head, symbols),
            justify="right" if column.right else "left",
            no_wrap=column.whole and grid.frame != "list",  # in which whole cells fit, and heads may be broken
            overflow="ellipsis" if column.ellipsis else "fold",
            width=widths[index] if widths else None,
        )
    for section in grid.sections:
        table.add_section()
        if section.title:
            table.add_row(Text(f"{one_line(section.title)}:", "italic"))
        for row in section.rows:
            table.add_row(*(_cell(cell, symbols) for cell in row), style="bold" if section.bold else None)
    return table


def _empty(grid: Grid, gap: int) -> Table:
    if grid.frame == "facts":
        return Table.grid(padding=(0, 1))
    if grid.frame == "list":
        return Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, gap - 1, 0, 0), pad_edge=False)
    title = Text(one_line(grid.title))
    if grid.frame == "comparison":
        return Table(title=title, title_justify="left")
    if grid.frame == "scores":
        return Table(title=title, caption=Text("; ".join(grid.remarks)) if grid.remarks else None)
    title.stylize("table.title")
    caption = "\n".join(_notes(grid))
    return Table(title=title, caption=Text(caption, "table.caption") if caption else None, caption_justify="left")


def _notes(grid: Grid) -> tuple[str, ...]:
    """What is said below a table of a report, a line each."""
    notes = [f"{symbol} {one_line(text)}" for text, symbol in grid.footnotes.items()]
    warnings = [f"Warning: {one_line(warning)}" for warning in grid.warnings]
    return tuple(filter(None, [one_line(" ".join(grid.remarks)), *notes, *warnings]))


def _text(pieces: Iterable[Styled]) -> Text:
    return Text.assemble(*((text, STYLES.get(style, style)) for text, style in pieces))


def _cell(cell: Cell, symbols: Mapping[str, str]) -> Text:
    return _text(_styled(cell, symbols).styled)


def _styled(cell: Cell, symbols: Mapping[str, str]) -> Cell:
    """A cell whose text for the terminal has its rank as a style, and its interval, star and footnotes behind it."""
    if cell.styled:
        return cell
    marks = ",".join(symbols[note] for note in cell.notes)
    after = (f"±{cell.half}" if cell.half else "") + cell.star + (f" {marks}" if marks else "")
    return styled((one_line(cell.text), RANKS[cell.rank]), after)
