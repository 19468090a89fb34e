"""The one typed reading of what scores.json says of errors, structuring and confidence, for tables and figures.

All counts of entities are of strict spans.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from gner_bench.documents.fields import Json
from gner_bench.errors import InputError
from gner_bench.report.load import SystemScores
from gner_bench.scoring.counts import Triple
from gner_bench.scoring.errors import ERROR_CLASSES, PAPER, ErrorClass
from gner_bench.scoring.metrics import Metric, prf
from gner_bench.scoring.oracles import ORACLES
from gner_bench.structure.matching import STEPS

T = TypeVar("T")
TITLES: dict[ErrorClass, str] = {
    "correct": "right",
    "wrong_type": "wrong type",
    "wrong_boundary": "wrong boundary",
    "wrong_both": "wrong type and boundary",
    "missed": "missed",
    "spurious": "spurious",
}
Confusion = Counter[tuple[str | None, str | None]]
"""Entities by gold and predicted type, None for none (spurious and missed)."""
Buckets = dict[str, Triple]
"""Right, predicted and gold entities by the name of a length or of a position."""
FREQUENT = ("omitted_words", "added_words", "substituted_words", "words_outside_vocabulary", "unknown_labels")
"""The counts of structuring whose most frequent words or labels are kept."""


@dataclass
class Mistakes:
    """Entities of some sentences: by class, by gold and predicted type, and right, predicted, gold in buckets."""

    classes: Counter[str] = field(default_factory=Counter)
    confusion: Confusion = field(default_factory=Counter)
    by_entity_length: Buckets = field(default_factory=dict)
    by_sentence_length: Buckets = field(default_factory=dict)
    by_type_position: Buckets = field(default_factory=dict)
    oracle: dict[str, dict[str, Triple]] = field(default_factory=dict)

    @property
    def gold(self) -> int:
        """Gold entities."""
        return sum(self.classes.values()) - self.classes["spurious"]

    @property
    def predicted(self) -> int:
        """Predicted entities."""
        return sum(self.classes.values()) - self.classes["missed"]

    @property
    def paper(self) -> dict[str, int]:
        """Unlabeled, noisy and boundary errors by our reading (``scoring.errors.PAPER``)."""
        return {error: sum(self.classes[name] for name in names) for error, names in PAPER.items()}

    @property
    def taken_for_others(self) -> list[tuple[str, str, int]]:
        """Gold type, predicted type and number of pairs of types that differ, the most frequent first."""
        rows = [
            (gold, predicted, count)
            for (gold, predicted), count in self.confusion.items()
            if gold is not None and predicted is not None and gold != predicted
        ]
        return sorted(rows, key=lambda row: (-row[2], row[0], row[1]))

    def oracle_f1(self, metric: Metric) -> dict[str, float]:
        """F1 from 0 to 1 as it would be, by oracle (``scoring.oracles``); empty for metrics without."""
        return {name: prf(*sums[metric], metric).f1 for name, sums in self.oracle.items() if metric in sums}

    def __bool__(self) -> bool:
        return bool(self.classes.total())


@dataclass(frozen=True)
class Structuring:
    """How generated text became tags: sentences by matching step, counts by name, the most frequent texts of some."""

    steps: dict[str, int]
    counts: dict[str, int]
    frequent: dict[str, Counter[tuple[str, ...]]]


@dataclass(frozen=True)
class Bin:
    """The ``count`` entities of a range of confidence: how many are ``correct``, and their mean ``confidence``."""

    above: float
    to: float
    count: int
    correct: int
    confidence: float


@dataclass(frozen=True)
class Calibration:
    """How far the confidence of predicted entities can be trusted: shares and errors from 0 to 1."""

    entities: int
    correct: int
    confidence: float | None
    ece: float
    average_precision: float
    reliability: tuple[Bin, ...]


def mistakes_of(part: Mapping[str, Any]) -> Mistakes | None:
    """The errors of a data set of scores.json, None where it says nothing of them.

    Raises KeyError, TypeError, ValueError or AttributeError for an analysis of another form.
    """
    errors = part.get("errors")
    if not errors:
        return None
    # The page shows these two; here they only have to be counts.
    for counts in errors["types"].values():
        list(map(_count, counts.values()))
    for error in errors["paper"].values():
        _count(error["count"])
    confusion: Confusion = Counter()
    for gold, predicted, count in errors["confusion"]:
        if not isinstance(gold, str | None) or not isinstance(predicted, str | None):
            raise TypeError(gold, predicted)
        confusion[gold, predicted] += _count(count)
    oracles = errors.get("oracle", {})
    return Mistakes(
        Counter({name: _count(errors["classes"][name]) for name in ERROR_CLASSES}),
        confusion,
        _buckets(errors["by_entity_length"]),
        _buckets(errors["by_sentence_length"]),
        _buckets(errors.get("by_type_position", {})),
        {name: _buckets(oracles[name]) for name in ORACLES if name in oracles},
    )


def structuring_of(part: Mapping[str, Any]) -> Structuring:
    """What a data set of scores.json says of structuring; what is no count there is left out."""
    steps, counted = (_object(part.get(key)) for key in ("matched_by", "structuring"))
    everything = counted | _object(counted.get("malformed_labels"))
    frequent = {
        key: Counter({tuple(texts): count for *texts, count in rows})
        for key, rows in _object(counted.get("most_frequent")).items()
    }
    return Structuring(
        {step: steps[step] for step in STEPS if type(steps.get(step)) is int},
        {key: value for key, value in everything.items() if type(value) is int},
        frequent,
    )


def calibration_of(part: Mapping[str, Any]) -> Calibration | None:
    """What a data set of scores.json says of confidence, None without.

    Raises KeyError, TypeError or ValueError for another form.
    """
    document = part.get("calibration")
    if not document:
        return None
    bins = []
    for row in document["reliability"]:
        count, correct = _count(row["count"]), _count(row["correct"])
        if correct > count:
            raise ValueError(row)
        above, to = float(row.get("above", 0.0)), float(row["to"])
        bins.append(Bin(above, to, count, correct, float(row["confidence"]) if count else 0.0))
    values = (document.get(key) for key in ("entities", "correct", "confidence", "ece", "average_precision"))
    entities, correct, confidence, ece, precision = values
    return Calibration(entities or 0, correct or 0, confidence, ece or 0.0, precision or 0.0, tuple(bins))


def mistakes_by_set(system: SystemScores) -> dict[str, Mistakes]:
    """The mistakes of each data set that was analysed. Raises InputError, naming the field, for another form."""
    return _by_set(system, "errors", "error analysis", mistakes_of)


def calibration_by_set(system: SystemScores) -> dict[str, Calibration]:
    """The calibration of each data set that has one. Raises InputError, naming the field, for another form."""
    return _by_set(system, "calibration", "calibration", calibration_of)


def _by_set(
    system: SystemScores, key: str, what: str, read: Callable[[Mapping[str, Any]], T | None]
) -> dict[str, T]:
    parts = {}
    for name, scores in system.scores.sets.items():
        try:
            part = read(scores.details)
        except (KeyError, TypeError, ValueError, AttributeError):
            message = f"is no {what} that this program reads"
            raise InputError(system.path, message, field=f"datasets.{name}.{key}") from None
        if part is not None:
            parts[name] = part
    return parts


def pooled(parts: Iterable[Mistakes]) -> Mistakes:
    """The mistakes of several data sets together; oracles are not summed."""
    total = Mistakes()
    for part in parts:
        total.classes.update(part.classes)
        total.confusion.update(part.confusion)
        for sums, more in (
            (total.by_entity_length, part.by_entity_length),
            (total.by_sentence_length, part.by_sentence_length),
            (total.by_type_position, part.by_type_position),
        ):
            for name, triple in more.items():
                sums[name] = added([sums.get(name, (0, 0, 0)), triple])
    return total


def added(triples: Iterable[Triple]) -> Triple:
    """The sums of several triples."""
    right, predicted, gold = (sum(column) for column in zip((0, 0, 0), *triples, strict=True))
    return right, predicted, gold


def _object(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def _count(value: object) -> int:
    if type(value) is not int or value < 0:
        raise ValueError(value)
    return value


def _buckets(counts: Mapping[str, Sequence[object]]) -> Buckets:
    buckets: Buckets = {}
    for name, triple in counts.items():
        right, predicted, gold = map(_count, triple)
        buckets[str(name)] = right, predicted, gold
    return buckets
