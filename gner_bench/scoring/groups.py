"""Several runs of one system as one system: mean F1, its spread over runs, and what that says of a difference.

Runs and sentences are crossed: every run answers the same sentences. So the mean over R runs is uncertain for two
reasons. The sentences are a sample: they are drawn with replacement, in each data set the same ones for all runs, and
the mean over runs of each resample is taken; its variance is V. The runs are a sample of what other seeds would give:
with the standard deviation s of their F1, the variance of their mean is s²/R with R - 1 degrees of freedom. The sum
V + s²/R is the variance, its degrees of freedom are Satterthwaite's (1946, An approximate distribution of estimates of
variance components), and interval and test are of Student's t. What of s is due to the interplay of run and sentence is
also in V, so that the sum errs, by little, on the wide side. To draw runs with replacement instead (the crossed
bootstrap; Owen 2007, The pigeonhole bootstrap) understates s²/R by (R - 1)/R and has no heavier tails for few runs.
``benchmarks/runs.py`` measures all of these.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations
from typing import NamedTuple

import numpy as np

from gner_bench.documents.run import Run
from gner_bench.documents.run import differences as run_differences
from gner_bench.documents.scores import Analysis, Interval, Macro, Resampling, Value
from gner_bench.errors import UsageError
from gner_bench.scoring import paired
from gner_bench.scoring.metrics import METRICS, Metric
from gner_bench.scoring.paired import ALPHA, FEWEST, MEAN, POWER, Difference, corrected, require_same_sentences
from gner_bench.scoring.predictions import Origin
from gner_bench.scoring.resampling import Floats, draws, f1, interval, require_sums, ways, weighted
from gner_bench.scoring.scores import Scores, SetScores, warnings_of_all
from gner_bench.scoring.signature import differences as signature_differences
from gner_bench.scoring.signature import signature_fields
from gner_bench.scoring.statistics import Integers, Statistics
from gner_bench.scoring.student import quantile, two_sided
from gner_bench.scoring.values import SystemValues

STUDENTS = "Student's t"
OF_A_RUN = ("seed", "label_order")
"""The settings of run.json in which the runs of a group may differ."""


@dataclass(frozen=True, repr=False)
class GroupSet(SetScores):
    """One data set of a group of ``runs``. Its own statistics are empty: the counts are those of each run."""

    runs: tuple[SetScores, ...] = ()

    @property
    def f1(self) -> float:
        """The mean over runs, from 0 to 1."""
        return sum(run.f1 for run in self.runs) / len(self.runs)

    @cached_property
    def interval(self) -> Interval:
        """The 95% interval of ``f1``, over sentences and runs."""
        sums, drawn = resampled(self.runs, self.metric, Resampling())
        units = len(self.runs[0].units.keys)
        return interval_of(f1(sums, self.metric), f1(drawn, self.metric), units, Resampling().confidence)

    @property
    def has_small_samples(self) -> bool:
        """Never: intervals of groups are of Student's t, whatever their size."""
        return False


@dataclass(frozen=True, repr=False)
class Group(Scores):
    """Two or more runs of one system on the same sentences, as a system. ``origins`` and ``seeds`` are of each run.

    ``f1`` is the mean over runs of their mean over data sets.
    """

    origins: tuple[Origin, ...] = ()
    seeds: tuple[int | None, ...] = ()

    @property
    def runs(self) -> tuple[Scores, ...]:
        """The scores of each run."""
        sets = {name: part.runs for name, part in self.sets.items() if isinstance(part, GroupSet)}
        return tuple(
            Scores(origin, self.metrics, {name: runs[place] for name, runs in sets.items()})
            for place, origin in enumerate(self.origins)
        )

    @cached_property
    def interval(self) -> Interval:
        """The 95% interval of ``f1``, over sentences and runs."""
        return (GroupValues(self, Resampling()).average(self.metrics[0]).interval or {})["f1"]

    def __repr__(self) -> str:
        return super().__repr__()[:-1] + f", {len(self.origins)} runs)"


def group(scores: Sequence[Scores], name: str, seeds: Sequence[int | None] = ()) -> Scores:
    """The runs ``scores`` as one system called ``name``; one run alone is itself, of that name.

    ``seeds`` are theirs, by default those of run.json. Raises UsageError without runs and for runs on other sentences
    or by other metrics.
    """
    runs = [run for one in scores for run in one.runs]
    own = [seed for one in scores for seed in (one.seeds if isinstance(one, Group) else (seed_of(one),))]
    if not runs:
        raise UsageError(f"the group {name} has no run")
    first = runs[0]
    for other in runs[1:]:
        require_same_sentences(first, other)
        if other.metrics != first.metrics:
            raise UsageError(
                f"{name}: {_place(first)} was scored by {', '.join(first.metrics)},"
                f" {_place(other)} by {', '.join(other.metrics)}; score the runs by the same metrics"
            )
    if len(runs) == 1:
        alone = f"{name} is one run: its interval is of the choice of sentences alone, not of runs"
        return _named(first, name, (*first.origin.warnings, alone))
    sets: dict[str, SetScores] = {key: _set([run.sets[key] for run in runs]) for key in first.sets}
    made = Group(_origin(runs), first.metrics, sets, tuple(run.origin for run in runs), tuple(seeds or own))
    return _named(made, name, _warnings(name, runs))


def _named(scores: Scores, name: str, warnings: Iterable[str]) -> Scores:
    named = scores.renamed(name)
    return replace(named, origin=replace(named.origin, warnings=tuple(warnings)))


def seed_of(scores: Scores) -> int | None:
    """The seed that run.json has, None where it has none."""
    run = _run(scores)
    seed = run.settings.get("seed") if run else None
    return seed if isinstance(seed, int) else None


def with_run(scores: Scores, run: Run | None) -> Scores:
    """Scores that know the ``run`` they are of, where they did not."""
    if run is None or scores.origin.runs or not scores.origin.files:
        return scores
    return replace(scores, origin=replace(scores.origin, runs={scores.origin.files[0]: run}))


def _run(scores: Scores) -> Run | None:
    return next(iter(scores.origin.runs.values()), None)


def _place(scores: Scores) -> str:
    """A run as messages call it: by its first file."""
    return str(scores.origin.files[0]) if scores.origin.files else scores.origin.system.name


def _set(runs: Sequence[SetScores]) -> GroupSet:
    first, sentences = runs[0], len(runs[0].statistics)
    # As many sentences as there are, and no count: nothing that asks the group for counts can get those of one run.
    nothing = Statistics(first.statistics.metrics, {}, {(): 0}, array("I", bytes(4 * sentences)))
    described = first.name, first.split, first.types, first.content_hash, nothing, first.ids, first.keys, first.planned
    return GroupSet(*described, Analysis(problems=first.analysis.problems), first.documents, tuple(runs))


def _origin(runs: Sequence[Scores]) -> Origin:
    """What the signature says of all runs, with ``+`` between values that differ."""
    first, origins = runs[0].origin, [run.origin for run in runs]
    keys = dict.fromkeys(key for origin in origins for key in origin.options)
    trained = dict.fromkeys(name for origin in origins for name in origin.system.training_sets)
    return replace(
        first,
        files=tuple(file for origin in origins for file in origin.files),
        system=replace(first.system, training_sets=tuple(trained)),
        decoding=_joined(origin.decoding for origin in origins),
        tokenizer=_joined(origin.tokenizer or "none" for origin in origins)
        if any(origin.tokenizer for origin in origins)
        else None,
        structuring=_joined(origin.structuring for origin in origins),
        options={key: _joined(origin.options.get(key, "") for origin in origins) for key in keys},
        runs={},
    )


def _joined(values: Iterable[str]) -> str:
    return "+".join(filter(None, dict.fromkeys(values)))


def _warnings(name: str, runs: Sequence[Scores]) -> list[str]:
    """What must be said of the runs, and of what they are not alike in beside their seed, one line each."""
    lines = warnings_of_all([(_place(run), run) for run in runs])
    first, signature = runs[0], signature_fields(runs[0], Resampling())
    for run in runs[1:]:
        unlike = signature_differences(signature, signature_fields(run, Resampling()), run.metrics)
        differs = [f"{each.key} {each.second}, not {each.first}" for each in unlike]
        ours, theirs = _run(first), _run(run)
        if ours and theirs:
            told = run_differences(_alike(theirs), _alike(ours))
            for key in ("name", "revision"):
                if (now := getattr(theirs.model, key)) != (before := getattr(ours.model, key)):
                    told.append(f"{'model' if key == 'name' else key} {now}, not {before}")
            differs += [line for line in told if not line.startswith("decoding ") or not unlike]
        if differs:
            lines.append(
                f"{name}: {_place(run)} differs from {_place(first)} in more than its seed: {'; '.join(differs)}"
            )
    for one, other in combinations(runs, 2):
        if all(_counts(one.sets[key]) == _counts(other.sets[key]) for key in one.sets):
            lines.append(
                f"{name}: {_place(one)} and {_place(other)} have the same counts in every sentence: a seed that changes"
                " nothing is no second run, and makes the spread over runs too small"
            )
    return lines


def _alike(run: Run) -> Run:
    return replace(run, settings={key: value for key, value in run.settings.items() if key not in OF_A_RUN})


def _counts(part: SetScores) -> list[object]:
    """The counts of every sentence by metric and type, in the order of the keys."""
    columns = list(part.statistics.columns)
    rows = [frozenset((columns[place], triple) for place, triple in row) for row in part.statistics.rows]
    ordered = sorted(zip(part.keys, part.statistics.places, strict=True))
    return [rows[place] for _, place in ordered]


def resampled(runs: Sequence[SetScores], metric: Metric, resampling: Resampling) -> tuple[Integers, Integers]:
    """The micro counts of runs on the same sentences, shape (runs, 3), and those of resamples, (resamples, runs, 3).

    Each resample has the same sentences for all runs, those of a single system; documents in their place where known.
    """
    runs = [run.units for run in runs]
    places, rows = np.zeros(len(runs[0].keys), dtype=np.int64), np.zeros((1, 0, 3), dtype=np.int64)
    for run in runs:
        order = np.argsort(np.asarray(run.keys, dtype=np.uint64), kind="stable")
        own, width = run.statistics.micro(metric), max(1, len(run.statistics.rows))
        distinct, places = np.unique(places * width + run.statistics.index()[order], return_inverse=True)
        rows = np.concatenate([rows[distinct // width], own[distinct % width][:, None]], axis=1)
    sums: Integers = np.tensordot(np.bincount(places, minlength=len(rows)), rows, axes=1)
    blocks = [weighted(rows, places[drawn]) for drawn in draws(len(places), resampling, runs[0].name)]
    return sums, np.concatenate(blocks) if blocks else np.zeros((0, *sums.shape), dtype=np.int64)


@dataclass(frozen=True)
class Spread:
    """The ``variance`` of a mean over runs, or of a difference of such, and its degrees of ``freedom``."""

    variance: float
    freedom: float

    def half(self, confidence: float) -> float:
        """Half the width of the interval."""
        return quantile((1 + confidence) / 2, self.freedom) * math.sqrt(self.variance) if self.variance else 0.0

    def p_value(self, value: float) -> float:
        """Two-sided, of 0; 1 where nothing is known of the variance."""
        return two_sided(value / math.sqrt(self.variance), self.freedom) if self.variance else 1.0


def spread(drawn: Floats, over_runs: Sequence[Floats], sentences: int) -> Spread:
    """That of a value whose resamples over sentences are ``drawn``, shape (resamples,).

    ``over_runs`` holds an array for each mean over runs in the value, of that which the mean is of, shape (runs,); of a
    single run nothing is known. There are ``sentences``.
    """
    parts = [(float(drawn.var(ddof=1)), max(1, sentences - 1))]
    parts += [(float(values.var(ddof=1)) / len(values), len(values) - 1) for values in over_runs if len(values) > 1]
    variance = sum(part for part, _ in parts)
    told = sum(part**2 / freedom for part, freedom in parts)
    return Spread(variance, variance**2 / told if told else 1.0)


def interval_of(values: Floats, drawn: Floats, sentences: int, confidence: float) -> Interval:
    """The interval of the mean of ``values``, shape (runs,), in resamples ``drawn``, shape (resamples, runs)."""
    if len(values) == 1:
        return interval(drawn[:, 0], confidence)
    mean, half = float(values.mean()), spread(drawn.mean(axis=1), [values], sentences).half(confidence)
    return max(0.0, mean - half), min(1.0, mean + half)


class GroupSetValues:
    """The values of one data set of a group: means over runs, F1 also with its standard deviation over them."""

    def __init__(self, part: GroupSet, runs: Sequence[SystemValues], resampling: Resampling) -> None:
        self.scores, self.resampling = part, resampling
        self._runs = [run.sets[part.name] for run in runs]
        self._known: dict[Metric, tuple[Integers, Integers]] = {}

    def resampled(self, metric: Metric) -> tuple[Integers, Integers]:
        """See ``resampled``; each metric is drawn once, and the same sentences for all."""
        if metric not in self._known:
            # What counts each text once in a whole set has no resamples.
            resampling = replace(self.resampling, resamples=0) if METRICS[metric].distinct else self.resampling
            self._known[metric] = resampled(self.scores.runs, metric, resampling)
        return self._known[metric]

    def micro(self, metric: Metric) -> Value:
        """Over all entities of the set."""
        value = _mean([run.micro(metric) for run in self._runs])
        sums, drawn = self.resampled(metric)
        return _with_interval(value, ways(sums, metric), ways(drawn, metric), len(self.scores.keys), self.resampling)

    def types(self, metric: Metric) -> dict[str, Value]:
        """By type, without intervals; a type that a run does not have is 0 there."""
        by_run = [run.types(metric) for run in self._runs]
        kinds = dict.fromkeys(kind for of_run in by_run for kind in of_run)
        return {kind: _mean([of_run.get(kind, Value(0.0, 0.0, 0.0)) for of_run in by_run]) for kind in kinds}

    def macro(self, metric: Metric) -> Macro:
        """The mean over runs of the mean over types, without an interval."""
        return Macro(float(np.mean([run.macro(metric).f1 for run in self._runs])))


class GroupValues:
    """The values of a group, by the names of ``SystemValues``."""

    def __init__(self, scores: Group, resampling: Resampling) -> None:
        self.scores, self.resampling = scores, resampling
        self._runs = [SystemValues(run, Resampling(0)) for run in scores.runs]
        parts = {name: part for name, part in scores.sets.items() if isinstance(part, GroupSet)}
        self.sets = {name: GroupSetValues(part, self._runs, resampling) for name, part in parts.items()}

    def over(self, names: Iterable[str]) -> GroupValues:
        """The values of some of the data sets; what was resampled is shared."""
        some = copy(self)
        some.sets = {name: self.sets[name] for name in names}
        return some

    def average(self, metric: Metric) -> Value:
        """The mean over runs of their plain mean over data sets."""
        of_sets = [part.resampled(metric) for part in self.sets.values()]
        value = _mean([run.over(self.sets).average(metric) for run in self._runs])
        values, drawn = (_mean_of([ways(counts[side], metric) for counts in of_sets]) for side in (0, 1))
        return _with_interval(value, values, drawn, self._sentences, self.resampling)

    def pooled(self, metric: Metric) -> Value:
        """The mean over runs of micro over the entities of all sets together."""
        of_sets = [part.resampled(metric) for part in self.sets.values()]
        sums, drawn = (np.sum([counts[side] for counts in of_sets], axis=0) for side in (0, 1))
        value = _mean([run.over(self.sets).pooled(metric) for run in self._runs])
        return _with_interval(value, ways(sums, metric), ways(drawn, metric), self._sentences, self.resampling)

    def macro(self, metric: Metric) -> Macro:
        """The mean over runs of the plain mean over data sets of macro F1."""
        return Macro(float(np.mean([part.macro(metric).f1 for part in self.sets.values()])))

    @property
    def _sentences(self) -> int:
        return sum(len(part.scores.keys) for part in self.sets.values())


def values_of(scores: Scores, resampling: Resampling) -> SystemValues | GroupValues:
    """The values of a system or of a group."""
    return GroupValues(scores, resampling) if isinstance(scores, Group) else SystemValues(scores, resampling)


def _mean(values: Sequence[Value]) -> Value:
    """The mean, without counts, and the standard deviation of F1 (n - 1)."""
    precision, recall, f1 = (
        sum(getattr(value, key) for value in values) / len(values) for key in ("precision", "recall", "f1")
    )
    return Value(precision, recall, f1, sd=_sd(np.array([value.f1 for value in values])))


def _mean_of(figures: Sequence[dict[str, Floats]]) -> dict[str, Floats]:
    return {name: np.mean([of_set[name] for of_set in figures], axis=0) for name in figures[0]}


def _with_interval(
    value: Value, values: dict[str, Floats], drawn: dict[str, Floats], sentences: int, resampling: Resampling
) -> Value:
    if len(drawn["f1"]) < 2:
        return value
    ends = {name: interval_of(values[name], drawn[name], sentences, resampling.confidence) for name in values}
    return replace(value, interval=ends)


@dataclass(frozen=True)
class RunsDifference(Difference):
    """A difference of means over ``runs`` of the first and the second system, tested by Student's t.

    There is one test, so that both p values of ``Difference`` are its, as are the quantiles of ``detectable``. ``sd``
    are the standard deviations over runs, None for a single run, of which nothing is known but its sentences.
    ``by_seed``: runs of the same seed are pairs.
    """

    runs: tuple[int, int] = (1, 1)
    sd: tuple[float | None, float | None] = (None, None)
    by_seed: bool = False
    freedom: float = 0.0
    test: str = "t"

    @property
    def method(self) -> str:
        """The test in words."""
        return STUDENTS

    def errors(self, level: float) -> float:
        """As of ``Difference``, by the quantiles of t."""
        return quantile(1 - level / 2, self.freedom) + quantile(POWER, self.freedom)

    def sentences_for(self, difference: float) -> int | None:
        """None: of more sentences runs vary as they do."""
        return None


def differences(first: Scores, second: Scores, metric: Metric, resampling: Resampling) -> list[Difference]:
    """As ``paired.differences``, which it is where neither system is a group."""
    if not isinstance(first, Group) and not isinstance(second, Group):
        return paired.differences(first, second, metric, resampling)
    require_same_sentences(first, second)
    for scores in (first, second):
        if metric not in scores.metrics:
            name = scores.origin.system.name
            raise UsageError(f"{name} was not scored by {metric}; score it again with --metric {metric}")
    require_sums(metric)
    if resampling.resamples < FEWEST:
        raise UsageError(f"{resampling.resamples} resamples are too few for a test; at least {FEWEST} are needed")
    pairs, ours, theirs = same_seeds(first, second), first.runs, second.runs
    if isinstance(first, Group) and isinstance(second, Group) and pairs:
        theirs = tuple(theirs[second.seeds.index(seed)] for seed in first.seeds)
    sets = []
    for name, part in first.sets.items():
        sums, drawn = resampled([run.sets[name] for run in (*ours, *theirs)], metric, resampling)
        sets.append(_Sampled(name, f1(sums, metric), f1(drawn, metric), len(part.keys)))
    values, means = (np.mean(parts, axis=0) for parts in ([s.values for s in sets], [s.drawn for s in sets]))
    sets.append(_Sampled(MEAN, values, means, sum(part.sentences for part in sets)))
    [found] = corrected([[_difference(part, len(ours), pairs, resampling.confidence) for part in sets]])
    return found


def same_seeds(first: Scores, second: Scores) -> bool:
    """Whether two groups have runs of the same seeds, one each."""
    if not isinstance(first, Group) or not isinstance(second, Group) or None in first.seeds:
        return False
    return len(set(first.seeds)) == len(first.seeds) and sorted(map(str, first.seeds)) == sorted(map(str, second.seeds))


class _Sampled(NamedTuple):
    """F1 of runs, shape (runs,), and in resamples of the ``sentences``, shape (resamples, runs)."""

    name: str
    values: Floats
    drawn: Floats
    sentences: int


def _difference(sampled: _Sampled, ours: int, pairs: bool, confidence: float) -> RunsDifference:
    """Of runs of which the first ``ours`` are the first system's."""
    drawn, (one, two) = sampled.drawn, np.split(sampled.values, [ours])
    of_means = drawn[:, ours:].mean(axis=1) - drawn[:, :ours].mean(axis=1)
    known = spread(of_means, [two - one] if pairs else [one, two], sampled.sentences)
    difference, half = float(two.mean() - one.mean()), known.half(confidence)
    p = known.p_value(difference)
    found = RunsDifference(
        sampled.name,
        float(one.mean()),
        float(two.mean()),
        difference,
        (difference - half, difference + half),
        p,
        p,
        None,
        0.0,
        sentences=sampled.sentences,
        runs=(len(one), len(two)),
        sd=(_sd(one), _sd(two)),
        by_seed=pairs,
        freedom=known.freedom,
    )
    return replace(found, detectable=found.errors(ALPHA) * math.sqrt(known.variance))


def _sd(values: Floats) -> float | None:
    return float(values.std(ddof=1)) if len(values) > 1 else None


def notes_on(first: Scores, second: Scores) -> list[str]:
    """What a comparison of groups rests on, as sentences; none where neither is a group."""
    pair = (first, second)
    if not any(isinstance(scores, Group) for scores in pair):
        return []
    names = [f"{scores.origin.system.name} ({len(scores.runs)})" for scores in pair]
    told = "runs of the same seed are pairs" if same_seeds(first, second) else "runs are not paired"
    lines = [
        f"means over runs of {names[0]} and {names[1]}; {told}; p and interval of Student's t, runs being a sample"
    ]
    lines += [
        f"of {scores.origin.system.name} there is a single run: how its F1 varies over runs is not known, so that the"
        " difference is less sure than p and interval say"
        for scores in pair
        if not isinstance(scores, Group)
    ]
    return lines
