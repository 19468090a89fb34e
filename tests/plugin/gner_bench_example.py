"""A package outside gner-bench: a metric, a backend, an answer format and a data format of its own."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from gner_bench.answers import AnswerFormat, Mentions, Question
from gner_bench.data import Dataset, Sentence
from gner_bench.data.formats import DataFormat, Source
from gner_bench.documents.run import Model
from gner_bench.predict.backend import Backend, BackendKind, SystemOptions
from gner_bench.predict.generation import Generation
from gner_bench.predict.options import Options
from gner_bench.predict.plan import Task
from gner_bench.scoring.metrics import Definition, TypedCounts
from gner_bench.scoring.predictions import Prediction


def count_heads(sentence: Prediction) -> TypedCounts:
    """Entities by their last word and type."""
    gold, predicted = ({(end, kind) for _, end, kind in s} for s in (sentence.gold_spans, sentence.predicted_spans))
    return {
        kind: tuple(sum(one[1] == kind for one in side) for side in (gold & predicted, predicted, gold))
        for kind in {kind for _, kind in gold | predicted}
    }


HEAD = Definition("head", "head F1", "the last word of an entity and its type", count_heads, "head")


def read_lines(text: str, words: Sequence[str], types: Collection[str]) -> Mentions:
    """``type = mention`` a line; other lines are no mentions."""
    parts = [line.partition(" = ") for line in text.splitlines()]
    return Mentions([(mention.strip(), kind.strip()) for kind, equals, mention in parts if equals])


def ask_lines(question: Question) -> list[str]:
    return [f"Which of {', '.join(question.types)} are in: {' '.join(question.words)}"]


LINES = AnswerFormat("lines", "a mention a line, after its type", "lines-1", read_lines, ask_lines)


def make(system: SystemOptions, options: Options) -> Backend:
    """Answers from a JSON file: the answer to each sentence by its text."""
    answers = json.loads(Path(system.model).read_text(encoding="utf-8"))

    def decode(tasks: Sequence[Task]) -> Iterator[tuple[Task, Generation]]:
        for task in tasks:
            answer = answers.get(" ".join(task.sentence.words), "")
            yield task, Generation(answer, len(answer.split()), "stop")

    name = Path(system.model).stem
    settings = {"backend": "lookup", "decoding": "greedy"}
    return Backend(name, Model(name, system.model, files={}), settings, "plain", "cpu", decode, format="lines")


LOOKUP = BackendKind("lookup", "answers from a dictionary", make)


def read_pipes(source: Source) -> list[Dataset]:
    """A sentence a line, ``word|tag word|tag``."""
    tags, sentences = source.tag_reader(), []
    for number, line in enumerate(source.path.read_text(encoding="utf-8").splitlines()):
        pairs = [token.rpartition("|") for token in line.split()]
        words, labels = tuple(word for word, _, _ in pairs), [label for _, _, label in pairs]
        sentences.append(Sentence(str(number), words, tags.read(labels, number + 1, 0)))
    return [source.dataset(sentences, tags)]


PIPES = DataFormat("pipes", "word|tag, a sentence a line", read=read_pipes, suffixes=(".pipes",))
