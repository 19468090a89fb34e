"""Resident memory of `predict` while 100,000 sentences go through a backend that repeats the words.

Example: python benchmarks/memory.py --sentences 100000
"""

from __future__ import annotations

import argparse
import os
import random
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from gner_bench.data import Dataset, Sentence
from gner_bench.documents.run import Model
from gner_bench.predict.backend import Backend
from gner_bench.predict.engine import predict
from gner_bench.predict.generation import Generation
from gner_bench.predict.options import Options
from gner_bench.predict.plan import Task

VOCABULARY = [f"word{number}" for number in range(5000)]


def resident() -> float:
    """Resident memory of this process in MB (10⁶ bytes)."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def synthetic(sentences: int) -> Dataset:
    """Sentences of 5 to 45 words without entities, under 20 types."""
    draw = random.Random(0)
    sentences_made = []
    for number in range(sentences):
        words = tuple(draw.choices(VOCABULARY, k=draw.randint(5, 45)))
        sentences_made.append(Sentence(str(number), words, ("O",) * len(words)))
    return Dataset("synthetic", "test", tuple(f"type{number}" for number in range(20)), tuple(sentences_made))


def echo(every: int, started: float) -> Backend:
    """Prints a row of the table after every ``every`` sentences."""

    def decode(tasks: Sequence[Task]) -> Iterator[tuple[Task, Generation]]:
        for count, task in enumerate(sorted(tasks, key=lambda task: -len(task.sentence.words)), start=1):
            text = " ".join(f"{word}(O)" for word in task.sentence.words)
            yield task, Generation(text, len(text), "stop")
            if count % every == 0:
                row(f"{count:,} sentences", started)

    return Backend("echo", Model("echo", files={}), {"backend": "echo"}, "plain", "cpu", decode)


def row(what: str, started: float) -> None:
    print(f"| {what} | {resident():.0f} | {time.monotonic() - started:.1f} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sentences", type=int, default=100_000)
    parser.add_argument("--every", type=int, default=10_000)
    arguments = parser.parse_args()
    started = time.monotonic()
    print("| after | resident MB | seconds |\n| --- | ---: | ---: |")
    row("imports", started)
    data = [synthetic(arguments.sentences)]
    row("the data", started)
    with tempfile.TemporaryDirectory() as folder:
        path = predict(echo(arguments.every, started), data, Options(None, Path(folder)))
        row("putting in order", started)
        predict(echo(arguments.every, started), data, Options(None, Path(folder)))
        row("finding it complete", started)
        print(f"\npredictions.jsonl: {path.stat().st_size / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
