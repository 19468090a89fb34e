"""A table ready to be written in any format: what is in each cell, without markup."""

from __future__ import annotations

import string
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

Rank = Literal["", "best", "second"]
Value = str | float | int | None
Styled = tuple[str, str]
"""A piece of text and its style in the terminal: ``bold``, ``dim`` or a name of ``render.terminal.STYLES``."""
Kind = Literal["name", "count", "share", "value", "margin", "spread", "step", "astray", "extra"]
"""What a column holds. The terminal leaves out margins, then steps, then shares where it is too narrow for all; in a
table with counts of what went astray steps come first, and these counts before shares. A list has extra columns, of
which the last are left out first."""
Frame = Literal["report", "scores", "comparison", "list", "facts"]
"""How the terminal frames a table; see ``render.terminal``."""


@dataclass(frozen=True)
class Cell:
    """One cell: plain ``text``, half the width of its interval, footnotes, and whether it stands out.

    ``star`` holds the marks (``*``, or a dagger for each of several baselines) of differences from baselines that the
    paired test confirms. ``cite`` are the BibTeX keys of a quoted row's publications. ``code`` is a name that Markdown
    shows as code. ``links`` are addresses and what they are called, which pages show in place of the text; ``facts``
    are for scripts of a page, by name. ``styled`` is the text for the
    terminal where it has styles or line breaks; it is printed as it is, so text of people must be ``escape.visible``.
    """

    text: str = ""
    half: str = ""
    notes: tuple[str, ...] = ()
    rank: Rank = ""
    star: str = ""
    cite: tuple[str, ...] = ()
    code: bool = False
    styled: tuple[Styled, ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    facts: tuple[tuple[str, str], ...] = ()


def styled(*pieces: str | Styled) -> Cell:
    """A cell of printable pieces, each with its style or with none."""
    parts = tuple((piece, "") if isinstance(piece, str) else piece for piece in pieces)
    return Cell("".join(text for text, _ in parts), styled=parts)


@dataclass(frozen=True)
class Section:
    """Rows under a ``title``, which may be empty; each has a cell for every head. Totals are ``bold``."""

    rows: tuple[tuple[Cell, ...], ...]
    title: str = ""
    bold: bool = False


@dataclass(frozen=True)
class Column:
    """How a column looks: at the ``right`` or left, ``whole`` or broken into lines where the terminal is narrow.

    What does not fit into a whole column is cut off, with an ``ellipsis`` if asked. ``remark`` belongs into the caption
    of a table that shows the column.
    """

    right: bool = True
    whole: bool = True
    ellipsis: bool = False
    kind: Kind = "value"
    remark: str = ""


NAMES = Column(right=False, whole=False)
NUMBERS = Column()
FOLDED = Column(whole=False)
"""Numbers that may be broken into lines, as long lists of them."""


@dataclass(frozen=True)
class Grid:
    """A table. ``name`` is a file name without its ending and a LaTeX label.

    ``remarks`` are sentences of the caption. ``signatures`` and ``sources`` name the systems of each signature line and
    of each publication. ``columns`` and ``values`` are the same numbers for programs, in full digits, and ``facts``
    what programs are told beside them. ``quoted_from`` is the first of the ``heads`` that is quoted, 0 where none is. A
    ``wide`` table needs the whole page. ``legend`` are those of the remarks that explain marks and must be read beside
    the table, ``unlike`` the keys of the signatures in which its systems differ, ``subject`` the data set or the
    systems that tell it from other tables of its name. Without a ``layout`` the first column holds names, the others
    numbers.
    """

    name: str
    title: str
    heads: tuple[Cell, ...]
    sections: tuple[Section, ...]
    remarks: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    signatures: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    sources: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    columns: tuple[str, ...] = ()
    values: tuple[tuple[Value, ...], ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
    quoted_from: int = 0
    wide: bool = True
    legend: tuple[str, ...] = ()
    unlike: tuple[str, ...] = ()
    subject: str = ""
    layout: tuple[Column, ...] = ()
    frame: Frame = "report"

    def cells(self) -> Iterable[Cell]:
        """Every cell, heads first, in reading order."""
        yield from self.heads
        for section in self.sections:
            for row in section.rows:
                yield from row

    @cached_property
    def footnotes(self) -> dict[str, str]:
        """The letter of each footnote, by its text, in reading order."""
        texts = dict.fromkeys(note for cell in self.cells() for note in cell.notes)
        letters = iter(letter * times for times in range(1, len(texts) + 1) for letter in string.ascii_lowercase)
        return dict(zip(texts, letters, strict=False))


@dataclass(frozen=True)
class Line:
    """Text between tables, in printable pieces; a ``soft`` line is broken by the terminal alone.

    A ``rule`` is a character that fills the line below.
    """

    pieces: tuple[Styled, ...]
    soft: bool = False
    rule: str = ""


Part = Grid | Line | tuple[Grid, ...]
"""A part of what the terminal shows; of several grids the first that it is wide enough for, or else the last as a
list."""


def listing(
    title: str, heads: Sequence[str], rows: Iterable[Sequence[str]], right: Collection[str] = (), kept: int = 1
) -> Grid:
    """A list for the terminal of plain text: numbers, under the heads ``right``, are never broken.

    All columns but the first ``kept`` are left out where they do not fit.
    """
    return Grid(
        "list",
        title,
        tuple(map(Cell, heads)),
        (Section(tuple(tuple(map(Cell, row)) for row in rows)),),
        layout=tuple(
            Column(head in right, head in right, kind="value" if index < kept else "extra")
            for index, head in enumerate(heads)
        ),
        frame="list",
    )


def line(text: str, style: str = "", soft: bool = False, rule: str = "") -> Line:
    """A line in one style."""
    return Line(((text, style),), soft, rule)


def by_value(pairs: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    """The names of each value, from pairs of a name and its value; each name once."""
    names: dict[str, list[str]] = {}
    for name, value in pairs:
        if name not in names.setdefault(value, []):
            names[value].append(name)
    return {value: tuple(several) for value, several in names.items()}
