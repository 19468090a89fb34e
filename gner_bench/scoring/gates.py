"""Gates for CI: what scores must reach, whether they do, and the exit code that says so.

F1 is compared at full precision, with ``GRACE`` for the 1e-10 that the GNER metric adds to denominators (its F1 of
perfect predictions is a little under 1) and for the last bits of floating point.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from gner_bench.errors import GnerBenchError, InputError, IntegrityError, UsageError, did_you_mean, short
from gner_bench.records import Json
from gner_bench.scoring.comparison import NOT_STATED, MeasuredSystem, comparable, read_measured
from gner_bench.scoring.figures import Figures
from gner_bench.scoring.metrics import DEFINITIONS, Metric, as_metric
from gner_bench.scoring.paired import ALPHA, FEWEST, MEAN, Difference, differences, require_same_sentences
from gner_bench.scoring.resampling import Resampling
from gner_bench.scoring.scores import Scores
from gner_bench.scoring.signature import signature_fields
from gner_bench.scoring.warnings import lacking

GRACE = 1e-7
"""Percentage points."""
INCOMPLETE, MISMATCH, USAGE, BELOW, WORSE = 6, 5, 2, 3, 4
PRECEDENCE = (INCOMPLETE, MISMATCH, USAGE, BELOW, WORSE)
"""Of several reasons to fail the first gives the exit code: what is missing or not comparable cannot be judged."""
NUMBER = re.compile(r"\d{1,3}(\.\d+)?|\.\d+", re.ASCII)

Status = Literal["passed", "failed", "error"]


@dataclass(frozen=True)
class Floor:
    """F1 by ``metric`` of a ``dataset``, or of the mean over all where that is None, must be at least ``percent``."""

    metric: Metric
    dataset: str | None
    percent: float

    @property
    def title(self) -> str:
        """As the option would be written."""
        return f"{self.metric}{f'@{self.dataset}' if self.dataset is not None else ''}:{number(self.percent)}"


@dataclass(frozen=True)
class Baseline:
    """F1 by ``metric`` must not be more than ``max_drop`` percentage points below that of ``system``.

    A larger drop fails when a paired test confirms it at ``alpha``; where ``strict``, without a test.
    """

    path: Path
    system: MeasuredSystem
    metric: Metric
    max_drop: float = 0.0
    alpha: float = ALPHA
    strict: bool = False


@dataclass(frozen=True)
class Gates:
    """What is asked of scores beside being complete."""

    floors: tuple[Floor, ...] = ()
    baseline: Baseline | None = None

    def __bool__(self) -> bool:
        return bool(self.floors or self.baseline)


@dataclass(frozen=True)
class Outcome:
    """What one gate says of a ``dataset``, or of the mean or whole where that is None; ``title`` names the gate.

    ``error`` is a gate that could not be judged. ``exit_code`` is 0 where it passed.
    """

    gate: Literal["complete", "fail-under", "baseline"]
    title: str
    dataset: str | None
    status: Status
    reason: str
    exit_code: int = 0
    details: dict[str, float | str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The gate and the data set: ``baseline mit-movie``, ``baseline mean``, ``fail-under strict:60``."""
        if self.gate == "baseline":
            return f"baseline {MEAN if self.dataset is None else self.dataset}"
        return f"{self.gate} {self.title}".strip()

    def document(self) -> Json:
        """As JSON."""
        head = {"gate": self.gate, "asked": self.title, "dataset": self.dataset, "status": self.status}
        return {**head, "reason": self.reason, "exit_code": self.exit_code, **self.details}


class GateError(GnerBenchError):
    """A gate did not pass; ``exit_code`` is the one that the outcomes ask for."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def floor(text: str, metrics: Sequence[Metric]) -> Floor:
    """``[METRIC][@DATASET]:X`` or ``X`` in percent; the metric is the first of ``metrics`` unless named.

    Raises UsageError for anything else, and for a metric that is not among ``metrics``.
    """
    target, _, percent = text.rpartition(":")
    if not NUMBER.fullmatch(percent) or float(percent) > 100 or text.startswith(":"):
        raise UsageError(f"--fail-under {short(text)}: expected [METRIC][@DATASET]:X or X, in percent from 0 to 100")
    name, at, dataset = target.partition("@")
    metric = as_metric(name) if name else metrics[0]
    if metric not in metrics:
        raise UsageError(f"--fail-under {short(text)}: {metric} is not counted; add --metric {metric}")
    return Floor(metric, dataset if at else None, float(percent))


def baseline(
    path: Path, metric: Metric, resampling: Resampling, max_drop: float, alpha: float, strict: bool
) -> Baseline:
    """The gate against a scores.json.

    Raises InputError for one that cannot be used or was not scored by ``metric``, and UsageError when ``resampling`` is
    too small for its test ever to confirm a drop on one data set.
    """
    system = read_measured("baseline", path)
    sets = len(system.scores.sets)
    if metric not in system.scores.metrics:
        raise InputError(path, f"was not scored by {metric}, which the gate compares", field="metrics")
    needed = max(FEWEST, int(sets / alpha + 1e-9))
    if not strict and resampling.resamples < needed:
        raise UsageError(
            f"--resamples {resampling.resamples} can never confirm a drop on {sets} data sets at"
            f" --alpha {number(alpha)}; give --resamples {needed} or more, or --strict-drop"
        )
    return Baseline(path, system, metric, max_drop, alpha, strict)


def judge(scores: Scores, gates: Gates, resampling: Resampling) -> list[Outcome]:
    """Whether ``scores`` are complete and what each gate says; those of incomplete scores are not judged."""
    whole = _complete(scores)
    missing = whole.reason if whole.exit_code else ""
    floors = [_floor_outcome(scores, each, missing) for each in gates.floors]
    return [
        whole,
        *floors,
        *(_baseline_outcomes(scores, gates.baseline, resampling, missing) if gates.baseline else []),
    ]


def exit_code(outcomes: Sequence[Outcome]) -> int:
    """0, or that of the first reason to fail in ``PRECEDENCE``."""
    found = {outcome.exit_code for outcome in outcomes}
    return next((code for code in PRECEDENCE if code in found), 0)


def require_passed(outcomes: Sequence[Outcome]) -> None:
    """Raise GateError with every reason that has the exit code; what was not judged gives none of its own."""
    if code := exit_code(outcomes):
        judged = [each for each in outcomes if code != INCOMPLETE or each.gate == "complete"]
        reasons = dict.fromkeys(each.reason for each in judged if each.exit_code == code)
        raise GateError("; ".join(reasons), code)


def f1_of(scores: Scores, metric: Metric) -> dict[str | None, float]:
    """F1 in percent of every data set, and of their mean under None."""
    figures = Figures(scores, Resampling(0))
    found: dict[str | None, float] = {name: 100 * each.micro(metric).prf.f1 for name, each in figures.sets.items()}
    return {**found, None: 100 * figures.average(metric).prf.f1}


def number(value: float) -> str:
    """A number as people write it: 60, 59.999."""
    return repr(float(value)).removesuffix(".0")


def decimals(gap: float) -> int:
    """Two, or as many as show that ``gap`` is not 0."""
    return next((places for places in range(2, 12) if float(f"{gap:.{places}f}")), 2)


def unlike(scores: Scores, gate: Baseline) -> list[str]:
    """One line for each key in which the signatures of ``scores`` and of the baseline differ, their data apart."""
    ours, theirs = (
        comparable(signature, [gate.metric])
        for signature in (signature_fields(scores, Resampling()), gate.system.signature)
    )
    return [
        f"not like for like: {key} is {ours.get(key, NOT_STATED)} here and {theirs.get(key, NOT_STATED)} in {gate.path}"
        for key in dict.fromkeys([*ours, *theirs])
        if key != "data" and ours.get(key) != theirs.get(key)
    ]


def _complete(scores: Scores) -> Outcome:
    scored, missing = sum(len(each.statistics) for each in scores.sets.values()), lacking(scores)
    if missing:
        reason = f"{missing} sentences of the run are missing; predict or import them, then score again"
        return Outcome("complete", "", None, "failed", reason, INCOMPLETE)
    if not scores.origin.expected:
        reason = f"{scored} sentences were scored; no run.json says how many there should be"
        return Outcome("complete", "", None, "passed", reason)
    return Outcome("complete", "", None, "passed", f"all {scored} sentences of the run were scored")


def _floor_outcome(scores: Scores, asked: Floor, missing: str) -> Outcome:
    not_judged = Outcome("fail-under", asked.title, asked.dataset, "error", f"not judged: {missing}", INCOMPLETE)
    if missing:
        return not_judged
    if asked.dataset is not None and asked.dataset not in scores.sets:
        reason = f"--fail-under {asked.title}: no such data set; {did_you_mean(asked.dataset, list(scores.sets))}"
        return replace(not_judged, reason=reason, exit_code=USAGE)
    percent = f1_of(scores, asked.metric)[asked.dataset]
    details: dict[str, float | str] = {"metric": asked.metric, "percent": percent, "least": asked.percent}
    what, gap = _what(asked.dataset, asked.metric), asked.percent - percent
    if gap <= GRACE:
        reason = f"{what} {percent:.2f}% is at least {number(asked.percent)}%"
        return Outcome("fail-under", asked.title, asked.dataset, "passed", reason, 0, details)
    digits = decimals(gap)
    reason = f"{what} {percent:.{digits}f}% is {gap:.{digits}f} points below {number(asked.percent)}%"
    return Outcome("fail-under", asked.title, asked.dataset, "failed", reason, BELOW, details)


def _what(dataset: str | None, metric: Metric) -> str:
    return f"{MEAN if dataset is None else dataset} {DEFINITIONS[metric].title}"


def _baseline_outcomes(scores: Scores, gate: Baseline, resampling: Resampling, missing: str) -> list[Outcome]:
    title = f"{gate.metric}, at most {number(gate.max_drop)} points below the baseline"
    not_judged = Outcome("baseline", title, None, "error", f"not judged: {missing}", INCOMPLETE)
    if missing:
        return [not_judged]
    if problem := _incomparable(scores, gate):
        return [replace(not_judged, reason=str(problem), exit_code=problem.exit_code)]
    before, after = (f1_of(each, gate.metric) for each in (gate.system.scores, scores))
    tests = {} if gate.strict else _tests(scores, gate, resampling)
    return [
        _drop_outcome(gate, replace(not_judged, dataset=name), before[name], after[name], tests.get(name))
        for name in (None, *scores.sets)
    ]


def _tests(scores: Scores, gate: Baseline, resampling: Resampling) -> dict[str | None, Difference]:
    *sets, mean = differences(gate.system.scores, scores, gate.metric, resampling)
    return {None: mean, **{each.name: each for each in sets}}


def _incomparable(scores: Scores, gate: Baseline) -> GnerBenchError | None:
    """Exit code 5 where the same data sets and ids hold other words or other gold, 2 for other sentences."""
    try:
        require_same_sentences(gate.system.scores, scores)
    except UsageError as error:
        said = f"{gate.path}: is no baseline for these scores: {error}"
        return IntegrityError(said) if _ids(scores) == _ids(gate.system.scores) else UsageError(said)
    return None


def _ids(scores: Scores) -> dict[str, list[str]]:
    return {name: sorted(each.ids) for name, each in scores.sets.items()}


def _drop_outcome(gate: Baseline, blank: Outcome, before: float, after: float, test: Difference | None) -> Outcome:
    drop = before - after
    details: dict[str, float | str] = {"metric": gate.metric, "percent": after, "baseline": before, "drop": drop}
    reason = f"{_what(blank.dataset, gate.metric)} {_against(before, after)}"
    if drop <= gate.max_drop + GRACE:
        return replace(blank, status="passed", reason=reason, exit_code=0, details=details)
    reason += f", more than {number(gate.max_drop)} points"
    if test is None:
        return replace(blank, status="failed", reason=reason, exit_code=WORSE, details=details)
    name, p = ("p", test.p_randomization) if test.p_holm is None else ("corrected p", test.p_holm)
    sure = p < gate.alpha
    verb = "confirms" if sure else "does not confirm"
    reason += f"; the test {verb} it ({name} = {p:.3g}, alpha {number(gate.alpha)})"
    status: Status = "failed" if sure else "passed"
    return replace(blank, status=status, reason=reason, exit_code=WORSE * sure, details={**details, "p": p})


def _against(before: float, after: float) -> str:
    gap = abs(after - before)
    if gap <= GRACE:
        return f"{after:.2f}% is that of the baseline"
    digits, way = decimals(gap), "below" if after < before else "above"
    return f"{after:.{digits}f}% is {gap:.{digits}f} points {way} the baseline's {before:.{digits}f}%"
