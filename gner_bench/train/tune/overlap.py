"""Sentences that stand in a test set: which must not choose a checkpoint, and which were trained on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from gner_bench.data import Dataset, Sentence
from gner_bench.errors import UsageError

NAMED = 3
"""How many sentences a refusal names of each set."""


@dataclass(frozen=True)
class Overlap:
    """``sentences`` (ids) of one ``data`` set that stand in the test split of ``test``, of ``total``."""

    data: str
    test: str
    sentences: tuple[str, ...]
    total: int

    def __str__(self) -> str:
        return f"{len(self.sentences)} of {self.total} sentences of {self.data} stand in {self.test}/test"


def surface(words: Iterable[str]) -> str:
    """A sentence as compared: its words in lower case."""
    return " ".join(words).lower()


def overlaps(data: Mapping[str, Sequence[Sentence]], tests: Sequence[Dataset]) -> list[Overlap]:
    """Every pair of a set of ``data`` and a test set that share sentences, by their words in lower case."""
    found = []
    for test in tests:
        there = {surface(sentence.words) for sentence in test.sentences}
        for name, sentences in data.items():
            shared = tuple(each.id for each in sentences if surface(each.words) in there)
            if shared:
                found.append(Overlap(name, test.name, shared, len(sentences)))
    return found


def refuse_peeking(found: Sequence[Overlap]) -> None:
    """Raise UsageError when selection data overlap with a test set."""
    if found:
        listed = "; ".join(f"{each} (such as {', '.join(each.sentences[:NAMED])})" for each in found)
        raise UsageError(
            f"selecting on test sentences: {listed}; hold sentences of train out instead"
            " (selection.holdout), or accept it with selection.allow_leaks, which the model card will say"
        )
