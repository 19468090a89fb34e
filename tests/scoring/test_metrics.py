from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gner_bench.documents.scores import Value
from gner_bench.errors import UsageError
from gner_bench.scoring.metrics import DEFAULT, METRICS, Metric, as_metric, mean, prf

COUNTS = st.tuples(st.integers(0, 500), st.integers(0, 500), st.integers(0, 500)).map(
    lambda triple: (min(triple), *triple[1:])
)
METRIC = st.sampled_from(list(METRICS))


def test_the_gner_metric_adds_its_epsilon_and_the_others_add_none() -> None:
    found = prf(1, 1, 1, "gner")
    one = 1 / (1 + 1e-10)
    assert (found.precision, found.recall) == (one, one)
    assert found.f1 == 2 * one * one / (one + one + 1e-10)
    assert found.f1 < 1
    for metric in METRICS:
        if metric != "gner":
            assert prf(1, 1, 1, metric) == Value(1.0, 1.0, 1.0)


def test_figures_by_hand() -> None:
    found = prf(3, 4, 6, "strict")
    assert (found.precision, found.recall, found.f1) == pytest.approx((0.75, 0.5, 0.6), abs=1e-15)


@pytest.mark.parametrize("counts", [(0, 0, 0), (0, 5, 0), (0, 0, 5), (0, 5, 5)])
@pytest.mark.parametrize("metric", METRICS)
def test_where_nothing_is_right_every_figure_is_zero(metric: Metric, counts: tuple[int, int, int]) -> None:
    assert prf(*counts, metric) == Value(0.0, 0.0, 0.0)


@given(COUNTS, METRIC)
def test_figures_are_from_0_to_1_and_f1_lies_between_precision_and_recall(
    counts: tuple[int, int, int], metric: Metric
) -> None:
    found = prf(*counts, metric)
    for figure in (found.precision, found.recall, found.f1):
        assert 0 <= figure <= 1
    low, high = sorted((found.precision, found.recall))
    assert low - 1e-9 <= found.f1 <= high + 1e-9


@given(COUNTS, METRIC)
def test_f1_is_twice_what_is_right_over_all_that_was_predicted_or_expected(
    counts: tuple[int, int, int], metric: Metric
) -> None:
    right, predicted, gold = counts
    expected = 2 * right / (predicted + gold) if right else 0.0
    assert prf(*counts, metric).f1 == pytest.approx(expected, abs=1e-9)


def test_the_mean_is_of_each_figure_by_itself() -> None:
    found = mean([Value(1.0, 0.5, 2 / 3), Value(0.5, 1.0, 2 / 3)])
    assert found == Value(0.75, 0.75, 2 / 3)  # not the F1 of the mean precision and recall, which is 0.75


def test_there_is_no_mean_of_nothing() -> None:
    with pytest.raises(ZeroDivisionError):
        mean([])


def test_metrics_are_known_by_name() -> None:
    assert [as_metric(name) for name in METRICS] == list(METRICS)
    with pytest.raises(UsageError, match=r"unknown metric 'Strct'; did you mean 'strict'\?"):
        as_metric("Strct")


def test_gner_and_strict_are_the_usual_metrics() -> None:
    assert DEFAULT == ("gner", "strict")
    assert {METRICS[name].name for name in METRICS} == set(METRICS)
