"""Spans in JSON, one sentence an object: of words, as GLiNER evaluates them, or of characters, as taggers return them.

Of words: ``tokenized_text`` with ``predictions`` (or ``predicted_ner``; ``ner`` where neither is there), each
``[first, last, type]`` or ``[first, last, type, score]``, the last word included. Of characters: ``text`` with
``entities`` (or ``predictions``, ``ents``, ``spans``), each ``{"start", "end", "label", "text", "score"}`` as GLiNER's
``predict_entities``, spaCy and the pipelines of transformers give them, or ``[start, end, label]``; the end is not
included. ``id``, ``dataset`` and ``split`` are read where they stand.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gner_bench.data.objects import read_objects
from gner_bench.data.spans import LISTS
from gner_bench.data.tags import Reading, TagReader
from gner_bench.errors import InputError, short
from gner_bench.records import Fields
from gner_bench.scoring.importing.content import Content, Item
from gner_bench.scoring.importing.placing import CharacterSpans, Span, TokenSpans, bio

ASSUMED = ("the last word of a span is read as included, the end of characters as not",)
WORDS = "tokenized_text"
OF_WORDS = ("predictions", "predicted_ner", "ner")
OF_CHARACTERS = ("entities", "predictions", "ents", "spans")
STARTS, ENDS = ("start", "first"), ("end", "last")
KINDS = ("label", "type", "entity_group")
TEXTS = ("text", "word")
SCORES = ("score", "confidence")


def read(path: Path, own_gold: Reading | None) -> Iterator[Item]:
    """The sentences of a file; with ``own_gold`` the spans in ``ner`` beside the predicted ones are read so, as gold.

    Raises InputError naming line (or index) and field for other records and for spans outside the words.
    """
    for fields in read_objects(path):
        yield Item(fields, _content(fields), *told(fields), *_gold(fields, own_gold))


def told(fields: Fields) -> tuple[str | None, str | None, str | None]:
    """The id, data set and split that a record states."""
    id = fields.value.get("id")
    if id is not None and type(id) not in (str, int):
        raise fields.error("id", f"expected a string or a whole number, found {short(id)}")
    dataset, split = (fields.get(key, str) if key in fields.value else None for key in ("dataset", "split"))
    return None if id is None else str(id), dataset, split


def _content(fields: Fields) -> Content:
    if WORDS in fields.value:
        words = fields.strings(WORDS)
        return TokenSpans(words, tuple(_of_words(fields, _key(fields, OF_WORDS), words)))
    text = fields.get("text", str) if "text" in fields.value else None
    return CharacterSpans(text, tuple(_spans(fields, _key(fields, OF_CHARACTERS))))


def _key(fields: Fields, keys: tuple[str, ...]) -> str:
    found = next((key for key in keys if key in fields.value), None)
    if found is None:
        raise fields.error(keys[0], f"is missing (so are {', '.join(keys[1:])})")
    return found


def _of_words(fields: Fields, key: str, words: tuple[str, ...]) -> Iterator[Span]:
    """The spans of words, their end no longer included."""
    for index, span in enumerate(_spans(fields, key)):
        first, last = span.first, span.end
        if not 0 <= first <= last < len(words):
            raise fields.error(f"{key}[{index}]", f"{first} to {last} does not lie within the {len(words)} words")
        yield Span(first, last + 1, span.type, " ".join(words[first : last + 1]), span.score)


def _spans(fields: Fields, key: str) -> Iterator[Span]:
    for index, value in enumerate(fields.get(key, list)):
        cells = _cells(value)
        match cells:
            case [int(first), int(end), str(kind), str(text), score] if kind and not isinstance(first | end, bool):
                if score is None or type(score) in (int, float):
                    yield Span(first, end, kind, text, score)
                    continue
        wanted = "start, end and label (or type)"
        raise fields.error(f"{key}[{index}]", f"expected {wanted}, found {short(value)}")


def _cells(value: Any) -> list[Any]:
    """Start, end, type, text and score."""
    match value:
        case dict():
            return [_first(value, keys) for keys in (STARTS, ENDS, KINDS)] + [
                _first(value, TEXTS) or "",
                _first(value, SCORES),
            ]
        case [first, end, kind]:
            return [first, end, kind, "", None]
        case [first, end, kind, score]:
            return [first, end, kind, "", score]
    return []


def _first(value: dict[str, Any], keys: tuple[str, ...]) -> Any:
    return next((value[key] for key in keys if key in value), None)


def _gold(fields: Fields, reading: Reading | None) -> tuple[tuple[str, ...] | None, tuple[str, ...]]:
    """The gold tags of a record that has predictions beside them, and its types."""
    if reading is None:
        return None, ()
    if WORDS not in fields.value or _key(fields, OF_WORDS) == "ner" or "ner" not in fields.value:
        raise fields.error("ner", "holds no gold beside predictions; --gold PATH gives it")
    words = fields.strings(WORDS)
    tags = ["O"] * len(words)
    for span in _of_words(fields, "ner", words):
        if any(tag != "O" for tag in tags[span.first : span.end]):
            raise fields.error("ner", f"{short(span.text)} overlaps another span, which BIO cannot hold")
        tags[span.first : span.end] = bio(span)
    try:
        gold = TagReader(fields.path, None, reading).read(tags, 0, 0)
    except InputError as error:
        raise fields.error("ner", error.message) from None
    listed = next((fields.strings(key) for key in LISTS if key in fields.value), ())
    return gold, tuple(reading.rename.get(kind, kind) for kind in listed if kind not in reading.drop)
