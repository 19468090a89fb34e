"""Intervals of figures that rest on few entities: Wilson's, for shares whose parts come in sentences.

Wilson (1927), Probable inference, the law of succession, and statistical inference. Precision and recall are shares of
entities that are right. So is J, the share of right entities among all that are predicted, gold or both, and F1 is
2J / (1 + J): its interval is that of J, transformed (Lam, Gopal and Qian 2023, Confidence intervals for the F1 score,
their "indirect" method).

Entities of one sentence are right or wrong together more often than those of two. Their number is therefore divided by
the design effect (Kish 1965, Survey Sampling): the variance of the share over sentences, by that of as many independent
entities, at least 1. Where no entity is right or all are, or all are in one sentence, that variance says nothing, and
the design effect is the one of sentences whose entities are all alike. The quantile is Student's, since the variance is
an estimate. In place of sentences there may be documents. What all this is worth is in docs/protocol.md, by
benchmarks/coverage.py.
"""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from gner_bench.scoring.metrics import METRICS, Metric
from gner_bench.scoring.statistics import Integers

Floats = NDArray[np.float64]
LEAST_FREEDOM = 6
"""Degrees of freedom of the quantile where fewer sentences hold entities, of whose number the widths tell already."""


def moments(triples: Integers, columns: Integers, weights: Integers, units: int, metric: Metric, count: int) -> Floats:
    """What intervals follow from, shape (count, 3 figures, 7), of the counts of sentences, shape (entries, 3).

    ``columns`` is the figure that an entry belongs to, one of ``count``, ``weights`` in how many of all the ``units``
    (sentences) it is. With h right ones of n entities in a sentence, the seven are the sums of h, n, h², hn, n², the
    sentences with n > 0 and all of them. They add up over data sets.
    """
    right, predicted, gold = triples.T / METRICS[metric].unit
    sums = np.full((count, 3, 7), float(units))
    for figure, whole in enumerate((predicted, gold, predicted + gold - right)):
        for place, power in enumerate((right, whole, right**2, right * whole, whole**2, whole > 0)):
            sums[:, figure, place] = np.bincount(columns, weights * power, count)
    return sums


def ends(sums: Floats, confidence: float) -> Floats:
    """The ends of the intervals, shape (…, 3 figures, 2), of ``moments``; 0 and 1 of a share of nothing."""
    right, whole, _, _, squares, holding, units = np.moveaxis(sums, -1, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = right / whole
        binomial = share * (1 - share) * whole
        alike = squares / whole
        measured = deviation(sums) / binomial * units / (units - 1)
        told = (binomial > 0) & (holding > 1)
        effect = np.where(told, np.maximum(measured, 1), alike)
        z = np.where(told, student(confidence, holding), NormalDist().inv_cdf((1 + confidence) / 2))
        extra = z**2 / (whole / effect)
        middle = (share + extra / 2) / (1 + extra)
        half = np.sqrt(extra * (share * (1 - share) + extra / 4)) / (1 + extra)
    found = np.stack([middle - half, middle + half], axis=-1).clip(0, 1)
    found = np.where(whole[..., None] > 0, found, np.array([0.0, 1.0]))
    found[..., 2, :] = 2 * found[..., 2, :] / (1 + found[..., 2, :])
    return found


def deviation(sums: Floats) -> Floats:
    """The sum over sentences of (h - n · share)², shape (…, 3)."""
    right, whole, hh, hn, nn = np.moveaxis(sums[..., :5], -1, 0)
    share = np.divide(right, whole, out=np.zeros_like(right), where=whole > 0)
    squared: Floats = np.maximum(hh - 2 * share * hn + share**2 * nn, 0)
    return squared


def student(confidence: float, units: Floats) -> Floats:
    """The quantile of Student's distribution, of one degree of freedom less than ``units``, ``LEAST_FREEDOM`` at
    least.

    Expanded about the normal quantile (Abramowitz and Stegun 1964, 26.7.5), to four digits.
    """
    z, n = NormalDist().inv_cdf((1 + confidence) / 2), np.maximum(units - 1, LEAST_FREEDOM)
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    fourth = (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160
    return z + first / n + second / n**2 + third / n**3 + fourth / n**4
