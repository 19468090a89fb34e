"""Integer counts per sentence, from which every score follows by summing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from gner_bench.scoring.entities import entities, normalise, strict_spans

E = TypeVar("E", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Counts:
    """True positives, predicted entities and gold entities."""

    true_positives: int = 0
    predicted: int = 0
    gold: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.true_positives + other.true_positives, self.predicted + other.predicted, self.gold + other.gold
        )


TypedCounts = Mapping[str, Counts]
"""Counts by entity type; their sum is the count of the sentence."""


def total(counts: Iterable[Counts]) -> Counts:
    return sum(counts, Counts())


def gner_counts(
    words: Sequence[str], gold: Sequence[str], predicted: Sequence[str], types: Sequence[str]
) -> TypedCounts:
    """The GNER metric: each side becomes the set of its normalised (text, type) pairs (design of Ding et al. 2024).

    Keys are names of ``types`` where their normalised form is met, otherwise that form.
    """
    names = {normalise(name): name for name in reversed(types)}
    return _compare(set(entities(words, gold)), set(entities(words, predicted)), lambda e: names.get(e[1], e[1]))


def strict_counts(gold: Sequence[str], predicted: Sequence[str]) -> TypedCounts:
    """The strict metric: spans by position and type, in valid BIO only."""
    return _compare(set(strict_spans(gold)), set(strict_spans(predicted)), lambda span: span[2])


def _compare(gold: set[E], predicted: set[E], kind: Callable[[E], str]) -> TypedCounts:
    right, made, expected = (Counter(map(kind, side)) for side in (gold & predicted, predicted, gold))
    return {name: Counts(right[name], made[name], expected[name]) for name in made.keys() | expected.keys()}
