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


def resampled_sums(
    statistics: Statistics, resampling: Resampling, name: str, keys: Sequence[int] | None = None
) -> Integers:
    """The counts of every resample, shape (resamples, columns, 3).

    Sentences are drawn in the order of their ``keys``, one each, so that their order in files does not matter.
    """
    matrix, index = statistics.matrix(), statistics.index()
    if keys is not None:
        index = index[np.argsort(np.asarray(keys, dtype=np.uint64), kind="stable")]
    return np.concatenate([weighted(matrix, index[drawn]) for drawn in draws(len(index), resampling, name)])


def weighted(matrix: Integers, rows: Integers) -> Integers:
    """The sums of the drawn rows of ``matrix`` (rows, columns, 3), shape (resamples, columns, 3).

    ``rows`` has the shape (resamples, sentences).
    """
    count, kinds = len(rows), len(matrix)
    places = rows + np.arange(0, count * kinds, kinds)[:, None]
    weights = np.bincount(places.ravel(), minlength=count * kinds).reshape(count, kinds)
    # Sums of integers below 2**53 are exact in floating point, and BLAS knows no integers.
    sums = weights.astype(np.float64) @ matrix.reshape(kinds, -1).astype(np.float64)
    return sums.astype(np.int64).reshape(count, *matrix.shape[1:])


def precision(sums: Integers, metric: Metric) -> Floats:
    """Precision of counts of shape (…, 3): shape (…)."""
    definition = METRICS[metric]
    return _ratio(sums[..., 0] / definition.unit, sums[..., 1] / definition.unit + definition.epsilon)


def recall(sums: Integers, metric: Metric) -> Floats:
    """Recall of counts of shape (…, 3): shape (…)."""
    definition = METRICS[metric]
    return _ratio(sums[..., 0] / definition.unit, sums[..., 2] / definition.unit + definition.epsilon)


def f1(sums: Integers, metric: Metric) -> Floats:
    """F1 of counts of shape (…, 3), as ``gner_bench.scoring.metrics.prf`` computes it: shape (…)."""
    made, expected = precision(sums, metric), recall(sums, metric)
    return _ratio(2 * made * expected, made + expected + METRICS[metric].epsilon)


WAYS = {"precision": precision, "recall": recall, "f1": f1}


def _ratio(part: Floats, whole: Floats) -> Floats:
    return np.divide(part, whole, out=np.zeros_like(part), where=whole != 0)


def macro_f1(sums: Integers, metric: Metric) -> Floats:
    """The mean of F1 over the types (axis -2) that occur in gold or predictions; 0 where none does: shape (…)."""
    occurs = sums[..., 1:].any(axis=-1)
    total = np.where(occurs, f1(sums, metric), 0.0).sum(axis=-1)
    return _ratio(total, occurs.sum(axis=-1).astype(np.float64))
