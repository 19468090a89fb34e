"""Which interval a figure has: percentiles of its resamples, or Wilson's where it rests on little.

Percentiles of resampled F1 lie too close to each other, and too low for a good system, where sentences are few or where
few entities are right, or wrong: a perfect system has no width at all. The limits below are those of the simulation in
docs/protocol.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gner_bench.documents.scores import Interval, Resampling
from gner_bench.scoring.metrics import METRICS, Metric
from gner_bench.scoring.resampling import Floats, intervals, resampled_sums, ways
from gner_bench.scoring.statistics import Integers, Statistics
from gner_bench.scoring.wilson import deviation, ends, moments

FIGURES = ("precision", "recall", "f1")
FEW_UNITS = 100
"""Sentences (or documents) below which percentiles are not taken."""
FEW_ENTITIES = 20
"""The same for right entities, and for wrong ones; and gold mentions of each type below which macro F1 has no interval,
since types that are rare, and those that are missing, decide it."""
FEW_DOCUMENTS = 10
"""Documents below which nothing has an interval: what differs between documents cannot be told from so few."""


@dataclass(frozen=True)
class Sample:
    """Micro counts by ``metric`` of one data set, or of several together: those of every resample, shape (resamples,
    3), and their ``moments`` (see scoring.wilson), shape (3, 7)."""

    metric: Metric
    drawn: Integers
    moments: Floats

    def __add__(self, other: Sample) -> Sample:
        return Sample(self.metric, self.drawn + other.drawn, self.moments + other.moments)

    def ends(self, confidence: float) -> dict[str, Interval]:
        """The interval of each figure."""
        if is_small(self.moments):
            return named(ends(self.moments, confidence).tolist())
        return percentiles(ways(self.drawn, self.metric), confidence)


def is_small(moments: Floats) -> bool:
    """Whether percentiles are not to be trusted, by the moments of micro counts, shape (3, 7)."""
    right, either, units = moments[2, [0, 1, 6]]
    return bool(units < FEW_UNITS or right < FEW_ENTITIES or either - right < FEW_ENTITIES)


def micro_moments(units: Statistics, metric: Metric) -> Floats:
    """Those of micro counts, shape (3, 7)."""
    weights = units.weights()
    sums: Floats = moments(units.micro(metric), np.zeros(len(weights), np.int64), weights, len(units), metric, 1)[0]
    return sums


def named(ends: Sequence[Sequence[float]]) -> dict[str, Interval]:
    """The ends of the three figures by their names."""
    return {name: (low, high) for name, (low, high) in zip(FIGURES, ends, strict=True)}


def percentiles(figures: dict[str, Floats], confidence: float) -> dict[str, Interval]:
    """The percentile interval of each figure, of resampled ones of shape (resamples,)."""
    return dict(zip(figures, intervals(np.stack(list(figures.values()), axis=1), confidence), strict=True))


def samples(
    units: Statistics, keys: Sequence[int], name: str, metrics: Sequence[Metric], resampling: Resampling
) -> dict[Metric, Sample]:
    """What intervals of micro figures follow from, of the sentences (or documents) of a data set, drawn once for all
    ``metrics``."""
    drawn = resampled_sums(units, resampling, name, keys, metrics)
    return {m: Sample(m, drawn[:, place], micro_moments(units, m)) for place, m in enumerate(metrics)}


def mean_ends(
    parts: Sequence[Sample], figures: Mapping[str, Sequence[float]], confidence: float
) -> dict[str, Interval]:
    """The interval of the mean over data sets of each of ``figures``, which each set has a value of."""
    if not any(is_small(part.moments) for part in parts):
        drawn = [ways(part.drawn, part.metric) for part in parts]
        return percentiles({name: np.mean([each[name] for each in drawn], axis=0) for name in FIGURES}, confidence)
    of_sets = [part.ends(confidence) for part in parts]
    return {name: combined(values, [ends[name] for ends in of_sets]) for name, values in figures.items()}


def combined(values: Sequence[float], ends: Sequence[Interval]) -> Interval:
    """The interval of the mean of independent ``values``, each with its own (Zou and Donner 2008, Construction of
    confidence limits about effect measures: a general approach)."""
    mean, count = sum(values) / len(values), len(values)
    low, high = (sum((value - end[side]) ** 2 for value, end in zip(values, ends, strict=True)) for side in (0, 1))
    return max(0.0, mean - low**0.5 / count), min(1.0, mean + high**0.5 / count)


@dataclass(frozen=True)
class TypeIntervals:
    """The types of one data set by one metric: ``ends`` of their figures, shape (types, 3, 2), and half the width of
    the interval of macro F1, the mean over types."""

    ends: Floats
    half: float


def type_intervals(units: Statistics, metric: Metric, confidence: float) -> TypeIntervals:
    """Of all types that occur, in the order of ``units.columns_of``."""
    columns = list(units.columns_of(metric).values())
    place = np.full(len(units.columns), -1)
    place[columns] = np.arange(len(columns))
    entries = units.entries()
    entries = entries[place[entries[:, 1]] >= 0]
    kinds, weights = place[entries[:, 1]], units.weights()
    sums = moments(entries[:, 2:], kinds, weights[entries[:, 0]], len(units), metric, len(columns))
    found = ends(sums, confidence)
    # Types are right together in a sentence: the half widths are added as standard errors are, with the correlation of
    # what sentences contribute to them.
    halves = (found[:, 2, 1] - found[:, 2, 0]) / 2
    right, either, spread = sums[:, 2, 0], sums[:, 2, 1], np.sqrt(deviation(sums)[:, 2])
    share = right / np.maximum(either, 1)
    scale = np.divide(halves, spread, out=np.zeros_like(halves), where=spread > 0)
    hits, predicted, gold = entries[:, 2:].T / METRICS[metric].unit
    parts = scale[kinds] * (hits - share[kinds] * (predicted + gold - hits))
    by_row = np.bincount(entries[:, 0], parts, len(weights))
    variance = float((weights * by_row**2).sum() + (halves[spread == 0] ** 2).sum())
    return TypeIntervals(found, variance**0.5 / max(1, len(columns)))
