"""Scores of one system: what was counted in each data set, and what a reader of them must be warned of."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from gner_bench.answers.gner import MATCHING_VERSION
from gner_bench.answers.types import ambiguous_types
from gner_bench.catalog import catalog
from gner_bench.data.problems import problem_warning
from gner_bench.documents.scores import Analysis, Interval, Resampling, Structuring
from gner_bench.errors import short
from gner_bench.scoring.metrics import METRICS, Metric, ratios
from gner_bench.scoring.predictions import Origin
from gner_bench.scoring.resampling import Floats, f1, interval, require_sums, resampled_sums
from gner_bench.scoring.statistics import Statistics

WARNED = {
    "gold_outside_types": "gold tags have a type that label_list lacks",
    "empty_outputs": "answers without text",
    "unlabelled_outputs": "answers in which nothing could be read",
    "outer_outputs": "answers with words before the first or after the last word of the sentence",
    "strange_outputs": "answers most of whose words are not the sentence's",
    "unknown_labels": "labels of types that the prompt lacks",
    "cut_outputs": "outputs were cut at the length limit",
    "cut_matchings": "outputs were too long to be matched to their end",
    "cut_inputs": "prompts were cut at the length limit",
}
"""Counts of structuring that can move F1 or change what it means."""
READ = {
    "as_is": "were read as they are",
    "mended": "mended",
    "partly_read": "partly read",
    "unread": "unread",
    "empty": "empty",
}
"""How free answers were read, in words."""
LOSSY = ("partly_read", "unread", "empty")
MISREAD = ("unread", "unclosed", "empty_type")
"""Faults of labels that make two words one or leave a word without its type."""
MANY = 50
"""Of so many answers one that was not read is a hint that the system writes in another form than GNER's."""
NAMED = 5
"""How many of the commonest unknown labels, and of the sets with a count, a warning names."""


@dataclass(frozen=True, repr=False)
class SetScores:
    """One data set: the ``statistics`` of its sentences, their ``ids`` and their ``keys`` (``counting.sentence_key``).

    ``types`` are those of the prompts. ``planned`` is the number of sentences that the set should have, None where
    unknown; ``analysis`` is what scores.json says of the set beside scores. ``f1`` and ``interval`` are by the first
    metric, micro over the set.
    """

    name: str
    split: str
    types: tuple[str, ...]
    content_hash: str
    statistics: Statistics
    ids: Sequence[str]
    keys: array[int]
    planned: int | None = None
    analysis: Analysis = field(default_factory=Analysis)

    @property
    def metric(self) -> Metric:
        """The first metric."""
        return self.statistics.metrics[0]

    @property
    def f1(self) -> float:
        """From 0 to 1."""
        unit = METRICS[self.metric].unit
        right, predicted, gold = self.statistics.totals()[self.metric]
        return ratios(right / unit, predicted / unit, gold / unit, self.metric)[2]

    @cached_property
    def interval(self) -> Interval:
        """The 95% interval of ``f1``, of 1,000 resamples from seed 0."""
        return interval(self.resampled_f1(Resampling()), Resampling().confidence)

    def resampled_f1(self, resampling: Resampling) -> Floats:
        """F1 of every resample by the first metric, shape (resamples,). Raises UsageError for one without intervals."""
        require_sums(self.metric)
        columns = list(self.statistics.columns_of(self.metric).values())
        drawn = resampled_sums(self.statistics, resampling, self.name, self.keys, columns)
        return f1(drawn.sum(axis=1), self.metric)

    @property
    def missing(self) -> int:
        """How many of the planned sentences were not scored."""
        return max(0, (self.planned or 0) - len(self.statistics))

    def __repr__(self) -> str:
        sentences = f"{len(self.statistics)} sentences"
        return f"SetScores({self.name}/{self.split}: {self.metric} F1 {self.f1:.4f}, {sentences})"


@dataclass(frozen=True, repr=False)
class Scores:
    """One system on data ``sets``, by name; ``scores["mit-movie"]`` is one of them.

    ``f1`` and ``interval`` are by the first metric, the plain mean over data sets.
    """

    origin: Origin
    metrics: tuple[Metric, ...]
    sets: dict[str, SetScores]

    def __getitem__(self, name: str) -> SetScores:
        return self.sets[name]

    @property
    def f1(self) -> float:
        """From 0 to 1. Raises ZeroDivisionError without data sets."""
        return sum(part.f1 for part in self.sets.values()) / len(self.sets)

    @cached_property
    def interval(self) -> Interval:
        """The 95% interval of ``f1``, each data set resampled by itself, 1,000 times from seed 0."""
        means = np.mean([part.resampled_f1(Resampling()) for part in self.sets.values()], axis=0)
        return interval(means, Resampling().confidence)

    @property
    def runs(self) -> tuple[Scores, ...]:
        """Those that the scores are of: itself, but for a group of runs (``scoring.groups``)."""
        return (self,)

    @property
    def sentences(self) -> int:
        """How many were scored."""
        return sum(len(part.statistics) for part in self.sets.values())

    @property
    def lacking(self) -> int:
        """How many sentences the run set out to predict and has not."""
        return max(0, self.origin.expected - self.sentences)

    @property
    def in_part(self) -> str:
        """Which sets were scored in part, as a warning; empty where none."""
        parts = [f"{len(s.statistics)} of {s.planned} of {s.name}/{s.split}" for s in self.sets.values() if s.missing]
        return f"not all sentences were scored: {', '.join(parts)}" if parts else ""

    def renamed(self, name: str) -> Scores:
        """The scores of a system of another name; where its parameters are unknown, they are those of that name."""
        system = self.origin.system
        known = catalog().find_model(name)
        parameters = system.parameters or (known.parameters if known else None)
        return replace(self, origin=replace(self.origin, system=replace(system, name=name, parameters=parameters)))

    def __repr__(self) -> str:
        value = f"mean {self.metrics[0]} F1 {self.f1:.4f}, " if self.sets and self.metrics else ""
        return f"Scores({self.origin.system.name}: {value}{self.sentences} sentences of {len(self.sets)} data sets)"


def warnings_of(scores: Scores) -> list[str]:
    """What a reader of scores must be warned of, one line each."""
    sets, warnings = scores.sets.values(), list(scores.origin.warnings)
    warnings += _answer_warnings(scores)
    defects = problem_warning({f"{part.name}/{part.split}": list(part.analysis.problems or ()) for part in sets})
    warnings += [defects] if defects else []
    warnings += filter(None, [scores.in_part])
    trained_on = {name.partition("/")[0] for name in scores.origin.system.training_sets}
    if trained := [part.name for part in sets if part.name in trained_on]:
        warnings.append(f"{scores.origin.system.name} was trained on {', '.join(trained)}: not zero-shot")
    if scores.lacking:
        warnings.append(f"incomplete: {scores.lacking} sentences of the run are missing from these figures")
    return warnings


def warnings_of_all(named: Sequence[tuple[str, Scores]]) -> list[str]:
    """What must be said of several systems, one line each; what is not to be said of all of them has their names."""
    names: dict[str, list[str]] = {}
    for name, scores in named:
        for line in dict.fromkeys(warnings_of(scores)):
            names.setdefault(line, []).append(name)
    return [line if len(of) == len(named) else f"{', '.join(of)}: {line}" for line, of in names.items()]


def _answer_warnings(scores: Scores) -> Iterator[str]:
    """A line for each kind of count that is not zero, with its number in each set."""
    sets = {name: part.analysis.structuring for name, part in scores.sets.items() if part.analysis.structuring}
    for key, what in WARNED.items():
        if counts := {name: count for name, part in sets.items() if (count := getattr(part, key))}:
            named = _commonest(sets.values()) if key == "unknown_labels" else ""
            yield _counted(what, counts, len(scores.sets)) + named
    readings = sum((Counter(part.readings) for part in sets.values()), Counter[str]())
    if any(readings[name] for name in LOSSY):
        told = ", ".join(f"{readings[name]:,} {what}" for name, what in READ.items())
        yield f"of {readings.total():,} answers {told}"
    faults = {name: sum(part.malformed_labels.get(fault, 0) for fault in MISREAD) for name, part in sets.items()}
    if misread := {name: count for name, count in faults.items() if count}:
        yield _counted("labels that are malformed and were not read", misread, len(scores.sets))
    if scores.origin.structuring.startswith(MATCHING_VERSION) and "answers" not in scores.origin.options:
        counted = sum(part.unlabelled_outputs + part.strange_outputs for part in sets.values()) + sum(faults.values())
        if counted > sum(len(scores.sets[name].statistics) for name in sets) / MANY:
            yield "answers were read raw, as GNER's protocol does; --answers mended also reads other forms of them"
    for note in sorted({note for part in sets.values() for note in part.notes}):
        yield _counted(note, {name: part.notes[note] for name, part in sets.items() if note in part.notes}, len(sets))
    asked = {part.types for part in scores.sets.values() if any((part.analysis.matched_by or {}).values())}
    for types in sorted(asked):
        for fault in ambiguous_types(types):
            yield f"{', '.join(name for name, part in scores.sets.items() if part.types == types)}: types that {fault}"


def _counted(what: str, counts: Mapping[str, int], of: int) -> str:
    total, several = sum(counts.values()), sorted(counts.items(), key=lambda item: -item[1])
    listed = ", ".join(f"{name} {count:,}" for name, count in several[:NAMED]) + (", …" if len(counts) > NAMED else "")
    return f"{what}: {total:,}" + (f" ({listed})" if of > 1 else "")


def _commonest(parts: Iterable[Structuring]) -> str:
    labels = Counter[str]()
    for part in parts:
        for text, *_, count in part.most_frequent.get("unknown_labels", ()):
            labels[str(text)] += int(count)
    named = ", ".join(short(label) for label, _ in labels.most_common(NAMED))
    return f", such as {named}" if len(labels) > NAMED else f": {named}" if named else ""
