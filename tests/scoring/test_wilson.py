"""Intervals that rest on few entities, against scipy, formulas solved in another way, and loops."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, bootstrap, t

from gner_bench.scoring.intervals import combined, type_intervals
from gner_bench.scoring.metrics import METRICS, Metric
from gner_bench.scoring.resampling import f1
from gner_bench.scoring.statistics import Integers, Statistics
from gner_bench.scoring.wilson import ends, moments, student

COUNTS = st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(0, 4)).map(lambda c: (min(c), *c[1:]))


def of(counts: Integers, metric: Metric = "strict") -> np.ndarray:
    """The moments of sentences with counts of shape (sentences, 3)."""
    ones = np.ones(len(counts), dtype=np.int64)
    return moments(np.asarray(counts), 0 * ones, ones, len(counts), metric, 1)[0]


@pytest.mark.parametrize("confidence", [0.8, 0.9, 0.95, 0.99])
def test_the_quantile_is_that_of_students_distribution(confidence: float) -> None:
    freedom = np.array([6, 7, 9, 15, 40, 1000])
    expected = t.ppf((1 + confidence) / 2, freedom)
    assert student(confidence, freedom + 1.0) == pytest.approx(expected, abs=2e-3)


def test_with_few_sentences_the_quantile_stays_that_of_six_degrees_of_freedom() -> None:
    assert student(0.95, np.array([1.0, 2, 7])).tolist() == student(0.95, np.array([7.0] * 3)).tolist()


@pytest.mark.parametrize(("right", "of_all"), [(0, 1), (0, 9), (7, 7), (40, 40)])
def test_where_all_or_none_is_right_the_interval_is_wilsons_of_a_share(right: int, of_all: int) -> None:
    """One entity a sentence, so that sentences are entities."""
    counts = np.array([[1, 1, 1]] * right + [[0, 1, 0]] * (of_all - right))
    expected = binomtest(right, of_all).proportion_ci(method="wilson")
    precision, _, of_f1 = ends(of(counts), 0.95)
    assert precision == pytest.approx([expected.low, expected.high])
    assert of_f1 == pytest.approx([2 * p / (1 + p) for p in (expected.low, expected.high)])


@given(st.lists(COUNTS, min_size=2, max_size=12))
@settings(max_examples=80)
def test_the_ends_are_where_a_share_would_be_t_standard_errors_away(counts: list[tuple[int, int, int]]) -> None:
    """The equation that defines Wilson's interval, with the variance of entities in sentences, written as loops."""
    found = ends(of(np.array(counts)), 0.95)
    wholes = [[p for _, p, _ in counts], [g for *_, g in counts], [p + g - r for r, p, g in counts]]
    for (low, high), whole, is_f1 in zip(found, wholes, (False, False, True), strict=True):
        total, right, holding = sum(whole), sum(r for r, *_ in counts), sum(n > 0 for n in whole)
        if not 0 < right < total or holding < 2:
            assert total > 0 or (low, high) == (0, 1)
            continue
        share = right / total
        variance = sum((r - n * share) ** 2 for (r, *_), n in zip(counts, whole, strict=True)) / total**2
        variance *= len(counts) / (len(counts) - 1)
        effect = max(1, variance / (share * (1 - share) / total))
        for end in (low, high):
            p = end / (2 - end) if is_f1 else end
            away = abs(share - p) / (p * (1 - p) * effect / total) ** 0.5
            assert away == pytest.approx(t.ppf(0.975, max(6, holding - 1)), abs=2e-3)


def test_entities_of_one_sentence_count_as_one_where_all_are_right() -> None:
    assert ends(of(np.array([[8, 8, 8]])), 0.95) == pytest.approx(ends(of(np.array([[1, 1, 1]])), 0.95))


def test_nothing_says_nothing() -> None:
    assert ends(of(np.array([[0, 0, 3]])), 0.95)[0].tolist() == [0, 1]
    assert ends(of(np.array([[0, 0, 0]])), 0.95).tolist() == [[0, 1]] * 3


def test_half_credit_is_half_an_entity() -> None:
    assert METRICS["partial"].unit == 2
    counts = np.array([[1, 1, 2], [1, 2, 1]] * 9)
    assert (ends(of(2 * counts, "partial"), 0.95) == ends(of(counts), 0.95)).all()


def test_the_interval_agrees_with_bca_where_there_are_many_sentences() -> None:
    """scipy's, of F1 over 300 sentences of two entities."""
    random = np.random.RandomState(0)
    right = random.binomial(2, random.beta(3, 2, 300))
    counts = np.stack([right, right + random.binomial(2 - right, 0.5), np.full(300, 2)], axis=1)

    def figure(r: np.ndarray, s: np.ndarray, axis: int = -1) -> np.ndarray:
        return 2 * r.sum(axis=axis) / s.sum(axis=axis)

    data = (counts[:, 0], counts[:, 1] + counts[:, 2])
    expected = bootstrap(data, figure, paired=True, n_resamples=2000, method="BCa", rng=1).confidence_interval
    assert ends(of(counts), 0.95)[2] == pytest.approx([expected.low, expected.high], abs=0.008)


def typed(sentences: int) -> tuple[Statistics, Integers]:
    """Three types that are right together, shape (sentences, 3 types, 3)."""
    random = np.random.RandomState(2)
    ease = random.beta(2, 1, sentences)[:, None]
    gold = random.poisson([1.5, 0.7, 0.2], (sentences, 3))
    right = random.binomial(gold, ease)
    counts = np.stack([right, right + random.binomial(gold - right, 0.5), gold], axis=2)
    statistics = Statistics(("strict",))
    for row in counts.tolist():
        triples = {kind: tuple(triple) for kind, triple in zip("xyz", row, strict=True) if any(triple)}
        statistics.add({"strict": triples})  # type: ignore[dict-item]
    return statistics, counts[:, [list("xyz").index(kind) for kind in statistics.columns_of("strict")]]


def test_the_intervals_of_types_are_those_of_each_alone() -> None:
    statistics, counts = typed(60)
    found = type_intervals(statistics, "strict", 0.95).ends
    assert found.shape == (3, 3, 2)
    for kind in range(3):
        assert found[kind] == pytest.approx(ends(of(counts[:, kind]), 0.95))


def test_half_the_width_of_macro_f1_is_that_of_correlated_types() -> None:
    """The quadratic form of the half widths, the correlations of what sentences add to each type by loops."""
    statistics, counts = typed(60)
    found = type_intervals(statistics, "strict", 0.95)
    halves = (found.ends[:, 2, 1] - found.ends[:, 2, 0]) / 2
    either = counts[:, :, 1] + counts[:, :, 2] - counts[:, :, 0]
    parts = counts[:, :, 0] - either * (counts[:, :, 0].sum(0) / either.sum(0))
    variance = 0.0
    for one in range(3):
        for other in range(3):
            a, b = parts[:, one], parts[:, other]
            variance += halves[one] * halves[other] * (a @ b) / ((a @ a) * (b @ b)) ** 0.5
    assert found.half == pytest.approx(variance**0.5 / 3)


def test_the_interval_of_macro_f1_is_as_wide_as_the_bootstraps_where_no_type_is_rare() -> None:
    """Two standard errors by scipy's bootstrap of the mean of the F1 of three types over 800 sentences."""
    statistics, counts = typed(800)

    def figure(places: np.ndarray, axis: int = -1) -> np.ndarray:
        return f1(counts[places].sum(axis=-3), "strict").mean(axis=-1)

    error = bootstrap((np.arange(800),), figure, n_resamples=2000, method="percentile", batch=100, rng=1).standard_error
    assert type_intervals(statistics, "strict", 0.95).half == pytest.approx(1.96 * error, rel=0.05)


def test_the_interval_of_a_mean_adds_up_squares_of_distances() -> None:
    assert combined([0.5, 0.7], [(0.2, 0.6), (0.3, 0.8)]) == pytest.approx(
        (0.6 - (0.3**2 + 0.4**2) ** 0.5 / 2, 0.6 + (0.1**2 + 0.1**2) ** 0.5 / 2)
    )
    assert combined([0.5], [(0.2, 0.6)]) == pytest.approx((0.2, 0.6))
    assert combined([0.05], [(-0.1, 1.2)]) == (0, 1)
