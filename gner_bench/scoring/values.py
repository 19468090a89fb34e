"""Scores as values with intervals: micro and by type in each set, macro over types, mean over sets, pooled."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from dataclasses import replace
from functools import reduce
from operator import add

import numpy as np

from gner_bench.documents.scores import Interval, Macro, Resampling, Triple, Value
from gner_bench.scoring.intervals import (
    FEW_ENTITIES,
    FIGURES,
    Sample,
    TypeIntervals,
    combined,
    mean_ends,
    named,
    type_intervals,
)
from gner_bench.scoring.metrics import METRICS, Metric, mean, ratios
from gner_bench.scoring.resampling import macro_f1
from gner_bench.scoring.scores import Scores, SetScores
from gner_bench.scoring.statistics import Integers

LARGE = 100
"""Sentences of a set from which on drawing takes longer than threads wait for each other."""
NAMED = 5
"""How many rare types a reason names."""


class SetValues:
    """The values of one data set; ``samples`` are what intervals follow from, by metric, none where there are none.

    ``no_interval`` says why figures that could have an interval have none.
    """

    def __init__(self, scores: SetScores, resampling: Resampling) -> None:
        self.scores, self.resampling = scores, resampling
        statistics = scores.statistics
        sums = statistics.sums()
        self.counts = {metric: statistics.typed(metric, sums) for metric in statistics.metrics}
        self.no_interval = (resampling.resamples and scores.too_few_documents) or None
        summed = [metric for metric in statistics.metrics if not METRICS[metric].distinct]
        resampled = bool(summed and resampling.resamples and len(statistics)) and not self.no_interval
        self.samples = scores.samples(summed, resampling) if resampled else {}
        self._types: dict[Metric, TypeIntervals] = {}

    def sums(self, metric: Metric) -> Integers:
        """The micro counts, shape (3,)."""
        sums: Integers = _rows(self.counts[metric]).sum(axis=0)
        return sums

    def micro(self, metric: Metric) -> Value:
        """Over all entities of the set."""
        sample = self.samples.get(metric)
        ends = sample.ends(self.resampling.confidence) if sample else None
        return _value(self.sums(metric).tolist(), metric, ends, self.no_interval)

    def types(self, metric: Metric) -> dict[str, Value]:
        """By type: those of the prompts in their order, then others that occur. Empty for metrics blind to types."""
        if not METRICS[metric].typed:
            return {}
        counts, ends, found = self.counts[metric], dict[str, dict[str, Interval]](), dict[str, Value]()
        if metric in self.samples:
            of_types = self._type_intervals(metric).ends.tolist()
            ends = {kind: named(figures) for kind, figures in zip(counts, of_types, strict=True) if counts[kind][2]}
        for kind in dict.fromkeys([*self.scores.types, *counts]):
            why = "no gold mention" if metric in self.samples and kind not in ends else self.no_interval
            found[kind] = _value(counts.get(kind, (0, 0, 0)), metric, ends.get(kind), why)
        return found

    def macro(self, metric: Metric) -> Macro:
        """The mean of F1 over types that occur in gold or predictions."""
        counts = self.counts[metric]
        f1 = macro_f1(_rows(counts), metric)
        if metric not in self.samples:
            return Macro(f1, no_interval=self.no_interval)
        if not METRICS[metric].typed:
            return Macro(f1, {"f1": self.samples[metric].ends(self.resampling.confidence)["f1"]})
        rare = [kind for kind, (_, _, gold) in counts.items() if gold < FEW_ENTITIES * METRICS[metric].unit]
        if rare or not counts:
            names = ", ".join(rare[:NAMED]) + (", …" if len(rare) > NAMED else "")
            return Macro(f1, no_interval=f"types with fewer than {FEW_ENTITIES} gold mentions: {names or 'all'}")
        half = self._type_intervals(metric).half
        return Macro(f1, {"f1": (max(0.0, f1 - half), min(1.0, f1 + half))})

    def _type_intervals(self, metric: Metric) -> TypeIntervals:
        if metric not in self._types:
            self._types[metric] = type_intervals(self.scores.units.statistics, metric, self.resampling.confidence)
        return self._types[metric]


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
        reasons = [f"{name}: {part.no_interval}" for name, part in self.sets.items() if part.no_interval]
        self._no_interval = reasons[0] if reasons else None

    def over(self, names: Iterable[str]) -> SystemValues:
        """The values of some of the data sets; what was resampled is shared."""
        some = copy(self)
        some.sets = {name: self.sets[name] for name in names}
        return some

    def _samples(self, metric: Metric) -> list[Sample]:
        """Of every set; none where a set has none, since an interval is of all sets or of nothing."""
        found = [part.samples[metric] for part in self.sets.values() if metric in part.samples]
        return found if len(found) == len(self.sets) else []

    def average(self, metric: Metric) -> Value:
        """The plain mean over data sets, each resampled by itself."""
        values, samples = [part.micro(metric) for part in self.sets.values()], self._samples(metric)
        of_all = mean(values)
        if not samples:
            return replace(of_all, no_interval=self._no_interval)
        figures = {name: [getattr(value, name) for value in values] for name in FIGURES}
        return replace(of_all, interval=mean_ends(samples, figures, self.resampling.confidence))

    def pooled(self, metric: Metric) -> Value:
        """Micro over the entities of all sets together."""
        samples = self._samples(metric)
        total = np.sum([part.sums(metric) for part in self.sets.values()], axis=0)
        ends = reduce(add, samples).ends(self.resampling.confidence) if samples else None
        return _value(total.tolist(), metric, ends, None if samples else self._no_interval)

    def macro(self, metric: Metric) -> Macro:
        """The plain mean over data sets of macro F1."""
        macros = {name: part.macro(metric) for name, part in self.sets.items()}
        f1 = float(np.mean([macro.f1 for macro in macros.values()]))
        ends = [macro.interval["f1"] for macro in macros.values() if macro.interval]
        if not METRICS[metric].typed:
            average = self.average(metric)
            return Macro(f1, average.interval and {"f1": average.interval["f1"]}, average.no_interval)
        if len(ends) == len(macros) > 0:
            return Macro(f1, {"f1": combined([macro.f1 for macro in macros.values()], ends)})
        without = [name for name, macro in macros.items() if macro.no_interval]
        return Macro(f1, no_interval=f"none of {', '.join(without)}" if without else None)


def _rows(counts: Mapping[str, Triple]) -> Integers:
    return np.array(list(counts.values()), dtype=np.int64).reshape(-1, 3)


def _value(counts: Sequence[int], metric: Metric, ends: dict[str, Interval] | None, why: str | None) -> Value:
    """The value of right, predicted and gold; ``why`` it has no interval, where it has none."""
    unit = METRICS[metric].unit
    right, predicted, gold = counts if unit == 1 else (number / unit for number in counts)
    return Value(*ratios(right, predicted, gold, metric), right, predicted, gold, ends, why)
