"""Finding sentences to look at: by name, or those with the most errors."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from gner_bench.documents.fields import Json
from gner_bench.errors import UsageError, did_you_mean, short
from gner_bench.scoring.described import read_described
from gner_bench.scoring.explain import verdicts
from gner_bench.scoring.predictions import Prediction, Predictions
from gner_bench.structure.matching import Step

NEAREST = 3
"""How many ids an error names."""


def find_samples(predictions: Predictions, names: Iterable[str]) -> dict[str, list[Prediction]]:
    """The sentences that each of ``names`` means, ``dataset/id`` or ``dataset/split/id``; several if it is there twice.

    Raises UsageError for an unknown data set or sentence, with the nearest, and InputError as reading does.
    """
    samples: dict[str, list[Prediction]] = {name: [] for name in names}
    ids: dict[str, list[str]] = {}
    for sentence in read_described(predictions):
        ids.setdefault(sentence.dataset, []).append(sentence.id)
        for name in (f"{sentence.dataset}/{sentence.id}", f"{sentence.dataset}/{sentence.split}/{sentence.id}"):
            if name in samples:
                samples[name].append(sentence)
    for name, sentences in samples.items():
        if not sentences:
            files = ", ".join(map(str, predictions.origin.files))
            raise UsageError(f"{files}: {_what_is_wrong(name, ids)}")
    return samples


@dataclass(frozen=True, slots=True)
class Ranked:
    """A sentence and how many errors of each class it has."""

    sentence: Prediction
    errors: Counter[str]

    @property
    def name(self) -> str:
        """As ``find_samples`` takes it."""
        return f"{self.sentence.dataset}/{self.sentence.id}"

    @property
    def step(self) -> Step | None:
        """The step that placed the generated words, None where tags came as such."""
        return self.sentence.structured.match.step if self.sentence.structured else None

    def document(self) -> Json:
        """As JSON."""
        place = {"file": str(self.sentence.file), "line": self.sentence.line}
        return {"sample": self.name, **place, "errors": dict(self.errors), "step": self.step}


def worst_samples(predictions: Predictions, most: int, classes: Collection[str] = ()) -> list[Ranked]:
    """Up to ``most`` sentences with errors, those with the most first, equals in their order.

    ``classes`` are the classes of error that count, all where none is named.
    """

    def with_errors() -> Iterator[Ranked]:
        for sentence in read_described(predictions):
            if not sentence.faultless or sentence.unplaced:
                kinds = (verdict.kind for verdict in verdicts(sentence))
                errors = Counter[str](k for k in kinds if k != "correct" and (k in classes or not classes))
                if errors:
                    yield Ranked(sentence, errors)

    return heapq.nlargest(most, with_errors(), key=lambda ranked: ranked.errors.total())


def _what_is_wrong(name: str, ids: dict[str, list[str]]) -> str:
    """Why there is no sentence ``name``, with the ids nearest to it: as numbers, else by spelling, else the first."""
    if "/" not in name:
        first = next(f"{dataset}/{known[0]}" for dataset, known in ids.items())
        return f"{short(name)} is not DATASET/ID, such as {_shown(first)}"
    dataset = max((known for known in ids if name.startswith(f"{known}/")), key=len, default=None)
    if dataset is None:
        asked = name.partition("/")[0]
        return f"no data set {short(asked)}; {did_you_mean(asked, list(map(_shown, ids)))}"
    id, known = name[len(dataset) + 1 :], ids[dataset]
    number, *numbers = [text if text.isdecimal() and len(text) < 19 else "" for text in (id, *dict.fromkeys(known))]
    if number and any(numbers):
        by_distance = sorted(filter(None, numbers), key=lambda other: abs(int(other) - int(number)))
        nearest = sorted(by_distance[:NEAREST], key=int)
    else:
        nearest = get_close_matches(id, known, NEAREST) or known[:NEAREST]
    listed = ", ".join(map(_shown, nearest))
    return f"no sentence {short(id)} in {_shown(dataset)} ({len(known)} sentences; nearest ids: {listed})"


def _shown(name: str) -> str:
    return name if name.isprintable() else short(name)
