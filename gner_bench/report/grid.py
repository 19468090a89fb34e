"""A table ready to be written in any format: what stands in each cell, without markup."""

from __future__ import annotations

import string
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

Rank = Literal["", "best", "second"]
Value = str | float | int | None


@dataclass(frozen=True)
class Cell:
    """One cell: plain ``text``, half the width of its interval, footnotes, and whether it stands out.

    ``star`` marks a difference from the baseline that the paired test confirms.
    """

    text: str = ""
    half: str = ""
    notes: tuple[str, ...] = ()
    rank: Rank = ""
    star: bool = False


@dataclass(frozen=True)
class Section:
    """Rows under a ``title``, which may be empty; each has a cell for every head."""

    rows: tuple[tuple[Cell, ...], ...]
    title: str = ""


@dataclass(frozen=True)
class Grid:
    """A table. ``name`` is a file name without its ending and a LaTeX label.

    ``remarks`` are sentences of the caption. ``signatures`` and ``sources`` name the systems of each signature line and
    of each publication. ``columns`` and ``values`` are the same figures for programs, in full digits. ``quoted_from``
    is the first of the ``heads`` that is quoted, 0 where none is. A ``wide`` table needs the whole page.
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
    quoted_from: int = 0
    wide: bool = True

    def cells(self) -> Iterable[Cell]:
        """Every cell, heads first, in reading order."""
        yield from self.heads
        for section in self.sections:
            for row in section.rows:
                yield from row

    @property
    def footnotes(self) -> dict[str, str]:
        """The letter of each footnote, by its text, in reading order."""
        texts = dict.fromkeys(note for cell in self.cells() for note in cell.notes)
        letters = iter(letter * times for times in range(1, len(texts) + 1) for letter in string.ascii_lowercase)
        return dict(zip(texts, letters, strict=False))


def by_value(pairs: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    """The names of each value, from pairs of a name and its value; each name once."""
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        if name not in found.setdefault(value, []):
            found[value].append(name)
    return {value: tuple(names) for value, names in found.items()}
