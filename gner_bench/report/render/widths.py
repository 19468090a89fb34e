"""What of a table fits into the width of the terminal, in cells: a wide character takes two."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import compress
from typing import NamedTuple

from rich.cells import cell_len

from gner_bench.messages import one_line
from gner_bench.report.grid import Cell, Grid, Kind, Section

DROPPED: tuple[tuple[Kind, ...], ...] = ((), ("margin",), ("margin", "step"), ("margin", "step", "share"))
ASTRAY_DROPPED: tuple[tuple[Kind, ...], ...] = (
    *((), ("step",), ("step", "margin"), ("step", "margin", "astray"), ("step", "margin", "astray", "share")),
)
"""Which kinds of columns are left out, in turn; the second where a table has counts of what went astray."""
NAME_WIDTH = 24
"""Cells of the longest name that is not folded in a table of scores."""
EDGES = 3
"""Cells that a column takes beside its content: two of padding and a line."""
GAP = 2
"""Cells between two columns of a list."""
TEXT_WIDTH = 24
"""Cells that text of a list gets, if it needs them. A longer word is broken, but not in the first column, which may
have half the width."""
SHORTEST_LINE = 8
"""Cells that are left for text where whole words do not fit."""


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
    return 1 + sum(EDGES + column_width(grid, index) for index in range(len(grid.heads)))


def column_width(grid: Grid, index: int) -> int:
    """The cells that a column takes where nothing is broken; in a table of scores, at most so many for a name."""
    width = max(_widest(grid.heads[index]), _widest_cell(grid, index))
    return min(NAME_WIDTH, width) if grid.layout[index].kind == "name" else width


def _widest_cell(grid: Grid, index: int) -> int:
    return max((_widest(row[index]) for section in grid.sections for row in section.rows), default=0)


def _widest(cell: Cell, words: bool = False) -> int:
    """The cells of the longest line, or the longest word, of a cell."""
    text = "".join(text for text, _ in cell.styled) if cell.styled else one_line(cell.text)
    return max(map(cell_len, text.split(None if words else "\n")), default=0)


class Listed(NamedTuple):
    """A list as it is printed: the ``widths`` of its columns and the ``gap`` between them."""

    grid: Grid
    widths: list[int]
    gap: int


def listed(grid: Grid, width: int) -> Iterator[Listed]:
    """A list with as many of its extra columns as fit into ``width``, the last left out first, which a remark says.

    Text and heads are broken at words, the widest column first; the cells of ``whole`` columns, as of numbers, never
    are. Where such columns do not fit beside the first one there are several lists, with as many as fit in each.
    """
    widest = [column_width(grid, index) for index in range(len(grid.heads))]
    words, least = [], []
    for index, (column, head) in enumerate(zip(grid.layout, grid.heads, strict=True)):
        texts = [row[index] for section in grid.sections for row in section.rows]
        longest = max((_widest(cell, words=True) for cell in (head, *texts)), default=0)
        longest = min(longest, TEXT_WIDTH if index else width // 2)
        words.append(max(longest, _widest_cell(grid, index)) if column.whole else longest)
        least.append(words[-1] if column.whole else min(widest[index], max(longest, TEXT_WIDTH)))
    shown = list(range(len(widest)))
    for index in reversed(shown):
        if grid.layout[index].kind == "extra" and _total(least, shown, GAP) > width:
            shown.remove(index)
    if missing := [grid.heads[index].text for index in range(len(widest)) if index not in shown]:
        remark = f"Not shown: {', '.join(missing)}; a wider terminal, or COLUMNS, shows more."
        grid = replace(grid, remarks=(*grid.remarks, remark))
    parts, split = [shown], [least[0], *words[1:]]
    if _total(split, shown, GAP) > width and all(grid.layout[index].whole for index in shown[1:]):
        parts = list(_parts(split, shown, width))
    broken = [number if column.whole else SHORTEST_LINE for column, number in zip(grid.layout, words, strict=True)]
    for part in parts:
        gap = GAP if _total(words, part, GAP) <= width else 1
        widths = list(widest)
        for floor in (least, words, broken):
            _narrow(widths, floor, part, width - gap * (len(part) - 1))
        kept = _with_columns(grid, [index in part for index in range(len(widest))])
        yield Listed(kept if part is parts[-1] else replace(kept, remarks=()), [widths[index] for index in part], gap)


def _parts(widths: Sequence[int], columns: Sequence[int], width: int) -> Iterator[list[int]]:
    """The first of ``columns`` with as many others as fit, one at least, until there are no more."""
    first, *others = columns
    part = [first]
    for index in others:
        if len(part) > 1 and _total(widths, [*part, index], GAP) > width:
            yield part
            part = [first]
        part.append(index)
    yield part


def _narrow(widths: list[int], floor: Sequence[int], columns: Sequence[int], room: int) -> None:
    """Take cells off the widest of ``columns``, none below its ``floor``, until all fit into ``room`` if they can."""
    while sum(widths[index] for index in columns) > room:
        wide = max(columns, key=lambda index: (widths[index] > floor[index], widths[index]))
        if widths[wide] <= floor[wide]:
            return
        widths[wide] -= 1


def _total(widths: Sequence[int], columns: Sequence[int], gap: int) -> int:
    return sum(widths[index] for index in columns) + gap * (len(columns) - 1)
