"""Systems against the first of them: how far their F1 differs, in which types, on which sentences, if like for like."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from gner_bench.documents.fields import Json
from gner_bench.documents.scores import NAME, Interval, Resampling, read_scores
from gner_bench.errors import UsageError
from gner_bench.scoring.common import LeftOut, common
from gner_bench.scoring.document import scores_of
from gner_bench.scoring.groups import Group, differences, notes_on
from gner_bench.scoring.metrics import DEFAULT, METRICS, Metric, ordered
from gner_bench.scoring.paired import Difference, pair, require_same_sentences
from gner_bench.scoring.resampling import f1, interval, require_sums
from gner_bench.scoring.scores import Scores, SetScores, warnings_of_all
from gner_bench.scoring.signature import SignatureDifference, data_fields, signature_fields
from gner_bench.scoring.signature import differences as signature_differences
from gner_bench.scoring.trials import TRIALS

VERSION = 1
TYPES_AT_ONCE = 64
"""Types resampled at a time, which bounds the memory."""
Counted = tuple[float, float, float]
"""Right, predicted and gold, in entities."""


@dataclass(frozen=True)
class MeasuredSystem:
    """One system: ``label`` is its letter in tables, ``signature`` by key says how it was scored.

    ``signature_short`` is the line of a scores.json that was read.
    """

    label: str
    scores: Scores
    signature: Mapping[str, str]
    signature_short: str = ""

    @property
    def title(self) -> str:
        runs = len(self.scores.runs)
        return f"{self.label} {self.scores.origin.system.name}" + (f" ({runs} runs)" if runs > 1 else "")

    def renamed(self, name: str) -> MeasuredSystem:
        """The system by another name."""
        return replace(self, scores=self.scores.renamed(name))

    def document(self) -> Json:
        scores = self.scores
        return {
            "label": self.label,
            "name": self.scores.origin.system.name,
            "files": [str(file) for file in self.scores.origin.files],
            "signature_fields": dict(self.signature),
            **({"runs": len(scores.runs), "seeds": list(scores.seeds)} if isinstance(scores, Group) else {}),
        }


@dataclass(frozen=True)
class TypeDifference:
    """The F1 (0 to 1) of one entity type, of which there are ``gold``, and the paired interval of the difference."""

    name: str
    gold: float
    first: float
    second: float
    difference: float
    interval: Interval


@dataclass(frozen=True)
class ChangedSentence:
    """A sentence whose counts (right, predicted, gold) differ; ``gain`` is by how much its errors weigh less.

    The gain is that of right less spurious less missed entities.
    """

    id: str
    first: Counted
    second: Counted
    gain: float


@dataclass(frozen=True)
class Changes:
    """The sentences of a set that the second system has ``better`` or ``worse``, or with ``other`` counts of no gain.

    ``sentences`` is the size of the set. All are in the order of the first system's sentences.
    """

    sentences: int
    better: tuple[ChangedSentence, ...]
    worse: tuple[ChangedSentence, ...]
    other: tuple[ChangedSentence, ...]


@dataclass(frozen=True)
class Against:
    """The ``second`` system against the ``first``. ``differences`` are by data set and then of the mean.

    Where one is a group of runs, no types and no sentences are compared.
    """

    first: MeasuredSystem
    second: MeasuredSystem
    resampling: Resampling
    differences: Mapping[Metric, Sequence[Difference]]

    @property
    def signature_differences(self) -> list[SignatureDifference]:
        """Where the two were not scored alike."""
        return signature_differences(self.first.signature, self.second.signature, list(self.differences))

    @cached_property
    def types(self) -> dict[Metric, dict[str, list[TypeDifference]]]:
        """By metric and data set, for metrics that know types."""
        return {
            metric: {name: type_differences(*sets, metric, self.resampling) for name, sets in self._sets.items()}
            for metric in self.differences
            if METRICS[metric].typed
        }

    @cached_property
    def changed(self) -> dict[str, Changes]:
        """By data set, by the counts of ``changed_by``."""
        return {name: changes(*sets, self.changed_by) for name, sets in self._sets.items()}

    @property
    def changed_by(self) -> Metric:
        """The metric by whose counts sentences changed."""
        return next(iter(self.differences))

    @property
    def notes(self) -> list[str]:
        """What the comparison rests on where a system is a group of runs."""
        return notes_on(self.first.scores, self.second.scores)

    @property
    def _sets(self) -> dict[str, tuple[SetScores, SetScores]]:
        """The sets whose types and sentences can be compared; none of groups, whose runs have counts of their own."""
        if self.notes:
            return {}
        return {name: (part, self.second.scores[name]) for name, part in self.first.scores.sets.items()}

    def document(self) -> Json:
        """As JSON, F1 from 0 to 1."""
        by_metric = {}
        for metric, rows in self.differences.items():
            # A data set may be called mean too: the mean over sets is the last.
            *sets, mean = [(row.name, _without_name(row) | {"significant": row.significant}) for row in rows]
            by_metric[metric] = {"mean": mean[1], "datasets": dict(sets)}
        return {
            "first": self.first.label,
            "second": self.second.label,
            "signature_differences": [asdict(difference) for difference in self.signature_differences],
            "differences": by_metric,
            "types": {
                metric: {name: {kind.name: _without_name(kind) for kind in kinds} for name, kinds in sets.items()}
                for metric, sets in self.types.items()
            },
            "changed_by": self.changed_by,
            "changed": {name: asdict(part) for name, part in self.changed.items()},
            **({"notes": notes} if (notes := self.notes) else {}),
        }


def _without_name(row: Difference | TypeDifference) -> Json:
    return {key: value for key, value in asdict(row).items() if key != "name"}


@dataclass(frozen=True)
class Comparison:
    """Two or more ``systems`` on the same sentences, each but the first ``against`` the first.

    ``left_out`` counts, by data set, the sentences of each system that not all have, where these were left out.
    """

    systems: tuple[MeasuredSystem, ...]
    metrics: tuple[Metric, ...]
    resampling: Resampling
    against: tuple[Against, ...]
    left_out: LeftOut = field(default_factory=dict)

    @property
    def common(self) -> str:
        """What was left out because not all systems have it, as a note; empty where nothing was."""
        sets, told = self.systems[0].scores.sets, []
        for name, counts in self.left_out.items():
            of = [f"{count:,} of {s.label}" for s, count in zip(self.systems, counts, strict=True) if count]
            told.append(f"{name} {len(sets[name].keys) if name in sets else 0:,} (left out: {', '.join(of)})")
        return f"Only sentences that all systems have: {'; '.join(told)}." if told else ""

    def _common_document(self) -> Json:
        sets, labels = self.systems[0].scores.sets, [system.label for system in self.systems]
        return {
            name: {
                "sentences": len(sets[name].keys) if name in sets else 0,
                "left_out": dict(zip(labels, counts, strict=True)),
            }
            for name, counts in self.left_out.items()
        }

    def document(self) -> Json:
        """As JSON: F1 from 0 to 1, p values two-sided, those named Holm corrected within a pair of systems."""
        return {
            "version": VERSION,
            "metrics": list(self.metrics),
            "resampling": self.resampling.json(),
            "systems": [system.document() for system in self.systems],
            "comparisons": [against.document() for against in self.against],
            **({"common": self._common_document()} if self.left_out else {}),
            "warnings": self.warnings(),
        }

    @property
    def unlike(self) -> list[str]:
        """One line for each key in which systems were not scored alike, to which a difference may be due."""
        return [
            difference.sentence(against.first.title, against.second.title)
            for against in self.against
            for difference in against.signature_differences
        ]

    def warnings(self) -> list[str]:
        """One line each: where systems were not scored alike, then what must be said of the systems themselves.

        What is to be said of all systems has no label.
        """
        noted = [self.common] if self.common else []
        return noted + self.unlike + warnings_of_all([(system.label, system.scores) for system in self.systems])


def type_differences(
    first: SetScores, second: SetScores, metric: Metric, resampling: Resampling
) -> list[TypeDifference]:
    """Of the types that occur in gold or predictions: those of the prompts in their order, then others."""
    columns = [part.statistics.columns_of(metric) for part in (first, second)]
    kinds = dict.fromkeys([*first.types, *second.types, *columns[0], *columns[1]])
    occurring = [kind for kind in kinds if kind in columns[0] or kind in columns[1]]
    differing = []
    for start in range(0, len(occurring), TYPES_AT_ONCE):
        names = occurring[start : start + TYPES_AT_ONCE]
        paired = pair(first, second, metric, names)
        sums, drawn = paired.sums(), f1(paired.resampled(resampling), metric)
        gold, (one, two) = sums[0, :, 2] / METRICS[metric].unit, f1(sums, metric)
        resampled = drawn[:, 1] - drawn[:, 0]
        ends = [interval(resampled[:, i], resampling.confidence) for i in range(len(names))]
        rows = zip(names, gold.tolist(), one.tolist(), two.tolist(), (two - one).tolist(), ends, strict=True)
        differing += [TypeDifference(*row) for row in rows]
    return differing


def changes(first: SetScores, second: SetScores, metric: Metric) -> Changes:
    """The sentences whose counts by ``metric`` differ. Other entities with the same counts are no change."""
    paired, unit = pair(first, second, metric), METRICS[metric].unit
    counts = paired.counts[:, :, 0]
    gains = (counts[:, 1] - counts[:, 0]) @ np.array([3, -1, -1])
    differs = np.isin(paired.places, np.flatnonzero((counts[:, 0] != counts[:, 1]).any(axis=1)))
    by_sign: dict[float, list[ChangedSentence]] = {1: [], -1: [], 0: []}
    for i in sorted(np.flatnonzero(differs), key=lambda i: int(paired.order[i])):
        one, two = (
            (right, predicted, gold) if unit == 1 else (right / unit, predicted / unit, gold / unit)
            for right, predicted, gold in counts[paired.places[i]].tolist()
        )
        gain = float(gains[paired.places[i]]) / unit
        by_sign[np.sign(gain)].append(ChangedSentence(first.ids[int(paired.order[i])], one, two, gain))
    return Changes(len(paired.places), tuple(by_sign[1]), tuple(by_sign[-1]), tuple(by_sign[0]))


def comparison(
    systems: Sequence[MeasuredSystem],
    metrics: Sequence[Metric] | None = None,
    resampling: Resampling | None = None,
    only_common: bool = False,
) -> Comparison:
    """Each system but the first against the first, on the sentences that all have where ``only_common``.

    ``metrics`` None are the usual ones that all systems were scored by, or else any that they share. Raises UsageError
    for fewer than two systems, for sentences or gold that differ and for a metric that a system lacks.
    """
    if len(systems) < 2:
        raise UsageError("a comparison needs two systems or more")
    first, resampling = systems[0], resampling or Resampling(TRIALS)
    left_out: LeftOut = {}
    if only_common:
        systems, left_out = _on_common(systems)
        first = systems[0]
    try:
        for other in systems[1:]:
            require_same_sentences(first.scores, other.scores)
    except UsageError as error:
        hint = "" if only_common else "; --common compares the sentences that all systems have"
        raise UsageError(f"{error}{hint}") from None
    chosen = ordered(metrics or shared_metrics(systems))
    against = [
        Against(first, other, resampling, {m: differences(first.scores, other.scores, m, resampling) for m in chosen})
        for other in systems[1:]
    ]
    return Comparison(tuple(systems), chosen, resampling, tuple(against), left_out)


def _on_common(systems: Sequence[MeasuredSystem]) -> tuple[list[MeasuredSystem], LeftOut]:
    """The systems on the sentences that all have, which their signatures say where any was left out."""
    if groups := [system.title for system in systems if isinstance(system.scores, Group)]:
        raise UsageError(f"--common is not for groups of runs ({', '.join(groups)})")
    cut, left_out = common([system.scores for system in systems])
    if not left_out:
        return list(systems), left_out
    sets = cut[0].sets
    kept = ",".join(f"{name}={len(sets[name].keys) if name in sets else 0}" for name in left_out)
    measured = []
    for system, scores in zip(systems, cut, strict=True):
        others = {key: value for key, value in system.signature.items() if key not in ("data", "part")}
        measured.append(replace(system, scores=scores, signature={**data_fields(scores), "common": kept, **others}))
    return measured, left_out


def shared_metrics(systems: Sequence[MeasuredSystem]) -> tuple[Metric, ...]:
    """The usual metrics that all systems were scored by, or else all shared ones that have tests.

    Raises UsageError without any.
    """
    common = [metric for metric in METRICS if all(metric in system.scores.metrics for system in systems)]
    shared = [metric for metric in common if not METRICS[metric].distinct]
    if common and not shared:
        require_sums(common[0])
    if not shared:
        scored_by = "; ".join(f"{system.title} by {', '.join(system.scores.metrics)}" for system in systems)
        raise UsageError(f"the systems share no metric: {scored_by}")
    return tuple(metric for metric in shared if metric in DEFAULT) or tuple(shared)


def label_of(index: int) -> str:
    """A, B, C and so on; from the 27th system on a number."""
    return chr(ord("A") + index) if index < 26 else str(index + 1)


def measured(label: str, scores: Scores) -> MeasuredSystem:
    """A system that was scored by this program."""
    return MeasuredSystem(label, scores, signature_fields(scores, Resampling()))


def read_measured(label: str, path: Path) -> MeasuredSystem:
    """A system of a scores.json with the signature that is in it. Raises InputError for an unusable file."""
    document = read_scores(path)
    return MeasuredSystem(label, scores_of(document, path), document.signature_fields, document.signature_short)


def scores_file(path: Path) -> Path | None:
    """The scores.json that ``path`` is, or holds where it is a folder without predictions; None for predictions."""
    if path.is_dir():
        inner = path / NAME
        return inner if inner.is_file() and not any(path.glob("predictions.jsonl*")) else None
    if path.suffix != ".json":
        return None
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            # The first key of scores.json is version, or average where keys were sorted; that of a record is another.
            opens = re.match(r'\s*(\{\s*("(version|average)"|$)|$)', file.read(200))
    except OSError:
        return path  # reading it says what is wrong
    return path if opens else None
