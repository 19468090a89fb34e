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
from gner_bench.documents.fields import Json
from gner_bench.errors import IntegrityError
from gner_bench.report.page.content import PageSystem
from gner_bench.scoring.errors import ERROR_CLASSES, classify
from gner_bench.scoring.explain import outside_strict_spans
from gner_bench.scoring.predictions import Prediction, SetKey
from gner_bench.structure.matching import STEPS

ABSENT = -1
CLASSES = (*ERROR_CLASSES, "stray")
"""Those of scoring.errors, in their order, and ``stray``: predicted ``I-`` tags that belong to no strict span."""
ClassifiedSpan = tuple[int, int, str, int]
"""First word, word after the last, type, class."""
Spans = Sequence[tuple[int, int, str] | ClassifiedSpan]
CLEANED = (" .", " ?", " !", " ,", " ' ", " n't", " 'm", " 's", " 've", " 're")
"""What decoders of Hugging Face write without these spaces (``clean_up_tokenization_spaces``)."""


@dataclass(frozen=True)
class _Outcome:
    """What a run made of a sentence; see ``columns``."""

    spans: list[int] | int
    step: int
    text: str | int
    unplaced: list[tuple[str, str]]
    cut: bool


@dataclass(frozen=True)
class _Sample:
    """A sentence with the outcome of each run that has it, by the number of the run."""

    set: int
    id: str
    words: Sequence[str]
    gold: list[int]
    outcomes: dict[int, _Outcome] = field(default_factory=dict)


class _Samples:
    """All sentences; ``sets`` hold the types of their prompts, ``types`` the number of each type."""

    def __init__(self) -> None:
        self.sets: dict[SetKey, dict[str, None]] = {}
        self.types: dict[str, int] = {}
        self.samples: dict[tuple[object, ...], _Sample] = {}

    def add_system(self, run: int, system: PageSystem) -> None:
        """Add the sentences of a system. Raises IntegrityError where they are not those that were scored."""
        hashes: dict[str, ContentHash] = {}
        right: Counter[str] = Counter()
        for sentence in system.predictions or ():
            hashes.setdefault(sentence.dataset, ContentHash()).add(sentence.words, sentence.gold)
            right[sentence.dataset] += self._add(run, sentence)
        scored, other = system.document.datasets, []
        for name in sorted(hashes.keys() | scored.keys()):
            scores = scored.get(name)
            same = name in hashes and scores is not None and hashes[name].hexdigest() == scores.content_hash
            # The hash is of words and gold alone; other predictions for them show in the number of right entities.
            strict = scores.values.get("strict") if scores else None
            if not same or (strict and right[name] != strict.true_positives):
                other.append(name)
        if other:
            message = f"the predictions of {system.title} are not those that were scored ({', '.join(other)})"
            raise IntegrityError(message)

    def _add(self, run: int, sentence: Prediction) -> int:
        """Add a sentence of a run; returns how many of its entities are right."""
        key = (sentence.dataset, sentence.split, sentence.id, sentence.words, sentence.gold)
        self.sets.setdefault(key[:2], {}).update(dict.fromkeys(sentence.types))
        if key not in self.samples:
            place = list(self.sets).index(key[:2])
            self.samples[key] = _Sample(place, sentence.id, sentence.words, self._flat(sentence.gold_spans))
        spans = classified_spans(sentence)
        right = sum(CLASSES[span[3]] == "correct" for span in spans)
        self.samples[key].outcomes[run] = _Outcome(
            spans=0 if right == len(spans) else self._flat(spans),
            step=STEPS.index(sentence.structured.match.step) if sentence.structured else ABSENT,
            text=stored_text(sentence),
            unplaced=list(sentence.unplaced),
            cut=sentence.generation.get("finish") == "length" or bool(sentence.generation.get("input_cut")),
        )
        return right

    def _flat(self, spans: Spans) -> list[int]:
        return [number for start, end, name, *rest in spans for number in (start, end, self.number(name), *rest)]

    def number(self, type_: str) -> int:
        """The number of a type, which may be new."""
        return self.types.setdefault(type_, len(self.types))


def classified_spans(sentence: Prediction) -> list[ClassifiedSpan]:
    """The predicted spans with their classes, missed gold spans and runs of stray tags, in the sentence's order."""
    pairs = classify(sentence.gold_spans, sentence.predicted_spans)
    spans = [(*span, CLASSES.index(name)) for name, gold, predicted in pairs if (span := predicted or gold)]
    stray: list[ClassifiedSpan] = []
    for place in outside_strict_spans(sentence.predicted):
        start, type_ = place, sentence.predicted[place][2:]
        if stray and stray[-1][1:3] == (place, type_):
            start = stray.pop()[0]
        stray.append((start, place + 1, type_, CLASSES.index("stray")))
    return sorted(spans + stray)


def stored_text(sentence: Prediction) -> str | int:
    """The generated text: 0 where it is every word with its tag, 1 where it is that without the CLEANED spaces."""
    plain = " ".join(f"{word}({tag})" for word, tag in zip(sentence.words, sentence.predicted, strict=True))
    if sentence.text == plain:
        return 0
    cleaned = plain
    for part in CLEANED:
        cleaned = cleaned.replace(part, part.strip())
    return 1 if sentence.text == cleaned else sentence.text


def columns(systems: Sequence[PageSystem]) -> Json | None:
    """The samples of the systems that have predictions, None where none has.

    For each sentence: ``set``, ``ids``, ``words`` and ``gold``, flat triples of first word, word after the last, type.
    For each run and sentence: ``spans``, flat quadruples with a class, 0 where they are the gold all correct, null
    where the run lacks the sentence; the ``step`` that matched it, -1 for none; the generated ``text``, 0 or 1 where it
    follows from the spans (see ``stored_text``); and where there are any, ``unplaced`` entities and ``cut`` texts.
    Raises IntegrityError for predictions that are not those of the document.
    """
    shown = [system for system in systems if system.predictions is not None]
    if not shown:
        return None
    all_samples = _Samples()
    for run, system in enumerate(shown):
        all_samples.add_system(run, system)
    # Sentences of one set are together, whichever run they came with.
    samples = sorted(all_samples.samples.values(), key=lambda sample: sample.set)
    sets = [
        {"name": name, "split": split, "types": list(map(all_samples.number, types))}
        for (name, split), types in all_samples.sets.items()
    ]
    runs = []
    for run, system in enumerate(shown):
        outcomes = [sample.outcomes.get(run) for sample in samples]
        columns_of_run = {
            "name": system.title,
            "spans": [outcome.spans if outcome else None for outcome in outcomes],
            "step": [outcome.step if outcome else ABSENT for outcome in outcomes],
            "text": [outcome.text if outcome else None for outcome in outcomes],
            "unplaced": {str(at): made.unplaced for at, made in enumerate(outcomes) if made and made.unplaced},
            "cut": [at for at, outcome in enumerate(outcomes) if outcome and outcome.cut],
        }
        runs.append(columns_of_run)
    return {
        "types": list(all_samples.types),
        "classes": list(CLASSES),
        "steps": list(STEPS),
        "sets": sets,
        "set": [sample.set for sample in samples],
        "ids": [sample.id for sample in samples],
        "words": [sample.words for sample in samples],
        "gold": [sample.gold for sample in samples],
        "runs": runs,
    }


def packed(document: Json) -> str:
    """A document as base64 of gzipped JSON: letters that can neither end an element nor begin one."""
    data = json.dumps(document, separators=(",", ":")).encode()
    return base64.b64encode(gzip.compress(data, 9, mtime=0)).decode()
