"""The counts of every sentence of a data set, from which every score, interval and test follows.

Sentences whose counts are all alike share a row, so that a million of them take little more than a number each.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gner_bench.scoring.counts import Counts, Triple
from gner_bench.scoring.metrics import DEFINITIONS, Metric

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
    _matrix: Integers = field(default_factory=lambda: np.zeros((0, 0, 3), dtype=np.int64), compare=False, repr=False)

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

    def __len__(self) -> int:
        return len(self.places)

    def index(self) -> Integers:
        """The row of each sentence, shape (sentences,)."""
        return np.frombuffer(self.places, dtype=np.uint32).astype(np.int64)

    def matrix(self) -> Integers:
        """The distinct rows, shape (rows, columns, 3): right, predicted, gold."""
        if len(self._matrix) != len(self.rows):
            entries = ((place, column, *triple) for place, row in enumerate(self.rows) for column, triple in row)
            found = np.fromiter(chain.from_iterable(entries), dtype=np.int64).reshape(-1, 5)
            self._matrix = np.zeros((len(self.rows), len(self.columns), 3), dtype=np.int64)
            self._matrix[found[:, 0], found[:, 1]] = found[:, 2:]
        return self._matrix

    def sums(self) -> Integers:
        """The counts of the whole set, shape (columns, 3)."""
        weights = np.bincount(self.index(), minlength=len(self.rows))
        found: Integers = np.tensordot(weights, self.matrix(), axes=1)
        return found

    def columns_of(self, metric: Metric) -> dict[str, int]:
        """The columns of a metric by type, in order of first appearance."""
        return {kind: column for (found, kind), column in self.columns.items() if found == metric}

    def document(self) -> dict[str, Any]:
        """For JSON: columns, rows as flat lists (column, right, predicted, gold, column, …), each sentence's row."""
        rows = [[number for column, triple in row for number in (column, *triple)] for row in self.rows]
        return {"columns": [list(column) for column in self.columns], "rows": rows, "sentences": self.places}


def of_document(metrics: Sequence[Metric], document: Mapping[str, Any]) -> Statistics:
    """The statistics that ``Statistics.document`` wrote.

    Raises ValueError, KeyError, TypeError or OverflowError for anything else.
    """
    columns = {(metric, kind): index for index, (metric, kind) in enumerate(document["columns"])}
    rows = {_row(flat, len(columns)): index for index, flat in enumerate(document["rows"])}
    places = array("I", document["sentences"])
    if len(rows) != len(document["rows"]) or len(columns) != len(document["columns"]):
        raise ValueError("a row or column stands twice")
    if not all(metric in metrics and isinstance(kind, str) for metric, kind in columns):
        raise ValueError("a column is of no metric of the file")
    if places and max(places) >= len(rows):
        raise ValueError("a sentence has a row that is not there")
    return Statistics(tuple(metrics), columns, rows, places)


def _row(flat: Sequence[int], columns: int) -> Row:
    if len(flat) % 4 or any(type(number) is not int or not 0 <= number < 2**31 for number in flat):
        raise ValueError("a row is no list of column, right, predicted, gold")
    parts = [flat[start : start + 4] for start in range(0, len(flat), 4)]
    if any(part[0] >= columns or part[1] > min(part[2:]) for part in parts) or len({p[0] for p in parts}) < len(parts):
        raise ValueError("a row holds impossible counts")
    return tuple((part[0], (part[1], part[2], part[3])) for part in parts)


def counts_of(sums: Integers, metric: Metric) -> Counts:
    """Summed counts of a metric, shape (3,), in entities."""
    unit = DEFINITIONS[metric].unit
    totals = sums.tolist()
    if unit == 1:
        return Counts(*totals)
    return Counts(*(number / unit for number in totals))
