"""Gold as spans of the characters of a text (doccano, spaCy, Label Studio) on words of that text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from gner_bench.answers.answer import Span
from gner_bench.bio import place_span
from gner_bench.data.sentence import Dataset
from gner_bench.documents.fields import Fields
from gner_bench.errors import short
from gner_bench.words import WORD

CUT = "entities that begin or end inside a word, which was cut there"
SPACE = "entities with white space at an end, left out there"


def with_remarks(datasets: list[Dataset], noted: Counter[str]) -> list[Dataset]:
    """The data sets with a remark for each thing noted."""
    lines = tuple(f"{what}: {count}" for what, count in noted.items() if count)
    return [replace(dataset, remarks=(*dataset.remarks, *lines)) for dataset in datasets]


def tagged_words(
    fields: Fields, key: str, text: str, spans: Sequence[Span], noted: Counter[str]
) -> tuple[tuple[str, ...], list[str]]:
    """The words of a ``text`` and their tags, from ``spans`` of its characters, whose end is not included.

    The text is split by ``WORD`` and at the ends of entities. Raises InputError for spans outside the text and for
    those that overlap, which BIO cannot hold. ``noted`` counts what people should know.
    """
    whole = [match.span() for match in WORD.finditer(text)]
    marks: list[tuple[int, int, Span]] = []
    for index, span in enumerate(spans):
        inner = text[span.first : span.end] if 0 <= span.first < span.end <= len(text) else ""
        if not inner.strip():
            message = f"{span.first} to {span.end} is no part of the {len(text)} characters of the text"
            raise fields.error(f"{key}[{index}]", message)
        first = span.first + len(inner) - len(inner.lstrip())
        end = span.end - len(inner) + len(inner.rstrip())
        noted[SPACE] += (first, end) != (span.first, span.end)
        noted[CUT] += any(start < place < stop for place in (first, end) for start, stop in whole)
        marks.append((first, end, span))
    cuts = {place for first, end, _ in marks for place in (first, end)}
    words: list[str] = []
    at: dict[int, int] = {}
    for start, stop in whole:
        inside = [place for place in range(start + 1, stop) if place in cuts]
        for first, end in zip([start, *inside], [*inside, stop], strict=True):
            at[first] = len(words)
            words.append(text[first:end])
            at[end] = len(words)
    tags = ["O"] * len(words)
    for first, end, span in marks:
        if not place_span(tags, at[first], at[end], span.type):
            message = f"{short(text[first:end])} overlaps another entity, which BIO cannot hold"
            raise fields.error(key, message)
    return tuple(words), tags
