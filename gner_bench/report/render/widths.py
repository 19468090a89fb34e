"""What of a table fits into the width of the terminal, in cells: a wide character takes two."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import compress

from rich.cells import cell_len

from gner_bench.messages import one_line
from gner_bench.report.grid import Grid, Kind, Section

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
"""Cells that text of a list gets, if it needs them. A longer word is broken, but not in the first column, which may have
half the width."""
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
    width = max(map(cell_len, _lines(grid, index)), default=0)
    return min(NAME_WIDTH, width) if grid.layout[index].kind == "name" else width


def _lines(grid: Grid, index: int) -> list[str]:
    """The lines of a column's head and cells."""
    cells = [grid.heads[index], *(row[index] for section in grid.sections for row in section.rows)]
    texts = ("".join(text for text, _ in cell.styled) if cell.styled else one_line(cell.text) for cell in cells)
    return [line for text in texts for line in text.split("\n")]


def narrowed(grid: Grid, width: int) -> tuple[Grid, list[int]]:
    """A list with as many of its extra columns as fit into ``width``, and the widths of its columns.

    The last are left out first, which a remark says. Text is broken at words, the widest column first; numbers and the
    cells of other ``whole`` columns never are.
    """
    count = len(grid.heads)
    widest = [column_width(grid, index) for index in range(count)]
    whole = [column.whole for column in grid.layout]
    words = [min(_longest_word(grid, index), TEXT_WIDTH if index else width // 2) for index in range(count)]
    least = [
        most if whole[index] else min(most, max(words[index], TEXT_WIDTH)) for index, most in enumerate(widest)
    ]
    shown = list(range(count))
    for index in reversed(range(count)):
        if grid.layout[index].kind == "extra" and _listed_width(least, shown) > width:
            shown.remove(index)
    widths = list(widest)
    for floor in (least, [min(pair) for pair in zip(least, words, strict=True)], [SHORTEST_LINE] * count):
        while _listed_width(widths, shown) > width:
            wide = max(shown, key=lambda index: (widths[index] > floor[index] and not whole[index], widths[index]))
            if widths[wide] <= floor[wide] or whole[wide]:
                break
            widths[wide] -= 1
    kept = _with_columns(grid, [index in shown for index in range(count)])
    if missing := [grid.heads[index].text for index in range(count) if index not in shown]:
        remark = f"Not shown: {', '.join(missing)}; a wider terminal, or COLUMNS, shows more."
        kept = replace(kept, remarks=(*kept.remarks, remark))
    return kept, [widths[index] for index in shown]


def _listed_width(widths: list[int], shown: list[int]) -> int:
    return sum(widths[index] for index in shown) + GAP * (len(shown) - 1)


def _longest_word(grid: Grid, index: int) -> int:
    return max((cell_len(word) for line in _lines(grid, index) for word in line.split()), default=0)
