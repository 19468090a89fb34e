"""Scores as figures with intervals: micro and by type in each set, macro over types, mean over sets, pooled."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import repeat

import numpy as np

from gner_bench.records import Json
from gner_bench.scoring.counts import Counts
from gner_bench.scoring.metrics import DEFINITIONS, METRICS, Metric, Prf, mean, prf
from gner_bench.scoring.resampling import Floats, Resampling, f1, macro_f1, precision, recall, resampled_sums
from gner_bench.scoring.scores import Scores, SetScores
from gner_bench.scoring.statistics import Integers, counts_of

Interval = tuple[float, float]
NAMES = ("precision", "recall", "f1")


@dataclass(frozen=True)
class Figure:
    """Precision, recall and F1 from 0 to 1, their counts where they come from one sum, and an interval of each.

    Without resampling there are no intervals.
    """

    prf: Prf
    counts: Counts | None = None
    intervals: dict[str, Interval] | None = None

    def document(self) -> Json:
        """As in scores.json."""
        found: Json = {name: getattr(self.prf, name) for name in NAMES}
        if self.counts is not None:
            counts = self.counts
            found |= {"true_positives": counts.true_positives, "predicted": counts.predicted, "gold": counts.gold}
        if self.intervals is not None:
            found["interval"] = {name: list(interval) for name, interval in self.intervals.items()}
        return found


@dataclass(frozen=True)
class Macro:
    """The mean of F1 over the types that occur, and its interval."""

    f1: float
    interval: Interval | None = None

    def document(self) -> Json:
        """As in scores.json."""
        return {"f1": self.f1, **({"interval": {"f1": list(self.interval)}} if self.interval else {})}


class _Counted:
    """One metric in one data set: ``sums`` of each of ``kinds``, shape (kinds, 3), and of resamples if there are any.

    ``drawn`` has the shape (resamples, kinds, 3), their ``micro`` counts (resamples, 3), ``macro`` F1 (resamples,).
    """

    def __init__(self, metric: Metric, columns: dict[str, int], sums: Integers, drawn: Integers | None) -> None:
        places = list(columns.values())
        self.kinds, self.sums = list(columns), sums[places]
        self.drawn = None if drawn is None else drawn[:, places]
        self.micro = None if self.drawn is None else self.drawn.sum(axis=1)
        self.macro = None if self.drawn is None else macro_f1(self.drawn, metric)


class SetFigures:
    """The figures of one data set."""

    def __init__(self, scores: SetScores, resampling: Resampling) -> None:
        self.scores, self.resampling = scores, resampling
        statistics, sums, drawn = scores.statistics, scores.statistics.sums(), None
        if resampling.resamples and len(statistics):
            drawn = resampled_sums(statistics, resampling, scores.name, scores.keys)
        self._counted = {
            metric: _Counted(metric, statistics.columns_of(metric), sums, drawn) for metric in statistics.metrics
        }

    def sums(self, metric: Metric) -> Integers:
        """The micro counts, shape (3,)."""
        found: Integers = self._counted[metric].sums.sum(axis=0)
        return found

    def resampled(self, metric: Metric) -> Integers | None:
        """The micro counts of every resample, shape (resamples, 3), None without resampling."""
        return self._counted[metric].micro

    def micro(self, metric: Metric) -> Figure:
        """Over all entities of the set."""
        return figure(self.sums(metric), self.resampled(metric), metric, self.resampling)

    def types(self, metric: Metric) -> dict[str, Figure]:
        """By type: those of the prompts in their order, then others that occur. Empty for metrics blind to types."""
        if not DEFINITIONS[metric].typed:
            return {}
        counted, resampling = self._counted[metric], self.resampling
        found = dict(zip(counted.kinds, figures(counted.sums, counted.drawn, metric, resampling), strict=True))
        none = None if counted.micro is None else np.zeros_like(counted.micro)
        nowhere = figure(np.zeros(3, dtype=np.int64), none, metric, resampling)
        return {kind: found.get(kind, nowhere) for kind in dict.fromkeys([*self.scores.types, *counted.kinds])}

    def resampled_macro(self, metric: Metric) -> Floats | None:
        """Macro F1 of every resample, shape (resamples,)."""
        return self._counted[metric].macro

    def macro(self, metric: Metric) -> Macro:
        """The mean of F1 over types that occur in gold or predictions (of each resample likewise)."""
        counted = self._counted[metric]
        interval = None if counted.macro is None else self.resampling.interval(counted.macro)
        return Macro(float(macro_f1(counted.sums, metric)), interval)


def figure(sums: Integers, resampled: Integers | None, metric: Metric, resampling: Resampling) -> Figure:
    """The figure of counts of shape (3,), with intervals from those of resamples, shape (resamples, 3)."""
    return figures(sums[None], None if resampled is None else resampled[:, None], metric, resampling)[0]


def figures(sums: Integers, resampled: Integers | None, metric: Metric, resampling: Resampling) -> list[Figure]:
    """A figure of each row of counts, shape (rows, 3), with intervals from resamples, shape (resamples, rows, 3)."""
    counts = [counts_of(each, metric) for each in sums]
    ratios = [prf(each.true_positives, each.predicted, each.gold, metric) for each in counts]
    if resampled is None:
        return [Figure(*each) for each in zip(ratios, counts, strict=True)]
    ways = [resampling.intervals(way(resampled, metric)) for way in (precision, recall, f1)]
    intervals = [dict(zip(NAMES, ends, strict=True)) for ends in zip(*ways, strict=True)]
    return [Figure(*each) for each in zip(ratios, counts, intervals, strict=True)]


class Figures:
    """The figures of a system."""

    def __init__(self, scores: Scores, resampling: Resampling | None = None) -> None:
        self.scores, self.resampling = scores, resampling or Resampling()
        longest_first = sorted(scores.sets.values(), key=lambda each: -len(each.statistics))
        with ThreadPoolExecutor(os.cpu_count()) as pool:  # NumPy draws and sums without the interpreter's lock
            found = {each.scores.name: each for each in pool.map(SetFigures, longest_first, repeat(self.resampling))}
        self.sets = {name: found[name] for name in scores.sets}

    def average(self, metric: Metric) -> Figure:
        """The plain mean over data sets, each resampled by itself."""
        drawn = self._resampled(metric)
        intervals = None
        if drawn:
            ways = zip(NAMES, (precision, recall, f1), strict=True)
            figures = {name: np.mean([way(sums, metric) for sums in drawn], axis=0) for name, way in ways}
            intervals = {name: self.resampling.interval(resampled) for name, resampled in figures.items()}
        return Figure(mean(each.micro(metric).prf for each in self.sets.values()), None, intervals)

    def pooled(self, metric: Metric) -> Figure:
        """Micro over the entities of all sets together."""
        drawn = self._resampled(metric)
        total = np.sum([each.sums(metric) for each in self.sets.values()], axis=0)
        return figure(total, np.sum(drawn, axis=0) if drawn else None, metric, self.resampling)

    def _resampled(self, metric: Metric) -> list[Integers]:
        """The resampled micro counts of every set, empty without resampling."""
        drawn = [each.resampled(metric) for each in self.sets.values()]
        return [sums for sums in drawn if sums is not None]

    def macro(self, metric: Metric) -> Macro:
        """The plain mean over data sets of macro F1."""
        drawn = [each.resampled_macro(metric) for each in self.sets.values()]
        interval = None
        if all(part is not None for part in drawn):
            interval = self.resampling.interval(np.mean([part for part in drawn if part is not None], axis=0))
        return Macro(float(np.mean([each.macro(metric).f1 for each in self.sets.values()])), interval)


def ordered(metrics: tuple[Metric, ...]) -> list[Metric]:
    """Metrics in the order in which tables show them."""
    return [metric for metric in METRICS if metric in metrics]
