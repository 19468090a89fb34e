"""What is counted of one data set, sentence by sentence or part by part."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn

import numpy as np

from gner_bench.catalog import catalog
from gner_bench.catalog.problems import ProblemFinder
from gner_bench.data.sentence import ContentHash
from gner_bench.errors import InputError
from gner_bench.scoring.calibration import Calibration
from gner_bench.scoring.errors import ErrorAnalysis
from gner_bench.scoring.metrics import DEFINITIONS, Metric
from gner_bench.scoring.packed import Packed
from gner_bench.scoring.predictions import Origin, Prediction, Predictions
from gner_bench.scoring.scores import SetScores
from gner_bench.scoring.statistics import Statistics
from gner_bench.scoring.structuring import Structuring


def sentence_key(id: str, words: Iterable[str]) -> int:
    """52 bits of a hash of a sentence's id and words, by which runs are compared."""
    return int.from_bytes(hashlib.blake2b("\0".join((id, *words)).encode(), digest_size=8).digest()) >> 12


class Tally:
    """The sums of one data set. Tallies of parts, extended in the order of the parts, are that of the whole.

    It begins without sentences, as that of the data set of ``first``.
    """

    def __init__(self, first: Prediction, metrics: tuple[Metric, ...]) -> None:
        name, split = self.name, self.split = first.dataset, first.split
        self._first, self._metrics = (first.file, first.line), metrics
        self._statistics = Statistics(metrics)
        self._types: dict[str, None] = {}
        self._ids, self._keys = Packed(), array("Q")
        self._content = ContentHash()
        self._problems = ProblemFinder(name, split)
        self._structuring, self._errors = Structuring(), ErrorAnalysis(metrics)
        self._calibration = Calibration()

    def add(self, sentence: Prediction) -> None:
        """Count a sentence. Raises InputError for one of another split."""
        if sentence.split != self.split:
            self._refuse(sentence.split, sentence.file, sentence.line)
        self._types.update(dict.fromkeys(sentence.types))
        self._ids.append(sentence.id)
        self._keys.append(sentence_key(sentence.id, sentence.words))
        self._statistics.add({metric: DEFINITIONS[metric].count(sentence) for metric in self._metrics})
        self._content.add(sentence.words, sentence.gold)
        self._problems.add(sentence.words)
        self._structuring.add(sentence)
        self._errors.add(sentence)
        if "confidence" in sentence.generation:
            self._calibration.add(sentence)

    def extend(self, later: Tally) -> None:
        """Add the sentences of a tally of the same data set. Raises InputError for one of another split."""
        if later.split != self.split:
            self._refuse(later.split, *later._first)
        self._types.update(later._types)
        self._ids.extend(later._ids)
        self._keys.extend(later._keys)
        self._statistics.extend(later._statistics)
        self._content.extend(later._content)
        self._problems.extend(later._problems)
        self._structuring.extend(later._structuring)
        self._errors.extend(later._errors)
        self._calibration.extend(later._calibration)

    def _refuse(self, split: str, file: Path, line: int) -> NoReturn:
        message = f"{split!r}, but earlier sentences of {self.name} are of {self.split!r}"
        raise InputError(file, message, line, "split")

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
        """The scores of the sentences so far."""
        details = {
            **self._structuring.document(),
            "errors": self._errors.document(self._statistics),
            "problems": self._problems.problems(),
            **({"calibration": self._calibration.document()} if self._calibration.sentences else {}),
        }
        return SetScores(
            self.name,
            self.split,
            tuple(self._types),
            self._content.hexdigest(),
            self._statistics,
            self._ids,
            self._keys,
            origin.planned.get(self.name) or _published_size(self.name, self.split),
            details,
        )


def _published_size(name: str, split: str) -> int | None:
    """How many sentences the catalogue says the split has."""
    dataset = catalog().find_dataset(name)
    facts = dataset.splits.get(split) if dataset else None
    return facts.sentences or None if facts else None
