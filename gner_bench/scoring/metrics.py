"""Precision, recall and F1 from counts, with each metric's own convention for empty denominators."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

from gner_bench.scoring.counts import Counts

Metric = Literal["gner", "strict"]
METRICS: tuple[Metric, ...] = get_args(Metric)
EPSILON = {"gner": 1e-10, "strict": 0.0}
"""Added to each denominator; the GNER evaluation adds 1e-10, seqeval nothing."""


@dataclass(frozen=True, slots=True)
class Prf:
    """Precision, recall and F1, each from 0 to 1."""

    precision: float
    recall: float
    f1: float


def prf(counts: Counts, metric: Metric) -> Prf:
    """Micro precision, recall and F1; a denominator of zero gives 0."""
    epsilon = EPSILON[metric]
    precision = _ratio(counts.true_positives, counts.predicted + epsilon)
    recall = _ratio(counts.true_positives, counts.gold + epsilon)
    return Prf(precision, recall, _ratio(2 * precision * recall, precision + recall + epsilon))


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def mean(scores: Iterable[Prf]) -> Prf:
    """The plain mean over data sets of each figure. Raises ZeroDivisionError without scores."""
    rows = [(score.precision, score.recall, score.f1) for score in scores]
    return Prf(*(sum(column) / len(rows) for column in zip(*rows, strict=True)))
