"""Verdicts on drops; what is expected of groups and bounds is worked out by hand with quantiles of printed t tables."""

from __future__ import annotations

from math import hypot, sqrt

import pytest

from gner_bench.scoring.drops import Drop, Limits, details, judged
from gner_bench.scoring.paired import Difference

T_975_2, T_95_2 = 4.302653, 2.919986
"""Student's t with 2 degrees of freedom, from tables."""


def paired_test(difference: float, low: float, p: float = 0.001) -> Difference:
    """A test of F1 that is ``difference`` points higher, with an interval from ``low`` points."""
    return Difference("mean", 0.5, 0.5 + difference / 100, difference / 100, (low / 100, 0.1), p, p, None, 0.01)


ONE = Drop((57.5,), 56.5, (paired_test(-1, -1.8),))
SURE = "mean F1 56.50% is 1.00 points below the baseline's 57.50%, more than 0 points; the test confirms it (p "


def test_a_confirmed_drop_fails_and_says_that_no_noise_is_known() -> None:
    said, fails = judged("mean F1", ONE, Limits())
    assert fails
    assert said.startswith(SURE)
    assert said.endswith("; the noise of other batch sizes or seeds is not known (--noise)")


def test_of_systems_that_no_batch_size_moves_no_noise_is_missed() -> None:
    said, fails = judged("mean F1", ONE, Limits(steady=True))
    assert fails
    assert "noise" not in said


@pytest.mark.parametrize(
    ("noise", "fails", "said"), [(0.9, True, "more than"), (1.0, False, "within"), (1.2, False, "within")]
)
def test_a_drop_within_the_noise_is_not_confirmed(noise: float, fails: bool, said: str) -> None:
    text, failed = judged("mean F1", ONE, Limits(noise=noise))
    assert failed is fails
    assert text.endswith(f"it is {said} the noise of {noise:g} points")


def test_a_drop_below_a_group_is_below_each_run_and_more_than_runs_differ() -> None:
    """Runs of 57, 57.5 and 58 have the mean 57.5 and SD 0.5, so 95% of runs are within t·0.5·sqrt(4/3) = 2.484."""
    tests = tuple(paired_test(-each, -9) for each in (2.5, 3.0, 3.5))
    spread = T_975_2 * 0.5 * sqrt(4 / 3)
    drop = Drop((57.0, 57.5, 58.0), 54.5, tests)
    assert drop.spread(0.975) == pytest.approx(spread, abs=1e-4)
    said, fails = judged("mean F1", drop, Limits())
    assert fails
    assert "below the mean of 3 runs of the baseline, 57.50%" in said
    assert "against each of 3 runs" in said
    assert said.endswith(
        "and is more than the 2.48 points by which 95% of runs differ from the mean of these 3 (SD 0.50)"
    )
    near = Drop((57.0, 57.5, 58.0), 55.1, tests)
    assert not judged("mean F1", near, Limits())[1]
    unsure = Drop(drop.before, 54.5, (*tests[:2], paired_test(-3.5, -9, 0.2)))
    said, fails = judged("mean F1", unsure, Limits())
    assert not fails
    assert "does not confirm it against each of 3 runs (p = 0.2" in said


def test_a_rise_over_one_run_of_a_group_confirms_no_drop() -> None:
    tests = (paired_test(-4, -5), paired_test(1, 0.5))
    assert not judged("mean F1", Drop((60.0, 55.0), 56.0, tests), Limits())[1]


@pytest.mark.parametrize(("margin", "fails"), [(1.7, True), (1.8, True), (1.9, False)])
def test_non_inferior_is_shown_by_the_bound_not_by_a_drop_that_is_not_confirmed(margin: float, fails: bool) -> None:
    said, failed = judged("mean F1", ONE, Limits(margin, rule="non-inferior"))
    assert failed is fails
    assert "with 95% confidence the drop is less than 1.80 points" in said
    assert f": {'not ' if fails else ''}shown to be non-inferior by the margin of {margin}" in said


def test_noise_and_runs_widen_the_bound() -> None:
    """A given noise is added; the half widths of sentences (0.8) and of runs are added by their squares."""
    assert ONE.bound(Limits(noise=0.4)) == pytest.approx(2.2)
    drop = Drop((57.0, 57.5, 58.0), 56.5, tuple(paired_test(-each, -each - 0.8) for each in (0.5, 1.0, 1.5)))
    assert drop.bound(Limits()) == pytest.approx(1 + hypot(0.8, T_95_2 * 0.5 * sqrt(4 / 3)), abs=1e-4)
    told = details(drop, Limits(5, rule="non-inferior"))
    assert (told["runs"], told["runs_sd"], told["rule"]) == (3, 0.5, "non-inferior")


def test_a_rise_is_worded_as_one() -> None:
    said, fails = judged("mean F1", Drop((57.5,), 60.0, (paired_test(2.5, 1.2),)), Limits(0.5, rule="non-inferior"))
    assert not fails
    assert "F1 is higher by more than 1.20 points: shown to be non-inferior by the margin of 0.5" in said
