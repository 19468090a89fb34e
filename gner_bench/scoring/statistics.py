"""The counts of every sentence of a data set, from which every score, interval and test follows.

Sentences whose counts are all alike share a row, so that a million of them take little more than a number each.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import overload

import numpy as np
from numpy.typing import NDArray

from gner_bench.documents.scores import SentenceCounts, Triple
from gner_bench.scoring.metrics import METRICS, Metric

Integers = NDArray[np.int64]
Column = tuple[Metric, str]
"""A metric and an entity type, the empty type for metrics blind to types."""
Row = tuple[tuple[int, Triple], ...]
"""The counts of a sentence: pairs of a column's index and right, predicted, gold, where any is not 0."""


@dataclass
class Statistics:
    """The counts of the sentences of one data set, in their order.

    ``columns`` are in order of first appearance; ``rows`` are the distinct ones, ``places[i]`` that of sentence i.
    """

    metrics: tuple[Metric, ...]
    columns: dict[Column, int] = field(default_factory=dict)
    rows: dict[Row, int] = field(default_factory=dict)
    places: array[int] = field(default_factory=lambda: array("I"))
    _entries: Integers = field(default_factory=lambda: np.zeros((0, 5), dtype=np.int64), compare=False, repr=False)
    _entries_of: int = field(default=0, compare=False, repr=False)

    def add(self, counts: Mapping[Metric, Mapping[str, Triple]]) -> None:
        """Add a sentence with its counts by metric and type."""
        columns = self.columns
        row: Row = tuple(
            sorted(
                (columns.setdefault((metric, kind), len(columns)), triple)
                for metric, typed in counts.items()
                for kind, triple in sorted(typed.items())
            )
        )
        self.places.append(self.rows.setdefault(row, len(self.rows)))

    def extend(self, later: Statistics) -> None:
        """Add the sentences of another."""
        columns = [self.columns.setdefault(column, len(self.columns)) for column in later.columns]
        moved = (tuple(sorted((columns[column], triple) for column, triple in row)) for row in later.rows)
        rows = [self.rows.setdefault(row, len(self.rows)) for row in moved]
        self.places.extend([rows[place] for place in later.places])

    def part(self, sentences: Iterable[int]) -> Statistics:
        """Those of some sentences, by their places, with no row or column that none of them has."""
        part, columns, rows = Statistics(self.metrics), list(self.columns), list(self.rows)
        moved: dict[int, int] = {}
        for place in (self.places[sentence] for sentence in sentences):
            if place not in moved:
                own = part.columns
                row = tuple(sorted((own.setdefault(columns[at], len(own)), triple) for at, triple in rows[place]))
                moved[place] = part.rows.setdefault(row, len(part.rows))
            part.places.append(moved[place])
        return part

    def __len__(self) -> int:
        return len(self.places)

    def index(self) -> Integers:
        """The row of each sentence, shape (sentences,)."""
        return np.frombuffer(self.places, dtype=np.uint32).astype(np.int64)

    def entries(self) -> Integers:
        """The counts that are not 0, shape (entries, 5): row, column, right, predicted, gold; by column, then row."""
        if self._entries_of != len(self.rows):
            entries = ((place, column, *triple) for place, row in enumerate(self.rows) for column, triple in row)
            flat = np.fromiter(chain.from_iterable(entries), dtype=np.int64).reshape(-1, 5)
            self._entries, self._entries_of = flat[np.argsort(flat[:, 1], kind="stable")], len(self.rows)
        return self._entries

    def matrix(self, columns: Sequence[int]) -> Integers:
        """The distinct rows in some columns, shape (rows, columns, 3): right, predicted, gold."""
        place = np.full(len(self.columns), -1)
        place[np.asarray(columns, dtype=np.int64)] = np.arange(len(columns))
        entries = self.entries()
        wanted = entries[place[entries[:, 1]] >= 0]
        matrix = np.zeros((len(self.rows), len(columns), 3), dtype=np.int64)
        matrix[wanted[:, 0], place[wanted[:, 1]]] = wanted[:, 2:]
        return matrix

    def micro(self, metric: Metric) -> Integers:
        """The distinct rows by one metric, over its types, shape (rows, 3)."""
        own = np.zeros(len(self.columns), dtype=bool)
        own[list(self.columns_of(metric).values())] = True
        entries = self.entries()
        return _sums(entries[own[entries[:, 1]]], 0, len(self.rows))

    def sums(self) -> Integers:
        """The counts of the whole set, shape (columns, 3); of what counts once, in how many sentences it is."""
        entries = self.entries()
        weights = np.bincount(self.index(), minlength=len(self.rows))
        weighted = entries.copy()
        weighted[:, 2:] *= weights[entries[:, 0], None]
        return _sums(weighted, 1, len(self.columns))

    def typed(self, metric: Metric, sums: Integers | None = None) -> dict[str, Triple]:
        """The counts of the whole set by one metric, by type in order of first appearance, from ``sums``."""
        rows = self.sums() if sums is None else sums
        once, typed = METRICS[metric].distinct, dict[str, Triple]()
        for kind, column in self.columns_of(metric).items():
            right, predicted, gold = rows[column].tolist()
            if once:
                kind, triple = kind.rpartition("\t")[0], (right > 0, predicted > 0, gold > 0)
                before = typed.get(kind, (0, 0, 0))
                right, predicted, gold = (number + there for number, there in zip(before, triple, strict=True))
            typed[kind] = right, predicted, gold
        return typed

    def totals(self) -> dict[Metric, Triple]:
        """The counts of the whole set over all types, by metric."""
        sums, totals = self.sums(), {}
        for metric in self.metrics:
            right, predicted, gold = map(sum, zip((0, 0, 0), *self.typed(metric, sums).values(), strict=True))
            totals[metric] = right, predicted, gold
        return totals

    def columns_of(self, metric: Metric) -> dict[str, int]:
        """The columns of a metric by type, in order of first appearance."""
        return {kind: column for (name, kind), column in self.columns.items() if name == metric}

    def sentence_counts(self, ids: Sequence[str], keys: Sequence[int]) -> SentenceCounts:
        """As scores.json has them, with the names of the sentences."""
        rows = [[number for column, triple in row for number in (column, *triple)] for row in self.rows]
        return SentenceCounts([list(column) for column in self.columns], rows, self.places, ids, keys)


def statistics_of(metrics: Sequence[Metric], counts: SentenceCounts) -> Statistics:
    """What ``sentence_counts`` gave. Raises ValueError, TypeError or OverflowError for counts that cannot be."""
    columns = {(metric, kind): index for index, (metric, kind) in enumerate(counts.columns)}
    rows: dict[Row, int] = {}
    for index, flat in enumerate(counts.rows):
        if len(flat) % 4 or any(type(number) is not int or not 0 <= number < 2**31 for number in flat):
            raise ValueError("a row is no list of column, right, predicted, gold")
        row = tuple((flat[at], (flat[at + 1], flat[at + 2], flat[at + 3])) for at in range(0, len(flat), 4))
        if len(dict(row)) < len(row) or any(
            column >= len(columns) or right > min(predicted, gold) for column, (right, predicted, gold) in row
        ):
            raise ValueError("a row holds impossible counts")
        rows[row] = index
    places = array("I", counts.sentences)
    if len(rows) != len(counts.rows) or len(columns) != len(counts.columns):
        raise ValueError("a row or column is there twice")
    if not all(metric in metrics and isinstance(kind, str) for metric, kind in columns):
        raise ValueError("a column is of no metric of the file")
    if places and max(places) >= len(rows):
        raise ValueError("a sentence has a row that is not there")
    if not len(counts.ids) == len(counts.keys) == len(places):
        raise ValueError(f"{len(places)} sentences, {len(counts.ids)} ids and {len(counts.keys)} keys")
    return Statistics(tuple(metrics), columns, rows, places)


def _sums(entries: Integers, axis: int, size: int) -> Integers:
    """The counts of ``entries`` summed by row (``axis`` 0) or column (1), shape (size, 3)."""
    # Sums of integers below 2**53 are exact in floating point, the only numbers that bincount adds.
    columns = [np.bincount(entries[:, axis], entries[:, place], size) for place in (2, 3, 4)]
    sums: Integers = np.stack(columns, axis=1).astype(np.int64)
    return sums


class Packed(Sequence[str]):
    """Strings one after another in one buffer: their UTF-8 bytes and eight more for each."""

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self._bytes, self._ends = bytearray(), array("Q")
        for text in texts:
            self.append(text)

    def append(self, text: str) -> None:
        self._bytes += text.encode()
        self._ends.append(len(self._bytes))

    def extend(self, later: Packed) -> None:
        """Add the strings of another."""
        before = len(self._bytes)
        self._bytes += later._bytes
        self._ends.extend(array("Q", [before + end for end in later._ends]))

    def __len__(self) -> int:
        return len(self._ends)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        places = range(len(self))[index]
        if isinstance(places, range):
            return [self[place] for place in places]
        return self._bytes[self._ends[places - 1] if places else 0 : self._ends[places]].decode()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Packed) and (self._bytes, self._ends) == (other._bytes, other._ends)
