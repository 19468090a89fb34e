"""The sentences of all runs in columns of small numbers, for the sample browser.

Sentences that several runs share are stored once. ``samples.js`` reads what ``columns`` writes.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from gner_bench.data.sentence import ContentHash
from gner_bench.errors import IntegrityError
from gner_bench.records import Json
from gner_bench.report.page.spans import CLASSES, Spans, judged, written
from gner_bench.report.page.values import PageSystem
from gner_bench.scoring.predictions import Prediction, SetKey
from gner_bench.structure.matching import STEPS

ABSENT = -1


@dataclass
class _Run:
    """What a system did with a sentence; see ``columns``."""

    spans: list[int] | int
    step: int
    text: str | int
    unplaced: list[tuple[str, str]]
    cut: bool


@dataclass
class _Sample:
    set: int
    id: str
    words: Sequence[str]
    gold: list[int]
    runs: dict[int, _Run] = field(default_factory=dict)


class _Samples:
    """All sentences, each with what every system made of it."""

    def __init__(self) -> None:
        self.sets: dict[SetKey, dict[str, None]] = {}
        self.types: dict[str, int] = {}
        self.found: dict[tuple[object, ...], _Sample] = {}

    def add(self, run: int, sentence: Prediction) -> int:
        """Add a sentence of a run; returns how many of its entities are right."""
        key = (sentence.dataset, sentence.split, sentence.id, sentence.words, sentence.gold)
        self.sets.setdefault(key[:2], {}).update(dict.fromkeys(sentence.types))
        sample = self.found.get(key)
        if sample is None:
            place = list(self.sets).index(key[:2])
            gold = self._flat(sentence.gold_spans)
            sample = self.found[key] = _Sample(place, sentence.id, sentence.words, gold)
        spans = judged(sentence)
        right = sum(CLASSES[span[3]] == "correct" for span in spans)
        sample.runs[run] = self._run(sentence, 0 if right == len(spans) else self._flat(spans))
        return right

    def _run(self, sentence: Prediction, spans: list[int] | int) -> _Run:
        found = sentence.structured
        return _Run(
            spans,
            STEPS.index(found.match.step) if found else ABSENT,
            written(sentence),
            list(sentence.unplaced),
            sentence.generation.get("finish") == "length" or bool(sentence.generation.get("input_cut")),
        )

    def _flat(self, spans: Spans) -> list[int]:
        return [number for start, end, kind, *rest in spans for number in (start, end, self._type(kind), *rest)]

    def _type(self, kind: str) -> int:
        return self.types.setdefault(kind, len(self.types))

    def set_document(self, key: SetKey) -> Json:
        """A data set with its types in the order of its prompts."""
        return {"name": key[0], "split": key[1], "types": [self._type(kind) for kind in self.sets[key]]}

    def in_order(self) -> list[_Sample]:
        """The samples, those of one set together."""
        return sorted(self.found.values(), key=lambda sample: sample.set)


def columns(systems: Sequence[PageSystem]) -> Json | None:
    """The samples of the systems that have predictions, None where none has.

    For each sentence: ``set``, ``ids``, ``words`` and ``gold``, flat triples of first word, word after the last, type.
    For each run and sentence: ``spans``, flat quadruples with a class, 0 where they are the gold all correct, null
    where the run lacks the sentence; the ``step`` that matched it, -1 for none; the generated ``text``, 0 or 1 where it
    follows from the spans (see ``written``); and where there are any, ``unplaced`` entities and ``cut`` texts.
    Raises IntegrityError for predictions that are not those of the document.
    """
    shown = [system for system in systems if system.predictions is not None]
    if not shown:
        return None
    samples = _Samples()
    for run, system in enumerate(shown):
        _add(samples, run, system)
    found = samples.in_order()
    sets = [samples.set_document(key) for key in samples.sets]
    return {
        "types": list(samples.types),
        "classes": list(CLASSES),
        "steps": list(STEPS),
        "sets": sets,
        "set": [sample.set for sample in found],
        "ids": [sample.id for sample in found],
        "words": [sample.words for sample in found],
        "gold": [sample.gold for sample in found],
        "runs": [_run(run, system.title, found) for run, system in enumerate(shown)],
    }


def _run(run: int, title: str, samples: Sequence[_Sample]) -> Json:
    runs = [sample.runs.get(run) for sample in samples]
    return {
        "name": title,
        "spans": [each.spans if each else None for each in runs],
        "step": [each.step if each else ABSENT for each in runs],
        "text": [each.text if each else None for each in runs],
        "unplaced": {str(at): each.unplaced for at, each in enumerate(runs) if each and each.unplaced},
        "cut": [at for at, each in enumerate(runs) if each and each.cut],
    }


def _add(samples: _Samples, run: int, system: PageSystem) -> None:
    """Add the sentences of a system. Raises IntegrityError where they are not those that were scored."""
    content: dict[str, ContentHash] = {}
    right: Counter[str] = Counter()
    for sentence in system.predictions or ():
        content.setdefault(sentence.dataset, ContentHash()).add(sentence.words, sentence.gold)
        right[sentence.dataset] += samples.add(run, sentence)
    found = {name: (each.hexdigest(), right[name]) for name, each in content.items()}
    sets = system.document["datasets"]
    wrong = [name for name in found.keys() | sets.keys() if not _agrees(found.get(name), sets.get(name))]
    if wrong:
        names = ", ".join(sorted(wrong))
        raise IntegrityError(f"the predictions of {system.title} are not those that were scored ({names})")


def _agrees(found: tuple[str, int] | None, scores: Json | None) -> bool:
    """Whether content hash and number of right entities are those of the scores of a data set."""
    if found is None or scores is None:
        return False
    right = scores["strict"]["true_positives"] if "strict" in scores else found[1]
    return found == (scores["content_hash"], right)


def packed(document: Json) -> str:
    """A document as base64 of gzipped JSON: letters that can neither end an element nor begin one."""
    data = json.dumps(document, separators=(",", ":")).encode()
    return base64.b64encode(gzip.compress(data, 9, mtime=0)).decode()
