"""Whether F1 is lower than that of a baseline: by a test of no difference, or shown not to be lower by a margin.

The baseline is one run or several of one system. What runs vary by that differ in batch sizes or seeds alone is noise
that no test over sentences knows of: it is given in points, or comes from the runs of the baseline.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Literal

from gner_bench.number_text import decimals, number, p_phrase
from gner_bench.scoring.paired import Difference
from gner_bench.scoring.student import quantile

GRACE = 1e-7
"""Percentage points."""
Rule = Literal["difference", "non-inferior"]
"""A gate fails on a drop that is confirmed, or on one that is not shown to be smaller than the margin."""


@dataclass(frozen=True)
class Limits:
    """What a drop is judged by: points that it may have, the level ``alpha`` and the ``rule``.

    ``noise`` in points is that of single runs, None where it is not given; ``steady`` says that batch sizes are known
    to move no output of these systems.
    """

    max_drop: float = 0.0
    alpha: float = 0.05
    rule: Rule = "difference"
    noise: float | None = None
    steady: bool = False


@dataclass(frozen=True)
class Drop:
    """F1 in percent: ``before`` of each run of the baseline, and ``after``; ``tests`` are against each of these runs.

    For the rule ``non-inferior`` the intervals of ``tests`` are those of the confidence 1 - 2 ``alpha``.
    """

    before: tuple[float, ...]
    after: float
    tests: tuple[Difference, ...] = ()

    @property
    def points(self) -> float:
        """How far F1 is below the mean over the runs of the baseline."""
        return fmean(self.before) - self.after

    @property
    def deviation(self) -> float:
        """The standard deviation over the runs of the baseline, 0 of one."""
        return stdev(self.before) if len(self.before) > 1 else 0.0

    def spread(self, share: float) -> float:
        """How far another run may be from the mean of these, in points, by Student's t with ``share`` below it."""
        runs = len(self.before)
        return quantile(share, runs - 1) * self.deviation * math.sqrt(1 + 1 / runs) if runs > 1 else 0.0

    @property
    def p(self) -> float:
        """The largest p value: a drop below a group is one below each of its runs."""
        return max(test.p for test in self.tests)

    def bound(self, limits: Limits) -> float:
        """What the drop is below with the confidence 1 - ``alpha``, in points.

        The errors of drawn sentences and of drawn runs are independent, so their squares add up; a given noise is a
        limit already, and is added as it is.
        """
        upper = [-100 * test.interval[0] for test in self.tests]
        sentences = fmean(upper) - self.points
        return self.points + math.hypot(sentences, self.spread(1 - limits.alpha)) + (limits.noise or 0.0)


def judged(what: str, drop: Drop, limits: Limits) -> tuple[str, bool]:
    """The reason in words and whether the gate fails; ``what`` names data set and metric. Without tests any drop that
    is too large fails."""
    before, digits = fmean(drop.before), decimals(abs(drop.points))
    baseline = "the baseline" if len(drop.before) == 1 else f"the mean of {len(drop.before)} runs of the baseline"
    said = f"{what} {drop.after:.2f}% is that of {baseline}"
    if abs(drop.points) > GRACE:
        way = "below" if drop.points > 0 else "above"
        whose = "the baseline's" if len(drop.before) == 1 else f"{baseline},"
        said = f"{what} {drop.after:.{digits}f}% is {abs(drop.points):.{digits}f} points {way} {whose}"
        said += f" {before:.{digits}f}%"
    if limits.rule == "non-inferior":
        text, fails = _non_inferior(drop, limits)
        return f"{said}; {text}", fails
    if drop.points <= limits.max_drop + GRACE:
        return said, False
    said += f", more than {number(limits.max_drop)} points"
    if not drop.tests:
        return said, True
    text, fails = _confirmed(drop, limits)
    return f"{said}; {text}", fails


def _confirmed(drop: Drop, limits: Limits) -> tuple[str, bool]:
    """Whether a drop is real for these outputs, by the test, and more than the noise that is known."""
    name = "p" if drop.tests[0].p_holm is None else "corrected p"
    sure = all(test.p < limits.alpha and test.difference < 0 for test in drop.tests)
    of = "" if len(drop.tests) == 1 else f" against each of {len(drop.tests)} runs"
    verb = "confirms" if sure else "does not confirm"
    said = f"the test {verb} it{of} ({p_phrase(drop.p, limits.alpha, name)}, alpha {number(limits.alpha)})"
    if not sure:
        return said, False
    if limits.noise is not None:
        within = drop.points <= limits.noise + GRACE
        return f"{said}, but it is {_within(within)} the noise of {number(limits.noise)} points", not within
    if len(drop.before) > 1:
        spread = drop.spread(1 - limits.alpha / 2)
        within = drop.points <= spread + GRACE
        return (
            f"{said}, {'but it is' if within else 'and is'} {_within(within)} {_runs(drop, spread, limits)}",
            not within,
        )
    return said + ("" if limits.steady else "; the noise of other batch sizes or seeds is not known (--noise)"), True


def _within(within: bool) -> str:
    return "within" if within else "more than"


def _runs(drop: Drop, spread: float, limits: Limits) -> str:
    return (
        f"the {spread:.2f} points by which {100 * (1 - limits.alpha):g}% of runs differ from the mean of these"
        f" {len(drop.before)} (SD {drop.deviation:.2f})"
    )


def _non_inferior(drop: Drop, limits: Limits) -> tuple[str, bool]:
    """Whether the drop is shown to be less than the margin."""
    bound, margin = drop.bound(limits), limits.max_drop
    shown = bound < margin
    digits = decimals(abs(bound - margin))
    known = []
    if len(drop.before) > 1:
        known.append(f"of runs (SD {drop.deviation:.2f})")
    if limits.noise is not None:
        known.append(f"of {number(limits.noise)} points")
    noise = f", the noise {' and '.join(known)} included" if known else ""
    if not known and not limits.steady:
        noise = "; the noise of other batch sizes or seeds is not known (--noise)"
    less, points = ("the drop is less than", bound) if bound >= 0 else ("F1 is higher by more than", -bound)
    return (
        f"with {100 * (1 - limits.alpha):g}% confidence {less} {points:.{digits}f} points:"
        f" {'' if shown else 'not '}shown to be non-inferior by the margin of {number(margin)}{noise}"
    ), not shown


def details(drop: Drop, limits: Limits) -> dict[str, float | str]:
    """What JSON says of a drop beside the reason; keys of what was not known or asked for are left out."""
    told: dict[str, float | str] = {"percent": drop.after, "baseline": fmean(drop.before), "drop": drop.points}
    if len(drop.before) > 1:
        told |= {"runs": len(drop.before), "runs_sd": drop.deviation}
    if limits.noise is not None:
        told["noise"] = limits.noise
    if drop.tests:
        told |= {"p": drop.p, "alpha": limits.alpha}
        told |= {"rule": limits.rule, "bound": drop.bound(limits)} if limits.rule == "non-inferior" else {}
    return told


def tests_of(rows: Sequence[Sequence[Difference]], names: Sequence[str]) -> dict[str | None, tuple[Difference, ...]]:
    """Of the differences from each run, the sets then the mean, those of each set ``names`` and of the mean (None)."""
    by_place = dict(zip([*names, None], zip(*rows, strict=True), strict=True)) if rows else {}
    return {name: tuple(tests) for name, tests in by_place.items()}
