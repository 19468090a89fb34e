"""What a run has to generate: every sentence with its prompt, in batches of like length."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from gner_bench.data import Dataset, Sentence
from gner_bench.prompting import LabelOrder, Wrapping, ordered_types, prompt
from gner_bench.records import Json
from gner_bench.structure.targets import GNER, parse_target, target_text

Key = tuple[str, str, str]
"""Data set, split and sentence id."""


@dataclass(frozen=True, slots=True)
class Task:
    """One sentence to be generated for. The prompt is built when it is asked for: a run may have 100,000 of them."""

    dataset: str
    split: str
    types: tuple[str, ...]
    sentence: Sentence
    wrapping: Wrapping
    target: str = "full+bio"

    @property
    def key(self) -> Key:
        return self.dataset, self.split, self.sentence.id

    @property
    def prompt(self) -> str:
        return prompt(self.sentence.words, self.types, self.wrapping)

    def record(self, prediction: str, generation: Json) -> Json:
        """The line of predictions.jsonl."""
        sentence, target = self.sentence, parse_target(self.target)
        return {
            "dataset": self.dataset,
            "split": self.split,
            **({} if target == GNER else {"target": self.target}),
            "label_list": list(self.types),
            "instance": {
                "id": sentence.id,
                "words": list(sentence.words),
                "labels": list(sentence.tags),
                "instruction_inputs": self.prompt,
                "prompt_labels": target_text(sentence.words, sentence.tags, target),
            },
            "prediction": prediction,
            "generation": generation,
        }


def plan(dataset: Dataset, order: LabelOrder, seed: int, wrapping: Wrapping, target: str = "full+bio") -> list[Task]:
    """One task for each sentence, in the order of the data set."""
    return [_task(dataset, sentence, order, seed, wrapping, target) for sentence in dataset.sentences]


def _task(dataset: Dataset, sentence: Sentence, order: LabelOrder, seed: int, wrapping: Wrapping, target: str) -> Task:
    types = sentence.types or dataset.types
    if order != "file":
        key = f"{dataset.name}/{dataset.split}/{sentence.id}"
        types = tuple(ordered_types(types, order, seed, key))
    return Task(dataset.name, dataset.split, types, sentence, wrapping, target)


def prompt_hash(prompts: Iterable[str]) -> str:
    """SHA-256 (hex) of the sorted SHA-256 digests of ``prompts``, so independent of their order."""
    digests = sorted(hashlib.sha256(text.encode()).digest() for text in prompts)
    return hashlib.sha256(b"".join(digests)).hexdigest()


def batches(tasks: Sequence[Task], size: int) -> Iterator[list[Task]]:
    """``tasks`` in batches of ``size``, longest sentences first, so that a batch too large for memory fails early."""
    by_length = sorted(tasks, key=lambda task: -len(task.sentence.words))
    for start in range(0, len(by_length), size):
        yield by_length[start : start + size]
