"""Tagging plain text: words with their places, one generation, entities with character offsets."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from gner_bench.data.words import WORD
from gner_bench.errors import UsageError
from gner_bench.predict.checkpoint import Checkpoint
from gner_bench.predict.decoding import generate, use_protocol_settings
from gner_bench.prompting import prompt
from gner_bench.score.entities import lenient_spans
from gner_bench.structure import load_back_tokenizer, structure
from gner_bench.structure.back_tokenizer import tokenizer_file


@dataclass(frozen=True, slots=True)
class Entity:
    """``text[start:end]`` (characters, end exclusive) is an entity of type ``type``."""

    text: str
    type: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Tagged:
    """The words of a text, one tag for each, the entities, and what the checkpoint generated."""

    text: str
    words: list[str]
    tags: list[str]
    entities: list[Entity]
    generated: str


def tag(checkpoint: Checkpoint, texts: Sequence[str], types: Sequence[str]) -> list[Tagged]:
    """Tag each of ``texts`` with ``types``. Raises UsageError for a text without words."""
    use_protocol_settings(checkpoint)
    found = [list(WORD.finditer(text)) for text in texts]
    if not all(found):
        raise UsageError("there is no word in the text")
    words = [[word[0] for word in places] for places in found]
    generations = generate(checkpoint, [prompt(each, types, checkpoint.family.wrapping) for each in words])
    file = tokenizer_file(checkpoint.folder)
    back_tokenizer = load_back_tokenizer(file) if file else None
    tags = [
        structure(each, types, generation.text, back_tokenizer).match.tags
        for each, generation in zip(words, generations, strict=True)
    ]
    return [
        Tagged(text, each, marked, _entities(text, places, marked), generation.text)
        for text, each, marked, places, generation in zip(texts, words, tags, found, generations, strict=True)
    ]


def _entities(text: str, places: Sequence[re.Match[str]], tags: Sequence[str]) -> list[Entity]:
    spans = [(places[first].start(), places[last - 1].end(), kind) for first, last, kind in lenient_spans(tags)]
    return [Entity(text[start:end], kind, start, end) for start, end, kind in spans]
