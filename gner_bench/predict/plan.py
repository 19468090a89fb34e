"""What a run has to ask: every sentence with its prompts, in batches of like length."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from gner_bench.answers import (
    AnswerFormat,
    Definition,
    LabelOrder,
    Question,
    Shot,
    Wrapping,
    answer_format,
    ordered_types,
    wrapped,
)
from gner_bench.data import Dataset, Sentence
from gner_bench.documents.fields import Json
from gner_bench.documents.record import GNER, Record

Key = tuple[str, str, str]
"""Data set, split and sentence id."""


@dataclass(frozen=True)
class Asking:
    """How all sentences of a run are asked about: in a ``format``, with a ``wrapping`` around each prompt.

    ``definitions`` of types and ``shots`` are by data set, as are the ``names`` that types have in prompts where these
    are others, by which definitions and shots are then, too; ``noted`` is what run.json says of all that.
    """

    format: AnswerFormat = field(default_factory=lambda: answer_format(GNER))
    wrapping: Wrapping = "plain"
    definitions: Mapping[str, Mapping[str, Definition]] = field(default_factory=dict, hash=False)
    shots: Mapping[str, tuple[Shot, ...]] = field(default_factory=dict, hash=False)
    names: Mapping[str, Mapping[str, str]] = field(default_factory=dict, hash=False)
    noted: Json = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Task:
    """The ``ask``-th prompt of a sentence. Prompts are built when asked for: a run may have 100,000 of them.

    ``types`` are those of the prompt, ``own_types`` what the data call them where prompts have other names.
    """

    dataset: str
    split: str
    types: tuple[str, ...]
    sentence: Sentence
    asking: Asking
    ask: int = 0
    own_types: tuple[str, ...] = ()

    @property
    def key(self) -> Key:
        return self.dataset, self.split, self.sentence.id

    @property
    def question(self) -> Question:
        definitions, shots = self.asking.definitions.get(self.dataset, {}), self.asking.shots.get(self.dataset, ())
        return Question(self.sentence.words, self.types, definitions, shots)

    @property
    def prompts(self) -> list[str]:
        """All that is asked about the sentence."""
        return [wrapped(prompt, self.asking.wrapping) for prompt in self.asking.format.ask(self.question)]

    @property
    def prompt(self) -> str:
        return self.prompts[self.ask]

    @property
    def whole_prompt(self) -> str:
        """The ``instruction_inputs`` of the record: the prompt, or a JSON array where a format asks several."""
        return joined(self.prompts) if self.asking.format.several else self.prompts[0]

    def record(self, answer: str, generation: Json) -> Record:
        """The record of the sentence with its ``answer``, a JSON array where several questions were asked."""
        sentence, format = self.sentence, self.asking.format
        names = dict(zip(self.own_types, self.types, strict=True)) if self.own_types else {}
        gold_text = format.perfect(sentence.words, renamed(sentence.tags, names))
        return Record(
            *self.key,
            self.own_types or self.types,
            sentence.words,
            sentence.tags,
            answer,
            generation,
            format=format.name,
            prompt=self.whole_prompt,
            gold_text=gold_text,
            document_id=sentence.document,
            asked=self.types if self.own_types else (),
        )


def renamed(tags: Sequence[str], names: Mapping[str, str]) -> tuple[str, ...]:
    """BIO tags with the ``names`` of their types; types without one keep theirs."""
    return tuple(f"{tag[:2]}{names.get(tag[2:], tag[2:])}" for tag in tags)


def joined(texts: Sequence[str]) -> str:
    """The JSON array as which a record keeps several prompts, or several answers, of one sentence."""
    return json.dumps(list(texts), ensure_ascii=False)


def plan(dataset: Dataset, order: LabelOrder, seed: int, asking: Asking) -> list[Task]:
    """A task for each sentence, its first prompt, in the order of the data set."""
    tasks, names = [], asking.names.get(dataset.name, {})
    for sentence in dataset.sentences:
        types = sentence.types or dataset.types
        if order != "file":
            key = f"{dataset.name}/{dataset.split}/{sentence.id}"
            types = tuple(ordered_types(types, order, seed, key))
        asked = tuple(names.get(kind, kind) for kind in types)
        own = types if asked != types else ()
        tasks.append(Task(dataset.name, dataset.split, asked, sentence, asking, own_types=own))
    return tasks


def prompt_hash(prompts: Iterable[str]) -> str:
    """SHA-256 (hex) of the sorted SHA-256 digests of ``prompts``, so independent of their order."""
    digests = sorted(hashlib.sha256(text.encode()).digest() for text in prompts)
    return hashlib.sha256(b"".join(digests)).hexdigest()


def batches(tasks: Sequence[Task], size: int) -> Iterator[list[Task]]:
    """``tasks`` in batches of ``size``, longest sentences first, so that a batch too large for memory fails early."""
    by_length = sorted(tasks, key=lambda task: -len(task.sentence.words))
    for start in range(0, len(by_length), size):
        yield by_length[start : start + size]
