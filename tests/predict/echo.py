"""A backend that writes every word as O, for what surrounds a backend."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence

from gner_bench.answers import AnswerFormat, Mentions
from gner_bench.data import Dataset, Sentence
from gner_bench.documents.run import Model
from gner_bench.predict.backend import Backend
from gner_bench.predict.generation import Generation
from gner_bench.predict.plan import Task

ONE_BY_ONE = AnswerFormat(
    "one",
    "",
    "one-1",
    lambda *_: Mentions([]),
    lambda question: [f"What is {kind} in {' '.join(question.words)}" for kind in question.types],
    several=True,
)
"""Asks for each type by itself."""


def echo_backend(delay: float = 0.0, passes: int = 0, weights: str = "0" * 64, **settings: object) -> Backend:
    """Takes ``delay`` seconds for a sentence; gives them back in another order each time, now and then several at once.

    A sentence of five words is an output at the limit.
    """

    def decode(tasks: Sequence[Task]) -> Iterator[tuple[Task, Generation]]:
        shuffled = random.sample(tasks, len(tasks))
        while shuffled:
            batch = [shuffled.pop() for _ in range(min(len(shuffled), random.choice((1, 1, 1, 8))))]
            time.sleep(delay * len(batch))
            yield from ((task, _generation(task, passes)) for task in batch)

    model = Model("echo", "echo", files={"model.safetensors": weights})
    return Backend("echo", model, {"backend": "echo", "dtype": "fp32", **settings}, "plain", "cpu", decode)


def _generation(task: Task, passes: int) -> Generation:
    words = task.sentence.words
    text = " ".join(f"{word}(O)" for word in words)
    return Generation(text, len(words), "length" if len(words) == 5 else "stop", len(words) == 7, passes)


def echo_data(sentences: int, names: Sequence[str] = ("one", "two")) -> list[Dataset]:
    """Data sets of one to nine words a sentence."""
    return [
        Dataset(
            name,
            "test",
            ("person", "place"),
            tuple(
                Sentence(str(i), (f"w{i}", *"abcdefgh"[: i * 7 % 9]), ("O",) * (i * 7 % 9 + 1))
                for i in range(sentences)
            ),
        )
        for name in names
    ]
