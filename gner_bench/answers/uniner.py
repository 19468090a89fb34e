"""UniversalNER's answers: a question for each type, answered by a JSON list of mentions without their places."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from gner_bench.answers.answer import AnswerFormat, Mentions
from gner_bench.answers.lenient_json import EMPTY, UNREADABLE, mentions_in, read_json, texts_in
from gner_bench.answers.types import plain
from gner_bench.bio import lenient_spans

TEXT = "Text:"
QUESTION = re.compile(r"What describes (.+) in the text\?", re.DOTALL)


def strings(answer: Any, notes: list[str]) -> list[str]:
    """The mentions of an answer to one question, a list or text with one; None is an answer without text."""
    if answer is None:
        notes.append(EMPTY)
    try:
        return texts_in(read_json(answer, _is_list, notes) if isinstance(answer, str) else answer, notes)
    except RecursionError:
        notes.append(UNREADABLE)
        return []


def _is_list(value: Any) -> int:
    """Whether a value is a list of mentions; one of numbers alone is a reference in prose."""
    if not isinstance(value, list) or not all(isinstance(inner, str | dict | int) for inner in value):
        return 0
    return int(not value or any(isinstance(inner, str | dict) for inner in value))


def read_by_type(text: str, types: Sequence[str] = ()) -> Mentions:
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


def write_by_type(words: Sequence[str], tags: Sequence[str]) -> str:
    """The JSON object that ``read_by_type`` reads, with each text once a type."""
    answers: dict[str, dict[str, None]] = {}
    for first, end, kind in lenient_spans(tags):
        answers.setdefault(kind, {})[" ".join(words[first:end])] = None
    return json.dumps({kind: list(texts) for kind, texts in answers.items()}, ensure_ascii=False)


def read(text: str, words: Sequence[str], types: Sequence[str]) -> Mentions:
    """The mentions of a JSON array with the answers to the questions for each of ``types``, or of an object by type."""
    try:
        answers = json.loads(text)
    except (ValueError, RecursionError):
        answers = None
    if not isinstance(answers, list) or len(answers) != len(types) or any(isinstance(a, dict) for a in answers):
        return read_by_type(text, types)
    notes: list[str] = []
    pairs = zip(types, answers, strict=True)
    return Mentions([(mention, kind) for kind, answer in pairs for mention in strings(answer, notes)], notes)


UNINER = AnswerFormat(
    "uniner",
    "UniversalNER's JSON list of mentions for each type",
    "import-uniner-2",
    read,
    perfect=write_by_type,
    several=True,
)
