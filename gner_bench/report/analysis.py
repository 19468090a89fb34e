"""Errors of data sets, one by one and together, for tables and figures (``documents.scores`` reads them).

All counts of entities are of strict spans.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from gner_bench.documents.scores import Bin, Calibration, Conflicting, Errors, Triple
from gner_bench.messages import one_line
from gner_bench.number_text import decimal
from gner_bench.report.load import SystemScores
from gner_bench.scoring.errors import ERROR_CLASSES, PAPER, ErrorClass
from gner_bench.scoring.metrics import Metric, prf
from gner_bench.scoring.oracles import ORACLES

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


@dataclass
class Mistakes:
    """Entities of some sentences: by class, by gold and predicted type, and right, predicted, gold in buckets."""

    classes: Counter[str] = field(default_factory=Counter)
    confusion: Confusion = field(default_factory=Counter)
    by_entity_length: Buckets = field(default_factory=dict)
    by_sentence_length: Buckets = field(default_factory=dict)
    by_type_position: Buckets = field(default_factory=dict)
    oracle: dict[str, dict[str, Triple]] = field(default_factory=dict)
    conflicting: Conflicting | None = None

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


def mistakes_of(errors: Errors) -> Mistakes:
    """The errors of a data set."""
    confusion: Confusion = Counter()
    for gold, predicted, count in errors.confusion:
        confusion[gold, predicted] += count
    return Mistakes(
        Counter({name: errors.classes.get(name, 0) for name in ERROR_CLASSES}),
        confusion,
        errors.by_entity_length,
        errors.by_sentence_length,
        errors.by_type_position,
        {name: errors.oracle[name] for name in ORACLES if name in errors.oracle},
        errors.conflicting,
    )


def conflict_note(sets: Mapping[str, Mistakes]) -> str:
    """What share of the errors is in sentences whose gold conflicts, in words; empty where none does."""
    told = []
    for name, part in sets.items():
        if (found := part.conflicting) is not None:
            errors = part.classes.total() - part.classes["correct"]
            share = f" ({decimal(100 * found.errors / errors)}%)" if errors else ""
            told.append(
                f"{one_line(name)} {found.errors:,} of {errors:,} errors{share} in {found.sentences:,} sentences"
            )
    return f"In sentences that are there several times with different gold: {'; '.join(told)}." if told else ""


def mistakes_by_set(system: SystemScores) -> dict[str, Mistakes]:
    """The mistakes of each data set that was analysed."""
    parts = {name: scores.analysis.errors for name, scores in system.scores.sets.items()}
    return {name: mistakes_of(errors) for name, errors in parts.items() if errors is not None}


def pooled(parts: Iterable[Mistakes]) -> Mistakes:
    """The mistakes of several data sets together."""
    total = Mistakes()
    for part in parts:
        total.classes.update(part.classes)
        total.confusion.update(part.confusion)
        for sums, more in (
            (total.by_entity_length, part.by_entity_length),
            (total.by_sentence_length, part.by_sentence_length),
            (total.by_type_position, part.by_type_position),
            *((total.oracle.setdefault(name, {}), triples) for name, triples in part.oracle.items()),
        ):
            for name, triple in more.items():
                sums[name] = added([sums.get(name, (0, 0, 0)), triple])
    return total


def pooled_by_system(systems: Iterable[SystemScores]) -> dict[str, Mistakes]:
    """The mistakes of each system, of all its data sets together."""
    return {system.name: pooled(mistakes_by_set(system).values()) for system in systems}


def pooled_bins(parts: Iterable[Calibration]) -> list[Bin]:
    """The bins of several data sets together, the lowest confidence first."""
    by_end: dict[float, list[Bin]] = {}
    for part in parts:
        for one in part.reliability:
            by_end.setdefault(one.to, []).append(one)
    total = []
    for to, bins in sorted(by_end.items()):
        count, correct = sum(one.count for one in bins), sum(one.correct for one in bins)
        confidence = sum((one.confidence or 0.0) * one.count for one in bins if one.count)
        shares = (confidence / count, correct / count) if count else (None, None)
        total.append(Bin(bins[0].above, to, count, shares[0], correct, shares[1]))
    return total


def added(triples: Iterable[Triple]) -> Triple:
    """The sums of several triples."""
    right, predicted, gold = (sum(column) for column in zip((0, 0, 0), *triples, strict=True))
    return right, predicted, gold
