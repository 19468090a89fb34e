"""Scores as figures with intervals: micro and by type in each set, macro over types, mean over sets, pooled."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

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


class SetFigures:
    """The figures of one data set."""

    def __init__(self, scores: SetScores, resampling: Resampling) -> None:
        self.scores, self.resampling = scores, resampling
        self._sums = scores.statistics.sums()

    @cached_property
    def _resampled(self) -> Integers | None:
        if not self.resampling.resamples or not len(self.scores.statistics):
            return None
        scores = self.scores
        return resampled_sums(scores.statistics, self.resampling, scores.name, scores.keys)

    def sums(self, metric: Metric) -> Integers:
        """The micro counts, shape (3,)."""
        columns = list(self.scores.statistics.columns_of(metric).values())
        found: Integers = self._sums[columns].sum(axis=0)
        return found

    def resampled(self, metric: Metric) -> Integers | None:
        """The micro counts of every resample, shape (resamples, 3), None without resampling."""
        columns = list(self.scores.statistics.columns_of(metric).values())
        return None if self._resampled is None else self._resampled[:, columns].sum(axis=1)

    def micro(self, metric: Metric) -> Figure:
        """Over all entities of the set."""
        return figure(self.sums(metric), self.resampled(metric), metric, self.resampling)

    def types(self, metric: Metric) -> dict[str, Figure]:
        """By type: those of the prompts in their order, then others that occur. Empty for metrics blind to types."""
        if not DEFINITIONS[metric].typed:
            return {}
        columns = self.scores.statistics.columns_of(metric)
        return {kind: self._type(columns.get(kind), metric) for kind in dict.fromkeys([*self.scores.types, *columns])}

    def _type(self, column: int | None, metric: Metric) -> Figure:
        if column is None:  # a type of the prompts that occurs nowhere
            none = np.zeros((self.resampling.resamples, 3), dtype=np.int64)
            return figure(np.zeros(3, dtype=np.int64), none if len(none) else None, metric, self.resampling)
        drawn = None if self._resampled is None else self._resampled[:, column]
        return figure(self._sums[column], drawn, metric, self.resampling)

    def resampled_macro(self, metric: Metric) -> Floats | None:
        """Macro F1 of every resample, shape (resamples,)."""
        columns = list(self.scores.statistics.columns_of(metric).values())
        return None if self._resampled is None else macro_f1(self._resampled[:, columns], metric)

    def macro(self, metric: Metric) -> Macro:
        """The mean of F1 over types that occur in gold or predictions (of each resample likewise)."""
        columns = list(self.scores.statistics.columns_of(metric).values())
        drawn = self.resampled_macro(metric)
        return Macro(
            float(macro_f1(self._sums[columns], metric)), None if drawn is None else self.resampling.interval(drawn)
        )


def figure(sums: Integers, resampled: Integers | None, metric: Metric, resampling: Resampling) -> Figure:
    """The figure of counts of shape (3,), with intervals from those of resamples, shape (resamples, 3)."""
    counts = counts_of(sums, metric)
    intervals = None
    if resampled is not None:
        ways = zip(NAMES, (precision, recall, f1), strict=True)
        intervals = {name: resampling.interval(way(resampled, metric)) for name, way in ways}
    return Figure(prf(counts.true_positives, counts.predicted, counts.gold, metric), counts, intervals)


class Figures:
    """The figures of a system."""

    def __init__(self, scores: Scores, resampling: Resampling | None = None) -> None:
        self.scores, self.resampling = scores, resampling or Resampling()
        self.sets = {name: SetFigures(each, self.resampling) for name, each in scores.sets.items()}

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
