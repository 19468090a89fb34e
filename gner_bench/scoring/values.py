"""Scores as values with intervals: micro and by type in each set, macro over types, mean over sets, pooled."""

from __future__ import annotations

import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from typing import TypeVar

import numpy as np

from gner_bench.documents.scores import Interval, Macro, Resampling, Value
from gner_bench.scoring.metrics import METRICS, Metric, mean, ratios
from gner_bench.scoring.resampling import (
    Floats,
    interval,
    intervals,
    macro_f1,
    macro_parts,
    ratio,
    resampled_sums,
    ways,
)
from gner_bench.scoring.scores import Scores, SetScores
from gner_bench.scoring.statistics import Integers, Statistics

A = TypeVar("A", Integers, Floats)
LARGE = 100
"""Sentences of a set from which on drawing takes longer than threads wait for each other."""
HELD = 2_000_000
"""Resamples times types held at a time, some 100 bytes each."""


class _Counted:
    """One metric in one data set: its ``kinds`` with their ``sums``, shape (kinds, 3), and their ``values``.

    Of resamples, of which ``add`` takes the counts of some types after others, there are the ``micro`` counts, shape
    (resamples, 3), and ``macro`` F1, shape (resamples,); None without any.
    """

    def __init__(self, metric: Metric, statistics: Statistics, sums: Integers) -> None:
        typed = statistics.typed(metric, sums)
        self.metric, self.kinds = metric, list(typed)
        self.columns = statistics.columns_of(metric).values()
        self.sums = np.array(list(typed.values()), dtype=np.int64).reshape(-1, 3)
        self.values: list[Value] = []
        self.micro: Integers | None = None
        self._macro: tuple[Floats, Floats] | None = None

    def add(self, drawn: Integers, resampling: Resampling) -> None:
        """Take the resampled counts of the types that come next, shape (resamples, types, 3)."""
        start = len(self.values)
        self.values += _values(self.sums[start : start + drawn.shape[1]], drawn, self.metric, resampling)
        micro, (total, occurring) = drawn.sum(axis=1), macro_parts(drawn, self.metric)
        if self.micro is not None and self._macro is not None:
            micro, total, occurring = self.micro + micro, self._macro[0] + total, self._macro[1] + occurring
        self.micro, self._macro = micro, (total, occurring)

    @property
    def macro(self) -> Floats | None:
        return None if self._macro is None else ratio(*self._macro)


class SetValues:
    """The values of one data set; ``counted`` are the counts that they are of, also those of every resample."""

    def __init__(self, scores: SetScores, resampling: Resampling) -> None:
        self.scores, self.resampling = scores, resampling
        self._micro: dict[Metric, Value] = {}
        self._macro: dict[Metric, Macro] = {}
        statistics, sums = scores.statistics, scores.statistics.sums()
        self.counted = {metric: _Counted(metric, statistics, sums) for metric in statistics.metrics}
        resampled = bool(resampling.resamples and len(statistics))
        summed = [each for metric, each in self.counted.items() if resampled and not METRICS[metric].distinct]
        columns = sorted(column for each in summed for column in each.columns)
        # Very many types are drawn for some at a time, again and again alike, to bound what is held.
        at_once = max(1, HELD // max(1, resampling.resamples))
        for start in range(0, max(1, len(columns)) if summed else 0, at_once):
            group = columns[start : start + at_once]
            drawn = resampled_sums(statistics, resampling, scores.name, scores.keys, group)
            place = {column: index for index, column in enumerate(group)}
            for each in summed:
                each.add(drawn[:, [place[column] for column in each.columns if column in place]], resampling)
        for each in self.counted.values():
            if each.micro is None:
                each.values = _values(each.sums, None, each.metric, resampling)

    def sums(self, metric: Metric) -> Integers:
        """The micro counts, shape (3,)."""
        sums: Integers = self.counted[metric].sums.sum(axis=0)
        return sums

    def micro(self, metric: Metric) -> Value:
        """Over all entities of the set."""
        if metric not in self._micro:
            self._micro[metric] = _value(self.sums(metric), self.counted[metric].micro, metric, self.resampling)
        return self._micro[metric]

    def types(self, metric: Metric) -> dict[str, Value]:
        """By type: those of the prompts in their order, then others that occur. Empty for metrics blind to types."""
        if not METRICS[metric].typed:
            return {}
        counted = self.counted[metric]
        by_type = dict(zip(counted.kinds, counted.values, strict=True))
        none = None if counted.micro is None else np.zeros_like(counted.micro)
        nothing = _value(np.zeros(3, dtype=np.int64), none, metric, self.resampling)
        return {kind: by_type.get(kind, nothing) for kind in dict.fromkeys([*self.scores.types, *counted.kinds])}

    def macro(self, metric: Metric) -> Macro:
        """The mean of F1 over types that occur in gold or predictions (of each resample likewise)."""
        if metric not in self._macro:
            counted = self.counted[metric]
            self._macro[metric] = _macro(float(macro_f1(counted.sums, metric)), counted.macro, self.resampling)
        return self._macro[metric]


class SystemValues:
    """The values of a system. Large sets take a thread each: NumPy draws without the interpreter's lock."""

    def __init__(self, scores: Scores, resampling: Resampling | None = None) -> None:
        self.scores, self.resampling = scores, resampling or Resampling()
        longest_first = sorted(scores.sets.values(), key=lambda part: -len(part.statistics))
        large = [part for part in longest_first if len(part.statistics) >= LARGE]
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            values = list(pool.map(lambda part: SetValues(part, self.resampling), large))
        values += [SetValues(part, self.resampling) for part in longest_first[len(large) :]]
        by_name = {part.scores.name: part for part in values}
        self.sets = {name: by_name[name] for name in scores.sets}

    def over(self, names: Iterable[str]) -> SystemValues:
        """The values of some of the data sets; what was resampled is shared."""
        some = copy(self)
        some.sets = {name: self.sets[name] for name in names}
        return some

    def _resampled(self, metric: Metric) -> list[Integers]:
        """The resampled micro counts of every set, empty without resampling."""
        return _known(part.counted[metric].micro for part in self.sets.values())

    def average(self, metric: Metric) -> Value:
        """The plain mean over data sets, each resampled by itself."""
        value, drawn = mean(part.micro(metric) for part in self.sets.values()), self._resampled(metric)
        if not drawn:
            return value
        figures = [ways(sums, metric) for sums in drawn]
        means = {name: np.mean([of_set[name] for of_set in figures], axis=0) for name in figures[0]}
        ends = {name: interval(values, self.resampling.confidence) for name, values in means.items()}
        return Value(value.precision, value.recall, value.f1, interval=ends)

    def pooled(self, metric: Metric) -> Value:
        """Micro over the entities of all sets together."""
        drawn = self._resampled(metric)
        total = np.sum([part.sums(metric) for part in self.sets.values()], axis=0)
        return _value(total, np.sum(drawn, axis=0) if drawn else None, metric, self.resampling)

    def macro(self, metric: Metric) -> Macro:
        """The plain mean over data sets of macro F1."""
        drawn = _known(part.counted[metric].macro for part in self.sets.values())
        f1 = float(np.mean([part.macro(metric).f1 for part in self.sets.values()]))
        return _macro(f1, np.mean(drawn, axis=0) if drawn else None, self.resampling)


def _known(arrays: Iterable[A | None]) -> list[A]:
    """All of ``arrays``, none where one is None: an interval is of all sets or of nothing."""
    listed = list(arrays)
    known = [array for array in listed if array is not None]
    return known if len(known) == len(listed) else []


def _macro(f1: float, drawn: Floats | None, resampling: Resampling) -> Macro:
    return Macro(f1, None if drawn is None else {"f1": interval(drawn, resampling.confidence)})


def _value(sums: Integers, drawn: Integers | None, metric: Metric, resampling: Resampling) -> Value:
    """The value of counts of shape (3,), with intervals from those of resamples, shape (resamples, 3)."""
    return _values(sums[None], None if drawn is None else drawn[:, None], metric, resampling)[0]


def _values(sums: Integers, drawn: Integers | None, metric: Metric, resampling: Resampling) -> list[Value]:
    """A value of each row of counts, shape (rows, 3), with intervals from resamples, shape (resamples, rows, 3)."""
    unit = METRICS[metric].unit
    ends: list[dict[str, Interval]] | list[None] = [None] * len(sums)
    if drawn is not None:
        figures = ways(drawn, metric)
        columns = [intervals(values, resampling.confidence) for values in figures.values()]
        ends = [dict(zip(figures, row, strict=True)) for row in zip(*columns, strict=True)]
    values = []
    for row, end in zip(sums.tolist(), ends, strict=True):
        right, predicted, gold = row if unit == 1 else (number / unit for number in row)
        values.append(Value(*ratios(right, predicted, gold, metric), right, predicted, gold, end))
    return values
