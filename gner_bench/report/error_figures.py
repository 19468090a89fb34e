"""Figures of the error analysis that a scores.json document holds, for tables.

``part`` is what the document says of one data set. Where it says nothing of errors, results are empty.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from gner_bench.records import Json
from gner_bench.scoring.errors import ERROR_CLASSES, PAPER, ErrorClass
from gner_bench.scoring.metrics import Metric, prf
from gner_bench.scoring.oracles import ORACLES

Buckets = Literal["by_entity_length", "by_sentence_length", "by_type_position"]
Counted = tuple[int, int, int]
"""Right, predicted, gold."""


def analysed(document: Json) -> dict[str, Json]:
    """The data sets of a document that say something of errors."""
    return {name: part for name, part in document["datasets"].items() if part.get("errors")}


def error_counts(part: Json) -> dict[ErrorClass, int]:
    """Pairs and single spans by class."""
    counts = part.get("errors", {}).get("classes", {})
    return {name: counts[name] for name in ERROR_CLASSES if name in counts}


def summed(counts: Iterable[Mapping[ErrorClass, int]]) -> dict[ErrorClass, int]:
    """The classes of several data sets together."""
    several = list(counts)
    return {name: sum(each.get(name, 0) for each in several) for name in ERROR_CLASSES if several}


def shares(counts: Mapping[ErrorClass, int]) -> dict[ErrorClass, float]:
    """The share of each class, from 0 to 1, of all pairs and single spans; 0 where there are none."""
    whole = sum(counts.values())
    return {name: count / whole if whole else 0.0 for name, count in counts.items()}


def paper_counts(counts: Mapping[ErrorClass, int]) -> dict[str, int]:
    """Unlabeled, noisy and boundary errors by our reading (``scoring.errors.PAPER``)."""
    return {error: sum(counts.get(name, 0) for name in names) for error, names in PAPER.items() if counts}


def bucket_counts(part: Json, buckets: Buckets) -> dict[str, Counted]:
    """Right, predicted and gold as ``strict`` counts, by length of entities or sentences or by position of the type."""
    return {name: _counted(triple) for name, triple in part.get("errors", {}).get(buckets, {}).items()}


def _counted(triple: Sequence[int]) -> Counted:
    right, predicted, gold = triple
    return right, predicted, gold


def grouped(counts: Mapping[str, Counted], groups: Mapping[str, Sequence[str]]) -> dict[str, Counted]:
    """The counts of several buckets together, by the name of each group."""
    return {group: _sum(counts[name] for name in names if name in counts) for group, names in groups.items()}


def pooled(several: Iterable[Mapping[str, Counted]]) -> dict[str, Counted]:
    """The counts of several data sets together."""
    found: dict[str, Counted] = {}
    for counts in several:
        for name, triple in counts.items():
            found[name] = _sum([found.get(name, (0, 0, 0)), triple])
    return found


def _sum(triples: Iterable[Counted]) -> Counted:
    return _counted([sum(column) for column in zip((0, 0, 0), *triples, strict=True)])


def f1_of(counts: Counted, metric: Metric = "strict") -> float | None:
    """F1 from 0 to 1, None where there are neither predicted nor gold entities."""
    return prf(*counts, metric).f1 if counts[1] or counts[2] else None


def oracle_f1(part: Json, metric: Metric) -> dict[str, float]:
    """F1 from 0 to 1 as it would be, by oracle (``scoring.oracles``), and ``as_it_is``; empty for other metrics."""
    oracles = part.get("errors", {}).get("oracle", {})
    known = {name: oracles[name][metric] for name in ORACLES if metric in oracles.get(name, {})}
    if not known:
        return {}
    return {"as_it_is": part[metric]["f1"]} | {name: prf(*_counted(each), metric).f1 for name, each in known.items()}
