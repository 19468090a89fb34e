"""Files of mentions without places: JSON by mention or by type (general models, GLiNER2), or ``type: text;`` lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from gner_bench.answers import answer_format
from gner_bench.answers.answer import Mentions
from gner_bench.answers.listed import LIST as LISTED
from gner_bench.bio import Reading
from gner_bench.data.formats import DataFormat, Predicted, Source
from gner_bench.data.formats.answers import IN_ORDER, read_lines
from gner_bench.documents.fields import Fields, read_objects
from gner_bench.errors import short

ANSWERS = ("prediction", "predictions", "entities", "output", "response", "answer")
"""Keys that may hold the mentions of a sentence; without any of them the object itself has a key for each type."""
WORDS = ("tokens", "words", "tokenized_text")
ABOUT = ("id", "dataset", "split", "text", "sentence", *WORDS)
"""Keys that are no types."""
_TEXT = ("text", "mention", "entity", "name", "word", "span")
_TYPE = ("type", "label", "entity_type", "entity_group", "category", "tag")
OF_TEXT = "json"
"""The answer format of JSON that is kept as text."""


def read_mentions(source: Source, own_gold: Reading | None) -> Iterator[Predicted]:
    """The sentences of a file: mentions as ``{"text", "type"}``, as ``[text, type]``, or lists of texts by type. Raises
    InputError naming line (or index) and field for anything else."""
    for fields in read_objects(source.path, source.reading.keys):
        key = next((key for key in ANSWERS if key in fields.value), "")
        answer: Any = fields.value[key] if key else {k: v for k, v in fields.value.items() if k not in ABOUT}
        if key_of_words := next((key for key in WORDS if key in fields.value), ""):
            words = fields.strings(key_of_words)
        else:
            text = fields.optional("text" if "text" in fields.value else "sentence", str)
            words = tuple((text or "").split())
        id, dataset, split = fields.id(), fields.optional("dataset", str), fields.optional("split", str)
        if isinstance(answer, str):
            yield Predicted(fields, words, None, answer, answer_format(OF_TEXT), id, dataset, split)
            continue
        pairs = [pair for place, value in _values(key, answer, fields) for pair in _pairs(fields, place, value)]
        yield Predicted(fields, words, Mentions(pairs), id=id, dataset=dataset, split=split)


def _values(key: str, answer: Any, fields: Fields) -> Iterator[tuple[str, Any]]:
    """What an answer holds, each with its place: mentions, or (type, mentions)."""
    # GLiNER2 puts the types one level below.
    if isinstance(answer, dict) and list(answer) == ["entities"]:
        key, answer = f"{key}.entities".strip("."), answer["entities"]
    if isinstance(answer, list):
        yield from ((f"{key}[{index}]", value) for index, value in enumerate(answer))
    elif isinstance(answer, dict):
        yield from ((f"{key}.{kind}".strip("."), (kind, value)) for kind, value in answer.items())
    else:
        raise fields.error(key, f"expected a list of mentions or an object by type, found {short(answer)}")


def _pairs(fields: Fields, place: str, value: Any) -> Iterator[tuple[str, str]]:
    """The (text, type) pairs of one value."""
    match value:
        case [str(text), str(kind)] if isinstance(value, list):
            yield text, kind
            return
        case (str(), None | "") if isinstance(value, tuple):
            return
        case (str(kind), only) if isinstance(value, tuple) and _first(only):
            yield _first(only), kind
            return
        case (str(kind), [*texts]) if isinstance(value, tuple) and all(map(_first, texts)):
            yield from ((_first(text), kind) for text in texts)
            return
        case dict() if _first(value) and (kind := _first(value, _TYPE)):
            yield _first(value), kind
            return
        case dict() if len(value) == 1 and not value.keys() & {*_TEXT, *_TYPE}:
            yield from _pairs(fields, place, next(iter(value.items())))
            return
    shown = value[1] if isinstance(value, tuple) else value
    raise fields.error(place, f"expected the text and the type of a mention, found {short(shown)}")


def _first(value: Any, keys: Sequence[str] = _TEXT) -> str:
    """A text, or the first text of an object under ``keys``; empty where there is none."""
    if isinstance(value, str):
        return value
    return next((value[key] for key in keys if isinstance(value.get(key), str)), "") if isinstance(value, dict) else ""


MENTIONS = DataFormat(
    "mentions",
    "mentions without places in JSON, by mention or by type (GLiNER2); predictions",
    read_predictions=read_mentions,
    example='{"id": "0", "text": "Ann saw Oslo", "entities": [{"text": "Oslo", "type": "LOC"}]}\n'
    '{"id": "1", "text": "Ann saw Oslo", "entities": {"PER": ["Ann"], "LOC": ["Oslo"]}}',
    version="import-mentions-1",
    assumed=("mentions are at every occurrence of their text",),
)
LIST = DataFormat(
    "list",
    "a line of type: text; type: text a sentence; predictions",
    read_predictions=partial(read_lines, LISTED, None),
    example="PER: Ann; LOC: Oslo",
    version=LISTED.version,
    assumed=(IN_ORDER, "mentions are at every occurrence of their text"),
)
