"""A JSON object with a list of mentions for each type, without their places: what general models are asked for."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from gner_bench.answers.answer import AnswerFormat, Mentions, Question
from gner_bench.answers.lenient_json import UNREADABLE, mentions_in, read_json
from gner_bench.answers.types import plain
from gner_bench.answers.wording import general_prompt
from gner_bench.bio import lenient_spans
from gner_bench.documents.fields import Json

TASK = "Find the named entities in a sentence."
FORM = """\
Answer with one JSON object and nothing else. Its keys are these types, all of them and no others. The value of a type \
is the list of the entities of that type, each written exactly as in the sentence; it is empty where there is none. \
The form is {"TYPE": ["entity", "entity"], "TYPE": []}."""


def read(text: str, words: Sequence[str] = (), types: Sequence[str] = ()) -> Mentions:
    """The mentions of a JSON object that has an answer for each type, or of a list of them with their types."""
    notes: list[str] = []

    def fits(value: Any) -> int:
        if isinstance(value, list):
            return int(bool(value) and all(isinstance(inner, dict | list) for inner in value))
        return 1 + (not known.isdisjoint(map(plain, value))) if isinstance(value, dict) else 0

    known = set(map(plain, types))
    try:
        value = read_json(text, fits, notes)
        return Mentions([] if value is None else mentions_in(value, types, notes), notes)
    except RecursionError:
        return Mentions([], [UNREADABLE])


def texts_by_type(words: Sequence[str], tags: Sequence[str], types: Sequence[str] = ()) -> dict[str, list[str]]:
    """The texts of the mentions of ``tags``, each once a type, for ``types`` and those that occur."""
    texts: dict[str, dict[str, None]] = {kind: {} for kind in types}
    for first, end, kind in lenient_spans(tags):
        texts.setdefault(kind, {})[" ".join(words[first:end])] = None
    return {kind: list(several) for kind, several in texts.items()}


def write(words: Sequence[str], tags: Sequence[str]) -> str:
    """The JSON object that ``read`` reads, of the types that occur."""
    return json.dumps(texts_by_type(words, tags), ensure_ascii=False)


def ask(question: Question) -> list[str]:
    """One prompt for all types. The answers that it shows have all of them."""
    answers = [texts_by_type(shot.words, shot.tags, question.types) for shot in question.shots]
    return [general_prompt(TASK, FORM, question, [json.dumps(answer, ensure_ascii=False) for answer in answers])]


def schema(types: Sequence[str]) -> Json:
    """The JSON schema of answers: a list of strings for each of ``types``, as strict servers take it."""
    texts = {"type": "array", "items": {"type": "string"}}
    kinds = list(dict.fromkeys(types))
    properties = dict.fromkeys(kinds, texts)
    return {"type": "object", "properties": properties, "required": kinds, "additionalProperties": False}


JSON = AnswerFormat(
    "json",
    "a JSON object with a list of mentions for each type; for general models",
    "json-1",
    read,
    ask,
    write,
    uses=frozenset({"definitions", "shots"}),
    wrapping="chat",
    max_new_tokens=1024,
    schema=schema,
)
