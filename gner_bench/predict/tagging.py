"""Tagging plain text: words with their places, one generation, entities with character offsets."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path

from gner_bench.data import Sentence
from gner_bench.data.words import WORD
from gner_bench.errors import UsageError
from gner_bench.predict.backends.local import local_backend
from gner_bench.predict.checkpoint import Checkpoint
from gner_bench.predict.generation import Generation
from gner_bench.predict.options import DecodingName, Options
from gner_bench.predict.plan import Task
from gner_bench.scoring.entities import lenient_spans
from gner_bench.structure import load_back_tokenizer, structure
from gner_bench.structure.targets import parse_target


@dataclass(frozen=True, slots=True)
class Entity:
    """``text[start:end]`` (characters, end exclusive) is an entity of type ``type``.

    ``confidence`` is the probability of its tags together, None where the decoding gives none.
    """

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
        tasks = [self._task(str(index), found) for index, found in enumerate(places)]
        done = {task.sentence.id: generation for task, generation in self._backend.decode(tasks)}
        return [
            self._tagged(text, found, done[task.sentence.id])
            for text, found, task in zip(texts, places, tasks, strict=True)
        ]

    def _task(self, id: str, places: Sequence[re.Match[str]]) -> Task:
        words = tuple(word[0] for word in places)
        return Task("text", "test", self.types, Sentence(id, words, ("O",) * len(words)), self._backend.wrapping)

    def _tagged(self, text: str, places: Sequence[re.Match[str]], generation: Generation) -> Tagged:
        words = [word[0] for word in places]
        tags = structure(words, self.types, generation.text, self._back_tokenizer, self._target).match.tags
        return Tagged(text, words, tags, _entities(text, places, tags, generation.confidence), generation.text)


def _entities(
    text: str, places: Sequence[re.Match[str]], tags: Sequence[str], confidence: Sequence[float]
) -> list[Entity]:
    return [
        Entity(
            text[places[first].start() : places[last - 1].end()],
            kind,
            places[first].start(),
            places[last - 1].end(),
            round(prod(confidence[first:last]), 6) if confidence else None,
        )
        for first, last, kind in lenient_spans(tags)
    ]
