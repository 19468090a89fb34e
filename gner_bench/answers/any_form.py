"""Answers in another form than was asked for: JSON, calls of classes, marks in the text, or lines of ``type: text``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from gner_bench.answers import by_type, gollie, inline, listed
from gner_bench.answers.answer import CharacterSpans, Mentions
from gner_bench.answers.lenient_json import read_json
from gner_bench.answers.types import known_as

OTHER = "answers in another form than was asked for, read as such"


def read_any(text: str, words: Sequence[str], types: Sequence[str]) -> Mentions | None:
    """The mentions of an answer in the least mistakable form that it has any of ``types`` in; None where it has none.
    Mentions of other types are not taken: prose may have colons and brackets, too."""
    name, known = known_as(tuple(types)), frozenset(types)
    for pairs in _readings(text, words, types):
        mentions = [(mention, kind) for mention, kind in pairs if name(kind) in known]
        if mentions:
            return Mentions(mentions, [OTHER])
    return None


def _readings(text: str, words: Sequence[str], types: Sequence[str]) -> Iterator[Iterable[tuple[str, str]]]:
    yield by_type.read(text, words, types).mentions
    yield gollie.read(text, words, types).mentions
    marked = inline.mend(text, words, types)
    yield [(s.text, s.type) for s in marked.spans] if isinstance(marked, CharacterSpans) else marked.mentions
    # A JSON list of strings, each with a type and a text.
    lines = read_json(text, lambda value: isinstance(value, list) and all(isinstance(v, str) for v in value), [])
    yield listed.read("\n".join(lines or ()), words, types).mentions
    yield listed.read(text, words, types).mentions
