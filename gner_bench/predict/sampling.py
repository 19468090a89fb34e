"""Sentences drawn at random, and whether those that are in a row in a data set are as good as drawn."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist, median_low

from gner_bench.data import Dataset, Sentence

LEAST = 25
"""Sentences of the shortest section that is tested: in shorter ones few types are there at all."""
EXPECTED = 5
"""How often a section should have and lack a feature for it to be tested, as for any chi-squared test."""
LEVEL = 0.001
"""Of the test, over all features of a data set."""


def drawn(dataset: Dataset, count: int, seed: int) -> Dataset:
    """``count`` sentences of ``dataset`` (all where it has no more), drawn without replacement, in their order.

    They are those of the lowest SHA-256 of seed, data set, split and id: a smaller sample is part of a larger one of
    the same seed, and none depends on what other data sets or sentences there are.
    """
    ranked = sorted(dataset.sentences, key=lambda sentence: _rank(dataset, sentence, seed))
    ids = {sentence.id for sentence in ranked[:count]}
    return replace(dataset, sentences=tuple(s for s in dataset.sentences if s.id in ids))


def _rank(dataset: Dataset, sentence: Sentence, seed: int) -> bytes:
    return hashlib.sha256(f"{seed} {dataset.name}/{dataset.split}/{sentence.id}".encode()).digest()


@dataclass(frozen=True)
class Order:
    """A feature that sections of ``size`` sentences have more unequally than random ones: in ``least`` to ``most``
    of their sentences, ``mean`` in the mean section."""

    feature: str
    size: int
    least: int
    most: int
    mean: float

    def __str__(self) -> str:
        held = f"{self.least} to {self.most} {self.feature} ({self.mean:.0f} on average)"
        return f"its sentences are not in random order: of {self.size} in a row {held}"


def found_order(sentences: Sequence[Sentence], size: int) -> Order | None:
    """The feature in which sections of ``size`` sentences differ most beyond chance, None where none does.

    Features are an entity of each type, no entity, and more words than the median. The numbers of sentences that have
    it in each whole section are tested for dispersion (chi-squared, at 0.1% over all features). Sections have at least
    25 sentences and there are at least two.
    """
    size = min(max(size, LEAST), len(sentences) // 2)
    sections = len(sentences) // size if size else 0
    rows = [_features(sentence) for sentence in sentences[: sections * size]]
    if sections < 2:
        return None
    median = median_low(len(sentence.words) for sentence in sentences)
    for row, sentence in zip(rows, sentences, strict=False):
        row |= {f"have more than {median} words"} if len(sentence.words) > median else set()
    counts = {
        feature: [sum(feature in row for row in rows[at : at + size]) for at in range(0, len(rows), size)]
        for feature in sorted(set().union(*rows))
    }
    tested = {
        feature: (_dispersion(numbers, size), numbers)
        for feature, numbers in counts.items()
        if EXPECTED <= sum(numbers) / sections <= size - EXPECTED
    }
    if not tested:
        return None
    feature, (far, numbers) = max(tested.items(), key=lambda item: item[1][0])
    if far <= NormalDist().inv_cdf(1 - LEVEL / len(tested)):
        return None
    return Order(feature, size, min(numbers), max(numbers), sum(numbers) / sections)


def _features(sentence: Sentence) -> set[str]:
    return {f"have the type {tag[2:]}" for tag in sentence.tags if tag != "O"} or {"have no entity"}


def _dispersion(numbers: Sequence[int], size: int) -> float:
    """How many standard deviations the chi-squared of ``numbers`` of ``size`` each is above its mean.

    By the cube root, which is nearly normal (Wilson and Hilferty 1931, The distribution of chi-square).
    """
    free, total = len(numbers) - 1, len(numbers) * size
    mean = sum(numbers) / len(numbers)
    # Drawn without replacement, counts vary by (total - size) / (total - 1) of what a binomial does.
    variance = mean * (1 - mean / size) * (total - size) / (total - 1)
    chi2 = sum((number - mean) ** 2 for number in numbers) / variance * free / len(numbers)
    spread = 2 / (9 * free)
    return float(((chi2 / free) ** (1 / 3) - (1 - spread)) / spread**0.5)
