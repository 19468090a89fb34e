"""Where two systems differ: by entity type, and sentence by sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gner_bench.scoring.metrics import DEFINITIONS, Metric
from gner_bench.scoring.paired import pair
from gner_bench.scoring.resampling import Resampling, f1
from gner_bench.scoring.scores import SetScores

TYPES_AT_ONCE = 64
"""Types resampled at a time, which bounds the memory."""
Counted = tuple[float, float, float]
"""Right, predicted and gold, in entities."""


@dataclass(frozen=True)
class TypeDifference:
    """The F1 (0 to 1) of one entity type, of which there are ``gold``, and the paired interval of the difference."""

    name: str
    gold: float
    first: float
    second: float
    difference: float
    interval: tuple[float, float]


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

    ``sentences`` is the size of the set. Each part is in the order of the first system's sentences.
    """

    sentences: int
    better: tuple[ChangedSentence, ...]
    worse: tuple[ChangedSentence, ...]
    other: tuple[ChangedSentence, ...]


def type_differences(
    first: SetScores, second: SetScores, metric: Metric, resampling: Resampling
) -> list[TypeDifference]:
    """Of the types that occur in gold or predictions: those of the prompts in their order, then others."""
    columns = [each.statistics.columns_of(metric) for each in (first, second)]
    kinds = dict.fromkeys([*first.types, *second.types, *columns[0], *columns[1]])
    there = [kind for kind in kinds if any(kind in each for each in columns)]
    return [
        each
        for start in range(0, len(there), TYPES_AT_ONCE)
        for each in _type_differences(first, second, metric, resampling, there[start : start + TYPES_AT_ONCE])
    ]


def _type_differences(
    first: SetScores, second: SetScores, metric: Metric, resampling: Resampling, kinds: Sequence[str]
) -> list[TypeDifference]:
    paired = pair(first, second, metric, kinds)
    sums, drawn = paired.sums(), f1(paired.resampled(resampling), metric)
    one, two = f1(sums, metric).tolist()
    resampled = drawn[:, 1] - drawn[:, 0]
    gold = (sums[0, :, 2] / DEFINITIONS[metric].unit).tolist()
    return [
        TypeDifference(kind, gold[i], one[i], two[i], two[i] - one[i], resampling.interval(resampled[:, i]))
        for i, kind in enumerate(kinds)
    ]


def changes(first: SetScores, second: SetScores, metric: Metric) -> Changes:
    """The sentences whose counts by ``metric`` differ. Other entities with the same counts are no change."""
    paired, unit = pair(first, second, metric), DEFINITIONS[metric].unit
    counts = paired.counts[:, :, 0]
    gains = (counts[:, 1] - counts[:, 0]) @ np.array([3, -1, -1])
    differs = np.isin(paired.places, np.flatnonzero((counts[:, 0] != counts[:, 1]).any(axis=1)))
    found: dict[float, list[ChangedSentence]] = {1: [], -1: [], 0: []}
    for i in sorted(np.flatnonzero(differs), key=lambda i: int(paired.order[i])):
        place = paired.places[i]
        one, two = (_in_entities(each, unit) for each in counts[place].tolist())
        gain = float(gains[place]) / unit
        found[np.sign(gain)].append(ChangedSentence(first.ids[int(paired.order[i])], one, two, gain))
    return Changes(len(paired.places), tuple(found[1]), tuple(found[-1]), tuple(found[0]))


def _in_entities(counts: Sequence[int], unit: int) -> Counted:
    right, predicted, gold = (each if unit == 1 else each / unit for each in counts)
    return right, predicted, gold
