"""Tagged text, a sentence a line: ``word(tag) word(tag)`` as GNER generates it, or ``<type>words</type>`` in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from gner_bench.data.sentence import Sentence
from gner_bench.data.tags import Reading
from gner_bench.data.text import read_text
from gner_bench.errors import InputError
from gner_bench.records import EMPTY, Fields
from gner_bench.scoring.importing.content import Item, Placed, Types
from gner_bench.scoring.importing.placing import CharacterSpans, Span
from gner_bench.structure import BackTokenizer, parse_generation, structure

_MARKED = re.compile(r"<([^<>/\s](?:[^<>/]*[^<>/\s])?)>(.*?)</\1>")
ASSUMED_GNER = ("a line is a sentence, in the order of the gold",)
ASSUMED_INLINE = (*ASSUMED_GNER, "marks <type>…</type> do not nest")


@dataclass(frozen=True)
class Generated:
    """Generated text, which is parsed and matched as predictions.jsonl is."""

    text: str
    back_tokenizer: BackTokenizer | None
    generated = True

    @property
    def words(self) -> tuple[str, ...]:
        return tuple(word for word, _ in parse_generation(self.text))

    def place(self, sentence: Sentence, types: Types) -> Placed:
        known = (frozenset(sentence.types) or types.known) | types.renames.keys()
        found = structure(sentence.words, known, self.text, self.back_tokenizer)
        return Placed([types.tag(tag) for tag in found.match.tags], structured=found, text=self.text)


def reader(back_tokenizer: BackTokenizer | None) -> Callable[[Path, Reading | None], Iterator[Item]]:
    """Reads ``word(tag) word(tag)``, with ``back_tokenizer`` for the matching; an empty line is an empty generation."""

    def read(path: Path, own_gold: Reading | None) -> Iterator[Item]:
        for number, line in _lines(path):
            yield Item(Fields(path, {}, number), Generated(line, back_tokenizer))

    return read


def read_inline(path: Path, own_gold: Reading | None) -> Iterator[Item]:
    """The sentences of a file with marks of entities in their text."""
    for number, line in _lines(path):
        yield Item(Fields(path, {}, number), _unmarked(line))


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    text = read_text(path)
    if not text.strip():
        raise InputError(path, EMPTY)
    yield from enumerate(text.removesuffix("\n").split("\n"), start=1)


def _unmarked(line: str) -> CharacterSpans:
    """The text without its marks, and what they marked."""
    text, spans, end = "", [], 0
    for found in _MARKED.finditer(line):
        text += line[end : found.start()]
        if found[2].strip():
            spans.append(Span(len(text), len(text) + len(found[2]), found[1], found[2]))
        text += found[2]
        end = found.end()
    return CharacterSpans(text + line[end:], tuple(spans))
