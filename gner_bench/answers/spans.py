"""Spans with or without scores, as libraries give them, in one JSON list; also how any one of them is written.

A span of words is ``[first, last, type]`` or ``[first, last, type, score]``, the last word included. A span of
characters is an object ``{"start", "end", "label", "text", "score"}`` as GLiNER's ``predict_entities``, spaCy and the
pipelines of transformers give it, its end not included; characters are those of the words joined by spaces.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from gner_bench.answers.answer import AnswerFormat, CharacterSpans, Question, Span, WordSpans
from gner_bench.answers.lenient_json import read_json
from gner_bench.bio import lenient_spans

LEFT_OUT = "left_out"
"""The key of a record's ``generation`` under which a run notes spans of types that the data lack: numbers by type."""
STRAY = "spans that are none or lie outside the sentence, left out"
_KEYS = (
    ("start", "first", "start_offset"),
    ("end", "last", "end_offset"),
    ("label", "type", "entity_group"),
    ("text", "word"),
    ("score", "confidence"),
)


def span_of(value: Any) -> Span | None:
    """A span from an object or a list, its places as they are in it; None for anything else."""
    cells: list[Any] = []
    match value:
        case dict():
            cells = [next((value[key] for key in keys if key in value), None) for keys in _KEYS]
            cells[3] = cells[3] or ""
        case [first, end, kind]:
            cells = [first, end, kind, "", None]
        case [first, end, kind, score]:
            cells = [first, end, kind, "", score]
    # True and False are ints to Python, and no places or scores.
    if any(isinstance(cell, bool) for cell in cells):
        return None
    match cells:
        case [int(first), int(end), str(kind), str(text), None | int() | float()] if kind:
            return Span(first, end, kind, text, cells[4])
    return None


def read(text: str, words: Sequence[str], types: Sequence[str]) -> WordSpans | CharacterSpans:
    """The spans of a JSON list, of words where its entries are lists; those outside the sentence are left out."""
    notes: list[str] = []
    values = read_json(text, lambda value: isinstance(value, list), notes)
    if values is None:
        return WordSpans(tuple(words), [], notes)
    joined = " ".join(words)
    of_words = not any(isinstance(value, dict) for value in values)
    spans: list[Span] = []
    for span in map(span_of, values):
        if span is not None and of_words and 0 <= span.first <= span.end < len(words):
            inner = " ".join(words[span.first : span.end + 1])
            spans.append(Span(span.first, span.end + 1, span.type, inner, span.score))
        elif span is not None and not of_words and span.first >= 0 and joined[span.first : span.end].strip():
            end = min(span.end, len(joined))
            spans.append(Span(span.first, end, span.type, joined[span.first : end], span.score))
        else:
            notes.append(STRAY)
    return WordSpans(tuple(words), spans, notes) if of_words else CharacterSpans(joined, spans, notes)


def as_text(spans: Iterable[Span]) -> str:
    """Spans of words as the JSON list that ``read`` reads."""
    lists = [[span.first, span.end - 1, span.type, *([] if span.score is None else [span.score])] for span in spans]
    return json.dumps(lists, ensure_ascii=False)


def write(words: Sequence[str], tags: Sequence[str]) -> str:
    """The spans of ``tags`` as spans of words."""
    return as_text(Span(first, end, kind, "") for first, end, kind in lenient_spans(tags))


def ask(question: Question) -> list[str]:
    """What libraries look for: the types, a line each with what is said of them where anything is."""
    if not question.definitions:
        return [", ".join(question.types)]
    said = ((kind, question.definitions.get(kind)) for kind in question.types)
    return ["\n".join(f"{kind}: {definition.text}" if definition else kind for kind, definition in said)]


SPANS = AnswerFormat(
    "spans",
    "spans of words or characters in a JSON list, with scores or without",
    "import-spans-2",
    read,
    ask,
    write,
    uses=frozenset({"definitions"}),
    wrapping="plain",
)
