"""Systems against the first of them: how far their F1 differs, in which types, on which sentences, if like for like."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

from gner_bench.errors import UsageError
from gner_bench.records import Json
from gner_bench.scoring.changed import Changes, TypeDifference, changes, type_differences
from gner_bench.scoring.document import read_scores
from gner_bench.scoring.metrics import DEFAULT, DEFINITIONS, METRICS, Metric
from gner_bench.scoring.paired import Difference, differences, require_same_sentences
from gner_bench.scoring.resampling import Resampling
from gner_bench.scoring.scores import Scores, SetScores
from gner_bench.scoring.signature import signature_fields
from gner_bench.scoring.warnings import warnings_of

VERSION = 1
RESAMPLES = 10_000
NOT_STATED = "(not stated)"
NOT_COMPARED = frozenset({"metric", "part", "bs", "seed"})
"""Keys that a comparison settles itself: the systems stand on the same sentences and are resampled alike."""
BY_METRIC = ("count", "repair")


@dataclass(frozen=True)
class MeasuredSystem:
    """One system: ``label`` is its letter in tables, ``signature`` by key says how it was scored."""

    label: str
    scores: Scores
    signature: Mapping[str, str]

    @property
    def title(self) -> str:
        return f"{self.label} {self.scores.origin.system.name}"

    def document(self) -> Json:
        origin = self.scores.origin
        files = [str(file) for file in origin.files]
        return {
            "label": self.label,
            "name": origin.system.name,
            "files": files,
            "signature_fields": dict(self.signature),
        }


@dataclass(frozen=True)
class SignatureDifference:
    """A key of the signatures with another value for each of two systems."""

    key: str
    first: str
    second: str

    def said(self, first: str, second: str) -> str:
        return f"not like for like: {self.key} is {self.first} for {first}, {self.second} for {second}"


@dataclass(frozen=True)
class Against:
    """The ``second`` system against the ``first``. ``differences`` are by data set and then of the mean."""

    first: MeasuredSystem
    second: MeasuredSystem
    resampling: Resampling
    differences: Mapping[Metric, Sequence[Difference]]

    @property
    def signature_differences(self) -> list[SignatureDifference]:
        """Where the two were not scored alike."""
        one, other = (comparable(each.signature, list(self.differences)) for each in (self.first, self.second))
        keys = dict.fromkeys([*one, *other])
        values = [(key, one.get(key, NOT_STATED), other.get(key, NOT_STATED)) for key in keys]
        return [SignatureDifference(*each) for each in values if each[1] != each[2]]

    @cached_property
    def types(self) -> dict[Metric, dict[str, list[TypeDifference]]]:
        """By metric and data set, for metrics that know types."""
        return {
            metric: {name: type_differences(*sets, metric, self.resampling) for name, sets in self._sets().items()}
            for metric in self.differences
            if DEFINITIONS[metric].typed
        }

    @cached_property
    def changed(self) -> dict[str, Changes]:
        """By data set, by the counts of ``changed_by``."""
        return {name: changes(*sets, self.changed_by) for name, sets in self._sets().items()}

    @property
    def changed_by(self) -> Metric:
        """The metric whose counts tell which sentences changed."""
        return next(iter(self.differences))

    def _sets(self) -> dict[str, tuple[SetScores, SetScores]]:
        second = self.second.scores.sets
        return {name: (each, second[name]) for name, each in self.first.scores.sets.items()}

    def document(self) -> Json:
        """As JSON, F1 from 0 to 1."""
        return {
            "first": self.first.label,
            "second": self.second.label,
            "signature_differences": [asdict(each) for each in self.signature_differences],
            "differences": {metric: _by_name(found) for metric, found in self.differences.items()},
            "types": {
                metric: {name: {each.name: _plain(each) for each in found} for name, found in sets.items()}
                for metric, sets in self.types.items()
            },
            "changed_by": self.changed_by,
            "changed": {name: asdict(each) for name, each in self.changed.items()},
        }


@dataclass(frozen=True)
class Comparison:
    """Two or more ``systems`` on the same sentences, each but the first ``against`` the first."""

    systems: tuple[MeasuredSystem, ...]
    metrics: tuple[Metric, ...]
    resampling: Resampling
    against: tuple[Against, ...]

    def document(self) -> Json:
        """As JSON: F1 from 0 to 1, p values two-sided, those named Holm corrected within a pair of systems."""
        return {
            "version": VERSION,
            "metrics": list(self.metrics),
            "resampling": asdict(self.resampling),
            "systems": [each.document() for each in self.systems],
            "comparisons": [each.document() for each in self.against],
            "warnings": self.warnings(),
        }

    def warnings(self) -> list[str]:
        """One line each: where systems were not scored alike, then what must be said of the systems themselves."""
        found = [
            each.said(pair.first.title, pair.second.title)
            for pair in self.against
            for each in pair.signature_differences
        ]
        return found + _shared([(each.label, warnings_of(each.scores)) for each in self.systems])


def _shared(warnings: Sequence[tuple[str, list[str]]]) -> list[str]:
    """Warnings of several systems, each once, with their labels where it is not of all of them."""
    labels: dict[str, list[str]] = {}
    for label, lines in warnings:
        for line in dict.fromkeys(lines):
            labels.setdefault(line, []).append(label)
    return [line if len(of) == len(warnings) else f"{', '.join(of)}: {line}" for line, of in labels.items()]


def _by_name(found: Sequence[Difference]) -> Json:
    *sets, mean = [(each.name, _plain(each) | {"significant": each.significant}) for each in found]
    return {"mean": mean[1], "datasets": dict(sets)}


def _plain(each: Difference | TypeDifference) -> Json:
    return {key: value for key, value in asdict(each).items() if key != "name"}


def comparison(
    systems: Sequence[MeasuredSystem], metrics: Sequence[Metric] | None = None, resampling: Resampling | None = None
) -> Comparison:
    """Each system but the first against the first.

    ``metrics`` None are the usual ones that all systems were scored by, or else any that they share. Raises UsageError
    for fewer than two systems, for sentences or gold that differ and for a metric that a system lacks.
    """
    if len(systems) < 2:
        raise UsageError("a comparison needs two systems or more")
    first, resampling = systems[0], resampling or Resampling(RESAMPLES)
    for each in systems[1:]:
        require_same_sentences(first.scores, each.scores)
    chosen = tuple(metrics) if metrics else shared_metrics(systems)
    ordered = tuple(metric for metric in METRICS if metric in chosen)
    against = [
        Against(first, other, resampling, {m: differences(first.scores, other.scores, m, resampling) for m in ordered})
        for other in systems[1:]
    ]
    return Comparison(tuple(systems), ordered, resampling, tuple(against))


def shared_metrics(systems: Sequence[MeasuredSystem]) -> tuple[Metric, ...]:
    """The usual metrics that all systems were scored by, or else all shared ones. Raises UsageError without any."""
    shared = [metric for metric in METRICS if all(metric in each.scores.metrics for each in systems)]
    if not shared:
        said = "; ".join(f"{each.title} by {', '.join(each.scores.metrics)}" for each in systems)
        raise UsageError(f"the systems share no metric: {said}")
    return tuple(metric for metric in shared if metric in DEFAULT) or tuple(shared)


def label_of(index: int) -> str:
    """A, B, C and so on; from the 27th system on a number."""
    return chr(ord("A") + index) if index < 26 else str(index + 1)


def measured(label: str, scores: Scores) -> MeasuredSystem:
    """A system that was scored by this program."""
    return MeasuredSystem(label, scores, signature_fields(scores, Resampling()))


def read_measured(label: str, path: Path) -> MeasuredSystem:
    """A system of a scores.json with the signature that stands there. Raises InputError for an unusable file."""
    scores, resampling = read_scores(path)
    stated = json.loads(path.read_text(encoding="utf-8")).get("signature_fields")
    fields = stated if isinstance(stated, dict) else signature_fields(scores, resampling)
    return MeasuredSystem(label, scores, {key: str(value) for key, value in fields.items()})


def scores_file(path: Path) -> Path | None:
    """The scores.json that ``path`` is, or holds where it is a folder without predictions; None for predictions."""
    if path.is_dir():
        inner = path / "scores.json"
        return inner if inner.is_file() and not any(path.glob("predictions.jsonl*")) else None
    return path if path.suffix == ".json" and _opens_as_scores(path) else None


def _opens_as_scores(path: Path) -> bool:
    """Whether the first key is that of scores.json; a record of predictions opens with another."""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return re.match(r'\s*(\{\s*("(version|average)"|$)|$)', file.read(200)) is not None
    except OSError:
        return True


def comparable(signature: Mapping[str, str], metrics: Sequence[Metric]) -> dict[str, str]:
    """The keys of a signature that must agree for a comparison by ``metrics``."""
    kept = {key: value for key, value in signature.items() if key not in NOT_COMPARED}
    for key in BY_METRIC:
        parts = kept.get(key, "").split(",")
        kept[key] = ",".join(part for part in parts if part.partition("=")[0] in metrics)
    kept["data"] = ",".join(sorted(kept.get("data", "").split(",")))
    if "gner" not in metrics:
        kept.pop("norm", None)
    return kept
