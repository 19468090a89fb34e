from __future__ import annotations

from collections.abc import Sequence
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gner_bench.documents.scores import Resampling, Triple
from gner_bench.scoring import resampling
from gner_bench.scoring.metrics import METRICS, Metric, prf
from gner_bench.scoring.predictions import Prediction
from gner_bench.scoring.resampling import draws, f1, interval, macro_f1, resampled_sums, ways, weighted
from gner_bench.scoring.statistics import Statistics

from .sentences import predictions, sentence, total

TRIPLES = st.tuples(st.integers(0, 30), st.integers(0, 30), st.integers(0, 30)).map(
    lambda triple: (min(triple), *triple[1:])
)
METRIC = st.sampled_from(list(METRICS))
FROZEN = [[3, 5, 0, 3, 5, 0, 3], [3, 4, 1, 3, 6, 0, 1], [1, 5, 3, 4, 4, 3, 6]]


def counted(sentences: Sequence[Prediction], metrics: tuple[Metric, ...] = tuple(METRICS)) -> Statistics:
    found = Statistics(metrics)
    for each in sentences:
        found.add({metric: METRICS[metric].count(each) for metric in metrics})
    return found


def all_draws(sentences: int, resampling: Resampling, name: str) -> np.ndarray:
    return np.concatenate(list(draws(sentences, resampling, name)))


# Draws


def test_the_draws_of_a_seed_are_frozen() -> None:
    """If this fails, every published interval has changed."""
    assert all_draws(7, Resampling(3, seed=0), "crossner_ai").tolist() == FROZEN
    assert all_draws(7, Resampling(3, seed=1), "crossner_ai").tolist() != FROZEN
    assert all_draws(7, Resampling(3, seed=0), "mit-movie").tolist() != FROZEN


def test_draws_are_among_the_sentences() -> None:
    found = all_draws(5, Resampling(400, seed=3), "news")
    assert found.shape == (400, 5)
    assert set(found.ravel().tolist()) == set(range(5))


def test_every_sentence_is_drawn_about_as_often() -> None:
    counts = np.bincount(all_draws(10, Resampling(2000, seed=5), "news").ravel())
    assert counts.sum() == 20_000
    assert abs(counts - 2000).max() < 200  # 4.7 standard deviations


@pytest.mark.parametrize(("sentences", "at_once"), [(13, 40), (13, 13), (7, 1), (100, 1700), (1521, 4000)])
def test_memory_bounds_do_not_change_the_draws(sentences: int, at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resampling, "AT_ONCE", 10**9)
    whole = all_draws(sentences, Resampling(50, seed=2), "news")
    monkeypatch.setattr(resampling, "AT_ONCE", at_once)
    blocks = list(draws(sentences, Resampling(50, seed=2), "news"))
    assert len(blocks) > 1
    assert (np.concatenate(blocks) == whole).all()


def test_numpys_global_state_has_no_part_in_it() -> None:
    np.random.seed(1)
    first = all_draws(9, Resampling(20), "news")
    np.random.seed(2)
    before = np.random.get_state()[1].tolist()  # type: ignore[index,union-attr]
    assert (all_draws(9, Resampling(20), "news") == first).all()
    assert np.random.get_state()[1].tolist() == before  # type: ignore[index,union-attr]


def test_a_large_seed_is_taken() -> None:
    assert all_draws(3, Resampling(2, seed=2**40 + 7), "news").shape == (2, 3)


def test_a_single_sentence_is_drawn_every_time() -> None:
    assert not all_draws(1, Resampling(5), "news").any()


# Sums


@given(st.lists(predictions(), min_size=1, max_size=6), st.integers(0, 2**32 - 1))
@settings(max_examples=40)
def test_resampled_sums_are_those_of_a_loop_over_the_draws(sentences: list[Prediction], seed: int) -> None:
    statistics, choice = counted(sentences), Resampling(4, seed)
    found = resampled_sums(statistics, choice, "news")
    assert found.shape == (4, len(METRICS), 3)
    for resample, drawn in zip(found, all_draws(len(sentences), choice, "news").tolist(), strict=True):
        for place, metric in enumerate(METRICS):
            assert tuple(resample[place].tolist()) == total(metric, [sentences[index] for index in drawn])
    assert (resampled_sums(statistics, choice, "news", metrics=["strict"])[:, 0] == found[:, 1]).all()


def test_sentences_are_drawn_in_the_order_of_their_keys() -> None:
    sentences = [sentence("B-x " * number, "B-x " * number) for number in range(1, 6)]
    plain = resampled_sums(counted(sentences), Resampling(9), "news", [1, 2, 3, 4, 5])
    assert (plain == resampled_sums(counted(sentences), Resampling(9), "news")).all()
    turned = resampled_sums(counted(sentences[::-1]), Resampling(9), "news", [5, 4, 3, 2, 1])
    assert (turned == plain).all()
    assert (resampled_sums(counted(sentences[::-1]), Resampling(9), "news") != plain).any()


def test_sums_are_exact_for_large_counts() -> None:
    matrix = np.array([[[2**31 - 1, 2**31 - 3, 1]]])
    assert weighted(matrix, np.zeros((1, 100_001), dtype=np.int64)).tolist() == [
        [[(2**31 - 1) * 100_001, (2**31 - 3) * 100_001, 100_001]]
    ]


def test_sentences_without_any_entity_are_resampled_too() -> None:
    assert resampled_sums(counted([sentence("O", "O")]), Resampling(3), "news").shape == (3, len(METRICS), 3)


# Figures


@given(st.lists(TRIPLES, min_size=1, max_size=5), METRIC)
def test_figures_of_resamples_are_computed_as_those_of_the_set(triples: list[Triple], metric: Metric) -> None:
    sums, unit = np.array(triples), METRICS[metric].unit
    expected = [prf(*(number / unit for number in triple), metric) for triple in triples]
    assert ways(sums, metric)["precision"].tolist() == [each.precision for each in expected]
    assert ways(sums, metric)["recall"].tolist() == [each.recall for each in expected]
    assert f1(sums, metric).tolist() == [each.f1 for each in expected]


@given(st.lists(TRIPLES, min_size=1, max_size=6), METRIC)
def test_macro_f1_is_the_mean_over_the_types_that_occur(triples: list[Triple], metric: Metric) -> None:
    unit = METRICS[metric].unit
    there = [prf(*(number / unit for number in each), metric).f1 for each in triples if each[1] or each[2]]
    expected = sum(there) / len(there) if there else 0.0
    assert float(macro_f1(np.array(triples), metric)) == pytest.approx(expected, abs=1e-12)


@given(predictions(unplaced=False), st.integers(1, 6), METRIC)
@settings(max_examples=40)
def test_resamples_of_equal_sentences_are_all_alike(one: Prediction, times: int, metric: Metric) -> None:
    sums = resampled_sums(counted([one] * times, (metric,)), Resampling(20), "news")[:, 0]
    figures = f1(sums, metric)
    assert interval(figures, 0.95) == (figures[0], figures[0])
    counts = [times * number / METRICS[metric].unit for number in sums[0] / times]
    assert figures[0] == pytest.approx(prf(*counts, metric).f1, abs=1e-12)


# Intervals


def test_the_interval_leaves_out_as_much_at_both_ends() -> None:
    figures = np.arange(1001) / 1000
    assert interval(figures, 0.95) == pytest.approx((0.025, 0.975), abs=1e-12)
    assert interval(figures, 0.9) == pytest.approx((0.05, 0.95), abs=1e-12)


def test_the_interval_lies_between_figures_where_its_end_falls_between_them() -> None:
    assert interval(np.array([0.0, 0.2, 0.4, 1.0]), 0.5) == pytest.approx((0.15, 0.55))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=50), st.randoms(use_true_random=False))
def test_the_interval_is_of_the_figures_in_any_order(figures: list[float], random: Random) -> None:
    low, high = interval(np.array(figures), 0.95)
    assert min(figures) - 1e-15 <= low <= high <= max(figures) + 1e-15
    random.shuffle(figures)
    assert interval(np.array(figures), 0.95) == (low, high)


def test_the_interval_of_a_share_agrees_with_the_normal_approximation() -> None:
    """400 sentences with one gold entity each, 300 found and nothing else predicted: recall 0.75."""
    sentences = [sentence("B-x", "B-x")] * 300 + [sentence("B-x", "O")] * 100
    sums = resampled_sums(counted(sentences, ("strict",)), Resampling(4000), "news")[:, 0]
    low, high = interval(ways(sums, "strict")["recall"], 0.95)
    half = 1.96 * (0.75 * 0.25 / 400) ** 0.5
    assert (low, high) == pytest.approx((0.75 - half, 0.75 + half), abs=0.005)
