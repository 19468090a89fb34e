"""What a run has to ask: every sentence with its prompts, in batches of like length."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from gner_bench.answers import LabelOrder, Wrapping, answer_format, ordered_types, wrapped
from gner_bench.data import Dataset, Sentence
from gner_bench.documents.fields import Json
from gner_bench.documents.record import GNER, Record

Key = tuple[str, str, str]
"""Data set, split and sentence id."""


@dataclass(frozen=True, slots=True)
class Task:
    """The ``ask``-th question about a sentence. Prompts are built when asked for: a run may have 100,000 of them."""

    dataset: str
    split: str
    types: tuple[str, ...]
    sentence: Sentence
    wrapping: Wrapping
    format: str = GNER
    ask: int = 0

    @property
    def key(self) -> Key:
        return self.dataset, self.split, self.sentence.id

    @property
    def prompts(self) -> list[str]:
        """All that is asked about the sentence."""
        asked = answer_format(self.format).ask(self.sentence.words, self.types)
        return [wrapped(prompt, self.wrapping) for prompt in asked]

    @property
    def prompt(self) -> str:
        return self.prompts[self.ask]

    @property
    def whole_prompt(self) -> str:
        """The ``instruction_inputs`` of the record: the prompt, or a JSON array where a format asks several."""
        return joined(self.prompts) if answer_format(self.format).several else self.prompts[0]

    def record(self, answer: str, generation: Json) -> Record:
        """The record of the sentence with its ``answer``, a JSON array where several questions were asked."""
        sentence = self.sentence
        gold_text = answer_format(self.format).perfect(sentence.words, sentence.tags)
        return Record(
            *self.key,
            self.types,
            sentence.words,
            sentence.tags,
            answer,
            generation,
            format=self.format,
            prompt=self.whole_prompt,
            gold_text=gold_text,
        )


def joined(texts: Sequence[str]) -> str:
    """The JSON array as which a record keeps several prompts, or several answers, of one sentence."""
    return json.dumps(list(texts), ensure_ascii=False)


def plan(dataset: Dataset, order: LabelOrder, seed: int, wrapping: Wrapping, format: str = GNER) -> list[Task]:
    """A task for each sentence, its first question, in the order of the data set."""
    tasks = []
    for sentence in dataset.sentences:
        types = sentence.types or dataset.types
        if order != "file":
            key = f"{dataset.name}/{dataset.split}/{sentence.id}"
            types = tuple(ordered_types(types, order, seed, key))
        tasks.append(Task(dataset.name, dataset.split, types, sentence, wrapping, format))
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
