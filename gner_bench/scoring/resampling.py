"""Bootstrap over sentences: resampled counts of a data set, F1 of them, and percentile intervals.

Efron and Tibshirani (1993), An Introduction to the Bootstrap, chapter 13 (percentile interval). Sentences are drawn
within each data set. NumPy's RandomState is used because its streams are frozen: a seed gives the same interval with
every release of NumPy.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from gner_bench.documents.scores import Interval, Resampling
from gner_bench.errors import UsageError
from gner_bench.scoring.metrics import METRICS, Metric
from gner_bench.scoring.statistics import Integers, Statistics

Floats = NDArray[np.float64]
AT_ONCE = 60_000
"""Sentences drawn at a time, few enough for a processor's cache."""


def interval(values: Floats, confidence: float) -> Interval:
    """The percentile interval of resampled values, shape (resamples,)."""
    return intervals(values[:, None], confidence)[0]


def intervals(values: Floats, confidence: float) -> list[Interval]:
    """The percentile interval of each column of resampled values, shape (resamples, columns)."""
    ordered, tail, ends = np.sort(values, axis=0), (1 - confidence) / 2, []
    for share in (tail, 1 - tail):
        # Interpolated between neighbours as NumPy's quantile does by default, at a tenth of its time.
        place = share * (len(ordered) - 1)
        below = int(place)
        above = min(below + 1, len(ordered) - 1)
        ends.append((ordered[below] + (place - below) * (ordered[above] - ordered[below])).tolist())
    return list(zip(*ends, strict=True))


def draws(sentences: int, resampling: Resampling, name: str) -> Iterator[NDArray[np.int32]]:
    """Sentence indices drawn with replacement, in blocks of shape (resamples, sentences).

    They depend on the seed, the ``name`` of the data set and its number of sentences alone, so that systems are
    resampled alike.
    """
    random = np.random.RandomState((resampling.seed + zlib.crc32(name.encode())) % 2**32)
    at_once = max(1, AT_ONCE // max(1, sentences))
    for start in range(0, resampling.resamples, at_once):
        rows = min(at_once, resampling.resamples - start)
        # Every int32 takes a whole word of the generator (a smaller type would share one and drop the rest at the end
        # of a block), so that the size of the blocks has no part in what is drawn.
        yield random.randint(0, max(1, sentences), size=(rows, sentences), dtype=np.int32)


def require_sums(metric: Metric) -> None:
    """Raise UsageError for a metric whose counts of a set are no sums over its sentences."""
    if METRICS[metric].distinct:
        why = "counts each text once in a whole set, so that sentences cannot be drawn or exchanged"
        raise UsageError(f"the metric {metric} has no interval and no test: it {why}; choose another --metric")


def resampled_sums(
    statistics: Statistics,
    resampling: Resampling,
    name: str,
    keys: Sequence[int] | None = None,
    metrics: Sequence[Metric] | None = None,
) -> Integers:
    """The micro counts of every resample, shape (resamples, metrics, 3), by all metrics or some.

    Sentences are drawn in the order of their ``keys``, one each, so that their order in files does not matter.
    """
    index = statistics.index()
    if keys is not None:
        index = index[np.argsort(np.asarray(keys, dtype=np.uint64), kind="stable")]
    chosen = statistics.metrics if metrics is None else metrics
    matrix = np.stack([statistics.micro(metric) for metric in chosen], axis=1)
    return np.concatenate([weighted(matrix, index[drawn]) for drawn in draws(len(index), resampling, name)])


def weighted(matrix: Integers, rows: Integers) -> Integers:
    """The sums of the drawn rows of ``matrix`` (rows, columns, 3), shape (resamples, columns, 3).

    ``rows`` has the shape (resamples, sentences).
    """
    count, kinds = len(rows), len(matrix)
    # Sums of integers below 2**53 are exact in floating point, and BLAS knows no integers.
    sums = weights(rows, kinds).astype(np.float64) @ matrix.reshape(kinds, -1).astype(np.float64)
    return sums.astype(np.int64).reshape(count, *matrix.shape[1:])


def weights(rows: Integers, kinds: int) -> Integers:
    """How often each of ``kinds`` rows was drawn, shape (resamples, kinds)."""
    count = len(rows)
    places = rows + np.arange(0, count * kinds, kinds)[:, None]
    drawn: Integers = np.bincount(places.ravel(), minlength=count * kinds).reshape(count, kinds)
    return drawn


def f1(sums: Integers, metric: Metric) -> Floats:
    """F1 of counts of shape (…, 3), as ``gner_bench.scoring.metrics.prf`` computes it: shape (…)."""
    return ways(sums, metric)["f1"]


def ways(sums: Integers, metric: Metric) -> dict[str, Floats]:
    """Precision, recall and F1 of counts of shape (…, 3), by name: shape (…) each."""
    unit, epsilon = METRICS[metric].unit, METRICS[metric].epsilon
    made, expected = (ratio(sums[..., 0] / unit, sums[..., side] / unit + epsilon) for side in (1, 2))
    both = ratio(2 * made * expected, made + expected + epsilon)
    return {"precision": made, "recall": expected, "f1": both}


def ratio(part: Floats, whole: Floats) -> Floats:
    """The quotient, 0 where ``whole`` is."""
    return np.divide(part, whole, out=np.zeros_like(part), where=whole != 0)


def macro_f1(sums: Integers, metric: Metric) -> float:
    """The mean of F1 over the types, shape (types, 3), that occur in gold or predictions; 0 where none does."""
    occurs = sums[:, 1:].any(axis=-1)
    return float(ratio(np.where(occurs, f1(sums, metric), 0.0).sum(axis=-1), occurs.sum(axis=-1).astype(np.float64)))
