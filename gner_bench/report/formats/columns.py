"""Tables of the terminal that fit its width: columns are left out before a digit is cut or wrapped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from gner_bench.report.escape import one_line

Justify = Literal["left", "right"]
Kind = Literal["name", "count", "share", "figure", "margin", "step"]
DROPPED: tuple[frozenset[Kind], ...] = tuple(
    frozenset[Kind](kinds) for kinds in ((), ("margin",), ("margin", "step"), ("margin", "step", "share"))
)
NAME_WIDTH = 24
"""Cells of the longest name that is not folded."""
EDGES = 3
"""Cells that a column takes beside its content: two of padding and a line."""


@dataclass(frozen=True)
class Column:
    """A column of a table. What may be left out at need is its ``kind``: margins first, then steps, then shares."""

    kind: Kind
    head: str
    cells: Sequence[str]

    @property
    def width(self) -> int:
        """In terminal cells, without its edges."""
        width = max(map(cell_len, (*map(one_line, self.cells), *self.head.split("\n"))), default=0)
        return min(NAME_WIDTH, width) if self.kind == "name" else width

    def broken(self) -> Column:
        """With every word of a figure's head on a line of its own."""
        return replace(self, head="\n".join(self.head.split())) if self.kind == "figure" else self


def fitting(columns: Sequence[Column], width: int) -> list[list[Column]]:
    """The most columns that fit into ``width`` cells; where one figure of each kind does not fit, several tables."""
    for dropped in DROPPED:
        kept = [column for column in columns if column.kind not in dropped]
        for found in (kept, [column.broken() for column in kept]):
            if width_of(found) <= width:
                return [found]
    return list(_split([column.broken() for column in kept], width))


def _split(columns: Sequence[Column], width: int) -> Iterator[list[Column]]:
    fixed = [column for column in columns if column.kind != "figure"]
    part: list[Column] = []
    for figure in (column for column in columns if column.kind == "figure"):
        if part and width_of([*fixed, *part, figure]) > width:
            yield [*fixed, *part]
            part = []
        part.append(figure)
    yield [*fixed, *part]


def width_of(columns: Sequence[Column]) -> int:
    """The cells of a table, edges included."""
    return 1 + sum(EDGES + column.width for column in columns)


def table_of(columns: Sequence[Column], title: str, caption: str, total: bool = False) -> Table:
    """``columns`` as a table, names folded where they are long; with ``total`` the last row stands apart."""
    table = Table(title=Text(one_line(title)), caption=Text(caption) if caption else None)
    for column in columns:
        justify: Justify = "left" if column.kind == "name" else "right"
        table.add_column(Text(column.head), justify=justify, overflow="fold", width=column.width)
    rows = list(zip(*(column.cells for column in columns), strict=True))
    for left, cells in reversed(list(enumerate(reversed(rows)))):
        texts = [Text(one_line(each)) for each in cells]
        table.add_row(*texts, style="bold" if total and left == 0 else None, end_section=total and left == 1)
    return table
