"""Tagging plain text: words with their places, one generation, entities with character offsets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path

from gner_bench.answers.gner import parse_target
from gner_bench.bio import lenient_spans
from gner_bench.data import Sentence
from gner_bench.data.formats.uniner import WORD
from gner_bench.errors import UsageError
from gner_bench.predict.backends.local import local_backend
from gner_bench.predict.checkpoint import Checkpoint
from gner_bench.predict.generation import DIGITS
from gner_bench.predict.options import DecodingName, Options
from gner_bench.predict.plan import Task
from gner_bench.structure import load_back_tokenizer, structure


@dataclass(frozen=True, slots=True)
class Entity:
    """``text[start:end]`` (characters); ``confidence`` is that of its tags together, where the decoding gives one."""

    text: str
    type: str
    start: int
    end: int
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Tagged:
    """The words of a text, one tag for each, the entities, and what the checkpoint generated."""

    text: str
    words: list[str]
    tags: list[str]
    entities: list[Entity]
    generated: str


class TextTagger:
    """Tags texts with ``types``; ``decoding`` is ``drafted`` or, for words that cannot get lost, ``constrained``."""

    def __init__(self, checkpoint: Checkpoint, types: Sequence[str], decoding: DecodingName = "drafted") -> None:
        self.types = tuple(types)
        self._backend = local_backend(checkpoint, Options(None, Path(), decoding=decoding))
        self._target = parse_target("full+bio" if self._backend.format == "gner" else self._backend.format)
        file = self._backend.tokenizer
        self._back_tokenizer = load_back_tokenizer(file) if file else None

    def __call__(self, texts: Sequence[str]) -> list[Tagged]:
        """The texts in their order. Raises UsageError for one without words."""
        places = [list(WORD.finditer(text)) for text in texts]
        if not all(places):
            raise UsageError("there is no word in the text")
        tasks = []
        for index, matches in enumerate(places):
            sentence = Sentence(str(index), tuple(match[0] for match in matches), ("O",) * len(matches))
            tasks.append(Task("text", "test", self.types, sentence, self._backend.wrapping))
        generations = {task.sentence.id: generation for task, generation in self._backend.decode(tasks)}
        tagged = []
        for text, matches, task in zip(texts, places, tasks, strict=True):
            generation = generations[task.sentence.id]
            words = list(task.sentence.words)
            tags = structure(words, self.types, generation.text, self._back_tokenizer, self._target).match.tags
            entities = []
            for first, last, kind in lenient_spans(tags):
                start, end = matches[first].start(), matches[last - 1].end()
                sure = round(prod(generation.confidence[first:last]), DIGITS) if generation.confidence else None
                entities.append(Entity(text[start:end], kind, start, end, sure))
            tagged.append(Tagged(text, words, tags, entities, generation.text))
        return tagged
