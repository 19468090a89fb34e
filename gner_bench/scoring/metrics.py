"""The metrics: how each counts, what of it stands in the signature, and precision, recall and F1 of counts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal, get_args

from gner_bench.errors import UsageError, did_you_mean
from gner_bench.scoring import counts
from gner_bench.scoring.counts import TypedCounts
from gner_bench.scoring.predictions import Prediction

Metric = Literal["gner", "strict", "exact", "partial", "type", "token"]
METRICS: tuple[Metric, ...] = get_args(Metric)
DEFAULT: tuple[Metric, ...] = ("gner", "strict")


@dataclass(frozen=True)
class Definition:
    """``count`` gives a sentence's counts by type in units of 1/``unit``; ``epsilon`` is added to each denominator.

    ``typed`` says whether counts are by type; ``counts_what`` and ``repair`` (of illegal BIO) stand in the signature.
    """

    title: str
    count: Callable[[Prediction], TypedCounts]
    counts_what: str
    repair: str
    typed: bool = True
    unit: int = 1
    epsilon: float = 0.0


DEFINITIONS: dict[Metric, Definition] = {
    "gner": Definition("F1", counts.gner_counts, "set-per-sentence", "lenient", epsilon=1e-10),
    "strict": Definition("strict F1", counts.strict_counts, "position", "none"),
    "exact": Definition("boundary F1", counts.exact_counts, "boundary", "none", typed=False),
    "partial": Definition("partial F1", counts.partial_counts, "overlap-half", "none", typed=False, unit=2),
    "type": Definition("type F1", counts.type_counts, "overlap-typed", "none"),
    "token": Definition("token F1", counts.token_counts, "word", "none"),
}
"""The GNER evaluation adds 1e-10 to each denominator, seqeval nothing."""


@dataclass(frozen=True, slots=True)
class Prf:
    """Precision, recall and F1, each from 0 to 1."""

    precision: float
    recall: float
    f1: float


def prf(right: float, predicted: float, gold: float, metric: Metric) -> Prf:
    """Precision, recall and F1 of counts; a denominator of zero gives 0."""
    epsilon = DEFINITIONS[metric].epsilon
    precision = _ratio(right, predicted + epsilon)
    recall = _ratio(right, gold + epsilon)
    return Prf(precision, recall, _ratio(2 * precision * recall, precision + recall + epsilon))


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def mean(scores: Iterable[Prf]) -> Prf:
    """The plain mean over data sets of each figure. Raises ZeroDivisionError without scores."""
    rows = list(scores)
    return Prf(*(sum(getattr(row, name) for row in rows) / len(rows) for name in ("precision", "recall", "f1")))


def as_metric(name: str) -> Metric:
    """The metric of that name. Raises UsageError for another, with the nearest."""
    for metric in METRICS:
        if metric == name:
            return metric
    raise UsageError(f"unknown metric {name!r}; {did_you_mean(name, list(METRICS))}")
