"""Scores of one system: what was counted in each data set, and what is known of the run."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from gner_bench.catalog import catalog
from gner_bench.catalog.problems import ProblemFinder
from gner_bench.data.sentence import ContentHash
from gner_bench.errors import InputError
from gner_bench.records import Json
from gner_bench.scoring.calibration import Calibration
from gner_bench.scoring.errors import ErrorAnalysis
from gner_bench.scoring.metrics import DEFAULT, DEFINITIONS, METRICS, Metric
from gner_bench.scoring.predictions import Origin, Prediction, Predictions
from gner_bench.scoring.statistics import Statistics
from gner_bench.scoring.structuring import Structuring


@dataclass(frozen=True)
class SetScores:
    """One data set: the ``statistics`` of its sentences, and their ``ids`` and ``keys`` (see ``sentence_key``) in turn.

    ``types`` are those of the prompts. ``planned`` is the number of sentences that the set should have, None where
    unknown. ``details`` are the parts of scores.json that are no scores: matching steps, structuring, errors, problems.
    """

    name: str
    split: str
    types: tuple[str, ...]
    content_hash: str
    statistics: Statistics
    ids: Sequence[str]
    keys: array[int]
    planned: int | None = None
    details: Json = field(default_factory=dict)

    @property
    def missing(self) -> int:
        """How many of the planned sentences were not scored."""
        return max(0, (self.planned or 0) - len(self.statistics))


@dataclass(frozen=True)
class Scores:
    """One system on data ``sets``, by name."""

    origin: Origin
    metrics: tuple[Metric, ...]
    sets: dict[str, SetScores]


def sentence_key(id: str, words: Iterable[str]) -> int:
    """52 bits of a hash of a sentence's id and words, by which runs are compared."""
    return int.from_bytes(hashlib.blake2b("\0".join((id, *words)).encode(), digest_size=8).digest()) >> 12


def score(predictions: Predictions, metrics: Sequence[Metric] = DEFAULT) -> Scores:
    """Count every sentence of ``predictions``, by each of ``metrics`` once, in the order of METRICS.

    Raises InputError for unreadable predictions, for a sentence that stands twice and for a data set of two splits.
    """
    origin = predictions.origin
    chosen = tuple(metric for metric in METRICS if metric in metrics)
    sets: dict[str, _Set] = {}
    for sentence in predictions:
        found = sets.get(sentence.dataset)
        if found is None:
            found = sets[sentence.dataset] = _Set(sentence.dataset, sentence.split, chosen)
        found.add(sentence)
    for found in sets.values():
        found.refuse_second(predictions)
    return Scores(origin, chosen, {name: each.scores(origin) for name, each in sets.items()})


class _Set:
    """The sentences of one data set, one after another."""

    def __init__(self, name: str, split: str, metrics: tuple[Metric, ...]) -> None:
        self.name, self.split = name, split
        self._counting = [(metric, DEFINITIONS[metric].count) for metric in metrics]
        self._statistics = Statistics(metrics)
        self._types: dict[str, None] = {}
        self._ids: list[str] = []
        self._keys = array("Q")
        self._content = ContentHash()
        self._problems = ProblemFinder(name, split)
        self._structuring, self._errors = Structuring(), ErrorAnalysis(metrics)
        self._calibration = Calibration()

    def add(self, sentence: Prediction) -> None:
        if sentence.split != self.split:
            message = f"{sentence.split!r}, but earlier sentences of {self.name} are of {self.split!r}"
            raise InputError(sentence.file, message, sentence.line, "split")
        self._types.update(dict.fromkeys(sentence.types))
        self._ids.append(sentence.id)
        self._keys.append(sentence_key(sentence.id, sentence.words))
        self._statistics.add({metric: count(sentence) for metric, count in self._counting})
        self._content.add(sentence.words, sentence.gold)
        self._problems.add(sentence.words)
        self._structuring.add(sentence)
        self._errors.add(sentence)
        if "confidence" in sentence.generation:
            self._calibration.add(sentence)

    def refuse_second(self, predictions: Predictions) -> None:
        """Raise InputError for a sentence that stands twice, read again to name its places."""
        keys, counts = np.unique(np.frombuffer(self._keys, dtype=np.uint64), return_counts=True)
        if counts.max(initial=0) < 2:
            return
        twice, first = int(keys[counts > 1][0]), None
        for each in predictions:
            if each.dataset == self.name and sentence_key(each.id, each.words) == twice:
                if first is not None:
                    message = f"sentence {each.id} of {self.name} was read already ({first.file}, line {first.line})"
                    raise InputError(each.file, message, each.line, "instance.id")
                first = each

    def scores(self, origin: Origin) -> SetScores:
        details = {
            **self._structuring.document(),
            "errors": self._errors.document(self._statistics),
            "problems": self._problems.problems(),
            **({"calibration": self._calibration.document()} if self._calibration.sentences else {}),
        }
        planned = origin.planned.get(self.name) or _published_size(self.name, self.split)
        content = self._content.hexdigest()
        return SetScores(
            self.name,
            self.split,
            tuple(self._types),
            content,
            self._statistics,
            self._ids,
            self._keys,
            planned,
            details,
        )


def _published_size(name: str, split: str) -> int | None:
    """How many sentences the catalogue says the split has."""
    dataset = catalog().find_dataset(name)
    facts = dataset.splits.get(split) if dataset else None
    return facts.sentences or None if facts else None
