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

from gner_bench.documents.fields import Json
from gner_bench.documents.kinds import told_kind
from gner_bench.documents.scores import Resampling
from gner_bench.errors import GnerBenchError, InputError, UsageError, did_you_mean, short
from gner_bench.number_text import counted, decimals, number
from gner_bench.scoring.comparison import MeasuredSystem, read_measured
from gner_bench.scoring.drops import GRACE, Drop, Limits, details, judged, tests_of
from gner_bench.scoring.groups import differences, values_of
from gner_bench.scoring.metrics import METRICS, Metric, as_metric
from gner_bench.scoring.noise import same_weights, steady
from gner_bench.scoring.paired import FEWEST, MEAN, Difference, least_trials, require_same_sentences
from gner_bench.scoring.predictions import NO_PREDICTIONS
from gner_bench.scoring.scores import Scores
from gner_bench.scoring.signature import differences as signature_differences
from gner_bench.scoring.signature import signature_fields

INCOMPLETE, MISMATCH, USAGE, BELOW, WORSE, NOT_JUDGED = 6, 5, 2, 3, 4, 7
PRECEDENCE = (INCOMPLETE, MISMATCH, USAGE, BELOW, WORSE, NOT_JUDGED)
"""Of several reasons to fail the first gives the exit code: what is missing or not comparable cannot be evaluated.

That there is no baseline yet is the last, so that its code says that all else is well.
"""
NUMBER = re.compile(r"\d{1,3}(\.\d+)?|\.\d+", re.ASCII)

Gate = Literal["complete", "fail-under", "baseline"]
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
    """F1 by ``metric`` is compared with that of ``systems``, runs of one system, as ``limits`` say (see scoring.drops).

    Where ``strict``, any drop that is too large fails without a test. There are no ``systems`` where one of the files
    at ``paths`` cannot be used, for the reason ``unusable``.
    """

    paths: tuple[Path, ...]
    systems: tuple[MeasuredSystem, ...]
    metric: Metric
    limits: Limits = field(default_factory=Limits)
    strict: bool = False
    unusable: str = ""


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

    ``error`` is a gate that could not be evaluated. ``exit_code`` is 0 where it passed.
    """

    gate: Gate
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


def baseline(paths: Sequence[Path], metric: Metric, trials: int, limits: Limits, strict: bool) -> Baseline:
    """The gate against one scores.json, or those of runs of one system, also where one cannot be used.

    It cannot where it is missing, unreadable or was not scored by ``metric``. Raises UsageError when ``trials`` are too
    few for the test ever to confirm a drop on one data set, or the metric has none, and for a rule without its margin.
    """
    if limits.rule == "non-inferior" and (strict or not limits.max_drop or limits.alpha >= 0.5):
        raise UsageError(
            "--gate non-inferior needs the margin, --max-drop Y above 0, and an --alpha below 0.5; it goes without"
            " --strict-drop"
        )
    if strict and limits.noise is not None:
        raise UsageError("--noise says what a confirmed drop must be more than; --strict-drop needs none confirmed")
    systems = []
    for path in paths:
        try:
            system = read_measured("baseline", path)
            if metric not in system.scores.metrics:
                raise InputError(path, f"was not scored by {metric}, which the gate compares", field="metrics")
            systems.append(system)
        except InputError as error:
            told = told_kind(path, "--baseline")
            return Baseline(tuple(paths), (), metric, limits, strict, f"{path}: {told}" if told else str(error))
    sets, alpha = len(systems[0].scores.sets), limits.alpha
    least = FEWEST if limits.rule == "non-inferior" else least_trials(sets, alpha)
    if METRICS[metric].distinct and not strict:
        raise UsageError(f"the metric {metric} has no test that could confirm a drop; give --strict-drop")
    if not strict and trials < least:
        raise UsageError(
            f"--trials {trials} can never confirm a drop on {sets} data sets at --alpha {number(alpha)};"
            f" give --trials {least} or more, or --strict-drop"
        )
    return Baseline(tuple(paths), tuple(systems), metric, limits, strict)


def to_know(scores: Scores, gates: Gates) -> list[str]:
    """What a verdict is to be read by, one line each, empty where no gate was asked for.

    Floors that may be meant otherwise, what of the data was not judged, and each key in which the signatures of
    ``scores`` and of the baseline differ.
    """
    lines = [
        f"--fail-under {floor.title} is in percent: F1 of {floor.percent / 100:g} is enough"
        for floor in gates.floors
        if 0 < floor.percent <= 1
    ]
    if gates:
        lines += [line for line in scores.origin.warnings if line.startswith(NO_PREDICTIONS)]
        lines += filter(None, [scores.in_part])
    gate = gates.baseline
    if gate is None or not gate.systems:
        return lines
    for path, before in zip(gate.paths, gate.systems, strict=True):
        ours = signature_fields(scores, Resampling())
        lines += [
            f"not like for like: {key.key} is {key.first} here and {key.second} in {path}"
            for key in signature_differences(ours, before.signature, [gate.metric])
        ]
        if same_f1(scores, before.scores, gate.metric):
            continue
        known = before.scores.origin.computed, scores.origin.computed
        lines += filter(None, [same_weights((str(path), "these scores"), known)])
    return lines


def evaluate(scores: Scores, gates: Gates, tests: Resampling) -> list[Outcome]:
    """Whether ``scores`` are complete and what each gate says; no other gate is evaluated on incomplete scores.

    ``tests`` says how often the test of a drop draws, and from which seed.
    """
    if scores.lacking:
        missing = f"{counted(scores.lacking, 'sentence')} of the run {'is' if scores.lacking == 1 else 'are'} missing"
        absent = [line for line in scores.origin.warnings if line.startswith(NO_PREDICTIONS)]
        reason = "; ".join([missing, *absent, "predict or import them, then score again"])
        asked: list[tuple[Gate, str, str | None]] = [("fail-under", one.title, one.dataset) for one in gates.floors]
        asked += [("baseline", _title(gates.baseline), None)] if gates.baseline else []
        return [
            Outcome("complete", "", None, "failed", reason, INCOMPLETE),
            *(Outcome(*gate, "error", f"not evaluated: {reason}", INCOMPLETE) for gate in asked),
        ]
    known = f"all {scores.sentences} sentences of the run were scored"
    unknown = f"{scores.sentences} sentences were scored; no run.json says how many there should be"
    whole = Outcome("complete", "", None, "passed", known if scores.origin.expected else unknown)
    floors = [_floor_outcome(scores, asked_floor) for asked_floor in gates.floors]
    return [whole, *floors, *(_baseline_outcomes(scores, gates.baseline, tests) if gates.baseline else [])]


def compared_with(gates: Gates, outcomes: Sequence[Outcome]) -> MeasuredSystem | None:
    """The baseline; None without one, of several runs, and where the ``outcomes`` say that it cannot be compared."""
    judged = any(outcome.gate == "baseline" and outcome.status != "error" for outcome in outcomes)
    return gates.baseline.systems[0] if judged and gates.baseline and len(gates.baseline.systems) == 1 else None


def exit_code(outcomes: Sequence[Outcome]) -> int:
    """0, or that of the first reason to fail in ``PRECEDENCE``."""
    codes = {outcome.exit_code for outcome in outcomes}
    return next((code for code in PRECEDENCE if code in codes), 0)


def require_passed(outcomes: Sequence[Outcome]) -> None:
    """Raise GateError with every reason that has the exit code; what was not evaluated gives none of its own."""
    if code := exit_code(outcomes):
        evaluated = [outcome for outcome in outcomes if code != INCOMPLETE or outcome.gate == "complete"]
        reasons = dict.fromkeys(outcome.reason for outcome in evaluated if outcome.exit_code == code)
        raise GateError("; ".join(reasons), code)


def _f1_of(scores: Scores, metric: Metric) -> dict[str | None, float]:
    """F1 in percent of every data set, and of their mean under None."""
    values = values_of(scores, Resampling(0))
    by_set: dict[str | None, float] = {name: 100 * part.micro(metric).f1 for name, part in values.sets.items()}
    return {**by_set, None: 100 * values.average(metric).f1}


def _what(dataset: str | None, metric: Metric) -> str:
    return f"{MEAN if dataset is None else dataset} {METRICS[metric].title}"


def _floor_outcome(scores: Scores, asked: Floor) -> Outcome:
    gate: tuple[Gate, str, str | None] = ("fail-under", asked.title, asked.dataset)
    if asked.dataset is not None and asked.dataset not in scores.sets:
        reason = f"--fail-under {asked.title}: no such data set; {did_you_mean(asked.dataset, list(scores.sets))}"
        return Outcome(*gate, "error", reason, USAGE)
    percent = _f1_of(scores, asked.metric)[asked.dataset]
    details: dict[str, float | str] = {"metric": asked.metric, "percent": percent, "least": asked.percent}
    what, gap = _what(asked.dataset, asked.metric), asked.percent - percent
    if gap <= GRACE:
        reason = f"{what} {percent:.2f}% is at least {number(asked.percent)}%"
        return Outcome(*gate, "passed", reason, 0, details)
    digits = decimals(gap)
    reason = f"{what} {percent:.{digits}f}% is {gap:.{digits}f} points below {number(asked.percent)}%"
    return Outcome(*gate, "failed", reason, BELOW, details)


def _title(gate: Baseline) -> str:
    points = number(gate.limits.max_drop)
    if gate.limits.rule == "non-inferior":
        return f"{gate.metric}, shown to be less than {points} points below the baseline"
    return f"{gate.metric}, at most {points} points below the baseline"


def _baseline_outcomes(scores: Scores, gate: Baseline, tests: Resampling) -> list[Outcome]:
    title, limits, metric = _title(gate), gate.limits, gate.metric
    if not gate.systems:
        return [Outcome("baseline", title, None, "error", f"not judged: {gate.unusable}", NOT_JUDGED)]
    runs = [system.scores for system in gate.systems]
    for path, before in zip(gate.paths, runs, strict=True):
        try:
            require_same_sentences(before, scores)
        except UsageError as error:
            reason = f"not judged: {path}: is no baseline for these scores: {error}"
            # The same sets and ids with other words or other gold are another edition of the data, not another choice.
            ids, others = ({name: sorted(part.ids) for name, part in side.sets.items()} for side in (before, scores))
            return [Outcome("baseline", title, None, "error", reason, MISMATCH if ids == others else NOT_JUDGED)]
    # Of the mean alone: a margin that is wide enough for one set's few sentences says nothing of the whole.
    judged_sets: list[str | None] = [None] if limits.rule == "non-inferior" else [None, *scores.sets]
    if limits.rule == "non-inferior":
        tests = replace(tests, confidence=1 - 2 * limits.alpha)
    tested: dict[str | None, tuple[Difference, ...]] = {}
    if not gate.strict:
        tested = tests_of([differences(before, scores, metric, tests) for before in runs], list(runs[0].sets))
    limits = replace(limits, steady=steady(one.origin.computed for one in (*runs, scores)))
    was, now = [_f1_of(before, metric) for before in runs], _f1_of(scores, metric)
    outcomes = []
    for name in judged_sets:
        drop = Drop(tuple(f1[name] for f1 in was), now[name], tested.get(name, ()))
        reason, fails = judged(_what(name, metric), drop, limits)
        told: dict[str, float | str] = {"metric": metric, **details(drop, limits)}
        told |= {"trials": tests.resamples, "seed": tests.seed, "test": drop.tests[0].method} if drop.tests else {}
        status: Status = "failed" if fails else "passed"
        outcomes.append(Outcome("baseline", title, name, status, reason, WORSE if fails else 0, told))
    return outcomes


def same_f1(one: Scores, other: Scores, metric: Metric) -> bool:
    """Whether F1 is the same on every data set."""
    first, second = _f1_of(one, metric), _f1_of(other, metric)
    return first.keys() == second.keys() and all(abs(first[name] - second[name]) <= GRACE for name in first)
