"""Grids and lines for the terminal: the one place that makes tables of rich.

A grid's ``frame`` says how it looks:

- ``report``: lines all around, the title in the middle, remarks, footnotes and warnings below;
- ``scores``: likewise, but columns are left out, or the table is split, before a digit is cut or wrapped;
- ``comparison``: an empty line above, the title at the left, remarks in lines of their own;
- ``list``: the title as a heading, a line below the heads alone, remarks in lines of their own;
- ``facts``: no lines and no heads, what is told of each name beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import compress

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.measure import Measurement
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from gner_bench.messages import one_line
from gner_bench.report.escape import visible
from gner_bench.report.grid import FOLDED, NAMES, NUMBERS, Cell, Grid, Kind, Line, Part, Section, Styled
from gner_bench.terminal import console

STYLES = {
    **{"entity": "cyan", "right": "green", "wrong": "red", "ignored": "yellow", "O": "dim"},
    **{"passed": "green", "failed": "bold red", "error": "bold red", "not judged": "yellow"},
}
"""The colours only repeat what the text says."""
RANKS = {"": "", "best": "bold", "second": "underline"}
DROPPED: tuple[tuple[Kind, ...], ...] = ((), ("margin",), ("margin", "step"), ("margin", "step", "share"))
ASTRAY_DROPPED: tuple[tuple[Kind, ...], ...] = (
    *((), ("step",), ("step", "margin"), ("step", "margin", "astray"), ("step", "margin", "astray", "share")),
)
"""Which kinds of columns are left out, in turn; the second where a table has counts of what went astray."""
NAME_WIDTH = 24
"""Cells of the longest name that is not folded in a table of scores."""
EDGES = 3
"""Cells that a column takes beside its content: two of padding and a line."""
UNBOUNDED = 10_000


def show(parts: Iterable[Part], out: Console | None = None) -> None:
    """Print grids and lines on stdout or on another console."""
    out = out or console()
    for part in parts:
        if isinstance(part, Line):
            out.print(_text(part.pieces), soft_wrap=part.soft)
            if part.rule:
                out.print(Rule(characters=part.rule, style="dim"))
        elif isinstance(part, Grid):
            _show_grid(part, out)
        else:
            _show_grid(next((grid for grid in part if _width(to_rich(grid), out) <= out.width), part[-1]), out)


def _show_grid(grid: Grid, out: Console) -> None:
    if grid.frame == "scores":
        width = out.width
        for shown in fitting(grid, width):
            # Where not even the narrowest table fits, the terminal wraps its lines, which loses no digit.
            out.width = max(width, _width(table := to_rich(shown), out))
            out.print(table, crop=False)
            out.width = width
        return
    if grid.frame == "comparison":
        out.print()
    if grid.frame == "list":
        # A heading is printed by itself: as a table's title it would be broken at the width of the table.
        out.print(Text.assemble("\n", (visible(grid.title), "bold")))
    if any(section.rows for section in grid.sections) or grid.frame != "list":
        out.print(to_rich(grid))
    for remark in grid.remarks if grid.frame in ("comparison", "list") else ():
        out.print(Text(remark, "dim"))


def _width(table: Table, out: Console) -> int:
    """The width of a table without any limit."""
    return Measurement.get(out, out.options.update(max_width=UNBOUNDED), table).maximum


def to_rich(grid: Grid) -> Table:
    """The table with its title and, in a frame of ``report`` or ``scores``, what is said below it."""
    symbols, table = grid.footnotes, _empty(grid)
    default = (NAMES, *[FOLDED if grid.quoted_from else NUMBERS] * (len(grid.heads) - 1))
    for index, (head, column) in enumerate(zip(grid.heads, grid.layout or default, strict=True)):
        table.add_column(
            _cell(head, symbols),
            justify="right" if column.right else "left",
            no_wrap=column.whole,
            overflow="ellipsis" if column.ellipsis else "fold",
            width=_column_width(grid, index) if grid.frame == "scores" else None,
        )
    for section in grid.sections:
        table.add_section()
        if section.title:
            table.add_row(Text(f"{one_line(section.title)}:", "italic"))
        for row in section.rows:
            table.add_row(*(_cell(cell, symbols) for cell in row), style="bold" if section.bold else None)
    return table


def _empty(grid: Grid) -> Table:
    if grid.frame == "facts":
        return Table.grid(padding=(0, 1))
    if grid.frame == "list":
        return Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0), pad_edge=False)
    title = Text(one_line(grid.title))
    if grid.frame == "comparison":
        return Table(title=title, title_justify="left")
    if grid.frame == "scores":
        return Table(title=title, caption=Text("; ".join(grid.remarks)) if grid.remarks else None)
    title.stylize("table.title")
    notes = [f"{symbol} {one_line(text)}" for text, symbol in grid.footnotes.items()]
    warnings = [f"Warning: {one_line(warning)}" for warning in grid.warnings]
    caption = "\n".join(filter(None, [one_line(" ".join(grid.remarks)), *notes, *warnings]))
    return Table(title=title, caption=Text(caption, "table.caption") if caption else None, caption_justify="left")


def _text(pieces: Iterable[Styled]) -> Text:
    return Text.assemble(*((text, STYLES.get(style, style)) for text, style in pieces))


def _cell(cell: Cell, symbols: Mapping[str, str]) -> Text:
    if cell.styled:
        return _text(cell.styled)
    marks = ",".join(symbols[note] for note in cell.notes)
    after = (f"±{cell.half}" if cell.half else "") + cell.star + (f" {marks}" if marks else "")
    return Text.assemble((one_line(cell.text), RANKS[cell.rank]), after)


def fitting(grid: Grid, width: int) -> list[Grid]:
    """The most columns that fit into ``width`` cells; where one value of each kind does not fit, several tables."""
    kept = broken = grid
    for dropped in ASTRAY_DROPPED if any(column.kind == "astray" for column in grid.layout) else DROPPED:
        kept = _with_columns(grid, [column.kind not in dropped for column in grid.layout])
        # With every word of a value's head on a line of its own a column may be narrower.
        heads = [
            replace(head, styled=(("\n".join(one_line(head.text).split()), ""),)) if column.kind == "value" else head
            for head, column in zip(kept.heads, kept.layout, strict=True)
        ]
        broken = replace(kept, heads=tuple(heads))
        for shown in (kept, broken):
            if _table_width(shown) <= width:
                return [_captioned(shown, grid)]
    return [_captioned(part, grid) for part in _split(broken, width)]


def _split(grid: Grid, width: int) -> Iterator[Grid]:
    """Tables of the names and as many columns of values as fit, one at least."""
    fixed = [column.kind != "value" for column in grid.layout]
    part = list(fixed)
    for index in range(len(fixed)):
        if fixed[index]:
            continue
        wider = [*part[:index], True, *part[index + 1 :]]
        if part != fixed and _table_width(_with_columns(grid, wider)) > width:
            yield _with_columns(grid, part)
            wider = [*fixed[:index], True, *fixed[index + 1 :]]
        part = wider
    yield _with_columns(grid, part)


def _with_columns(grid: Grid, shown: list[bool]) -> Grid:
    sections = [
        Section(tuple(tuple(compress(row, shown)) for row in section.rows), section.title, section.bold)
        for section in grid.sections
    ]
    heads, layout = tuple(compress(grid.heads, shown)), tuple(compress(grid.layout, shown))
    return replace(grid, heads=heads, layout=layout, sections=tuple(sections))


def _captioned(shown: Grid, whole: Grid) -> Grid:
    """With the remarks of its columns, and whether there are more of them."""
    remarks = dict.fromkeys(column.remark for column in shown.layout if column.remark)
    more = ["a wider terminal shows more"] if whole.remarks and len(shown.layout) < len(whole.layout) else []
    return replace(shown, remarks=(*shown.remarks, *remarks, *more))


def _table_width(grid: Grid) -> int:
    """The cells of a table of scores, edges included."""
    return 1 + sum(EDGES + _column_width(grid, index) for index in range(len(grid.heads)))


def _column_width(grid: Grid, index: int) -> int:
    head = grid.heads[index]
    lines = head.styled[0][0].split("\n") if head.styled else [head.text]
    cells = [one_line(row[index].text) for section in grid.sections for row in section.rows]
    width = max(map(cell_len, (*cells, *lines)), default=0)
    return min(NAME_WIDTH, width) if grid.layout[index].kind == "name" else width
