"""The error analysis of scores.json, as tables and figures use it. All counts are of strict spans."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from gner_bench.errors import InputError
from gner_bench.report.load import SystemScores
from gner_bench.scoring.counts import Triple
from gner_bench.scoring.errors import ERROR_CLASSES

TITLES = {
    "correct": "right",
    "wrong_type": "wrong type",
    "wrong_boundary": "wrong boundary",
    "wrong_both": "wrong type and boundary",
    "missed": "missed",
    "spurious": "spurious",
}
Confusion = Counter[tuple[str | None, str | None]]
"""Entities by gold and predicted type, None for none (spurious and missed)."""


@dataclass
class Mistakes:
    """Entities of some sentences: by class, by gold and predicted type, and right, predicted, gold by length."""

    classes: Counter[str] = field(default_factory=Counter)
    confusion: Confusion = field(default_factory=Counter)
    by_entity_length: dict[str, Triple] = field(default_factory=dict)
    by_sentence_length: dict[str, Triple] = field(default_factory=dict)

    @property
    def gold(self) -> int:
        """Gold entities."""
        return sum(self.classes.values()) - self.classes["spurious"]

    def __bool__(self) -> bool:
        return bool(self.classes.total())


def mistakes_by_set(system: SystemScores) -> dict[str, Mistakes]:
    """The mistakes of each data set that was analysed. Raises InputError, naming the field, for another form."""
    found = {name: each.details.get("errors") for name, each in system.scores.sets.items()}
    return {name: _read(system, f"datasets.{name}.errors", part) for name, part in found.items() if part}


def pooled(parts: Iterable[Mistakes]) -> Mistakes:
    """The mistakes of several data sets together."""
    total = Mistakes()
    for part in parts:
        total.classes.update(part.classes)
        total.confusion.update(part.confusion)
        for sums, more in (
            (total.by_entity_length, part.by_entity_length),
            (total.by_sentence_length, part.by_sentence_length),
        ):
            for name, (right, predicted, gold) in more.items():
                before = sums.get(name, (0, 0, 0))
                sums[name] = (before[0] + right, before[1] + predicted, before[2] + gold)
    return total


def _read(system: SystemScores, place: str, part: object) -> Mistakes:
    try:
        return _mistakes(part)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise InputError(system.path, "is no error analysis that this program reads", field=place) from None


def _mistakes(part: object) -> Mistakes:
    if not isinstance(part, Mapping):
        raise TypeError(part)
    # The page shows these two; here they only have to be counts.
    for counts in part["types"].values():
        list(map(_count, counts.values()))
    for error in part["paper"].values():
        _count(error["count"])
    confusion: Confusion = Counter()
    for gold, predicted, count in part["confusion"]:
        confusion[_type(gold), _type(predicted)] += _count(count)
    return Mistakes(
        Counter({name: _count(part["classes"][name]) for name in ERROR_CLASSES}),
        confusion,
        {str(name): _triple(sums) for name, sums in part["by_entity_length"].items()},
        {str(name): _triple(sums) for name, sums in part["by_sentence_length"].items()},
    )


def _count(value: object) -> int:
    if type(value) is not int or value < 0:
        raise ValueError(value)
    return value


def _type(value: object) -> str | None:
    if not isinstance(value, str | None):
        raise TypeError(value)
    return value


def _triple(sums: Iterable[object]) -> Triple:
    right, predicted, gold = map(_count, sums)
    return right, predicted, gold
