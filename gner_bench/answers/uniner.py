"""UniversalNER's answers: a question for each type, answered by a JSON list of mentions without their places."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from gner_bench.answers.answer import AnswerFormat, Mentions
from gner_bench.bio import lenient_spans

TEXT = "Text:"
QUESTION = re.compile(r"What describes (.+) in the text\?", re.DOTALL)
MENDED = "answers that are no JSON list, read as far as strings stand in them"
UNREADABLE = "answers without a list, read as no entity"
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"|\'((?:[^\'\\]|\\.)*)\'(?=\s*(?:[,\]]|$))')


def strings(answer: Any, notes: list[str]) -> list[str]:
    """The mentions of an answer to one question, a list or text with one; what is no string in it is noted.

    Of a broken list, the whole strings after its first bracket are taken.
    """
    values = first_json(answer, "[") if isinstance(answer, str) else answer
    if isinstance(values, list):
        mentions = [value for value in values if isinstance(value, str)]
        if len(mentions) == len(values):
            return mentions
    else:
        mentions = [one or other for one, other in _STRING.findall(str(answer).partition("[")[2])]
    notes.append(MENDED if mentions else UNREADABLE)
    return mentions


def first_json(text: str, bracket: str) -> Any:
    """The JSON value that begins with the first ``bracket`` in ``text``, None where there is none."""
    try:
        return json.JSONDecoder().raw_decode(text, text.index(bracket))[0]
    except (ValueError, RecursionError):
        return None


def read_by_type(text: str) -> Mentions:
    """The mentions of a JSON object that has an answer for each type; text around the object is left out."""
    notes: list[str] = []
    answers = first_json(text, "{")
    if not isinstance(answers, dict):
        return Mentions([], [UNREADABLE])
    mentions = [(mention, kind) for kind, answer in answers.items() for mention in strings(answer, notes)]
    return Mentions(mentions, notes)


def write_by_type(words: Sequence[str], tags: Sequence[str]) -> str:
    """The JSON object that ``read_by_type`` reads, with each text once a type."""
    answers: dict[str, dict[str, None]] = {}
    for first, end, kind in lenient_spans(tags):
        answers.setdefault(kind, {})[" ".join(words[first:end])] = None
    return json.dumps({kind: list(texts) for kind, texts in answers.items()}, ensure_ascii=False)


def read(text: str, words: Sequence[str], types: Sequence[str]) -> Mentions:
    """The mentions of a JSON array with the answers to the questions for each of ``types``, or of an object by type."""
    answers = first_json(text, "[") if text.lstrip().startswith("[") else None
    if not isinstance(answers, list) or len(answers) != len(types):
        return read_by_type(text)
    notes: list[str] = []
    pairs = zip(types, answers, strict=True)
    return Mentions([(mention, kind) for kind, answer in pairs for mention in strings(answer, notes)], notes)


UNINER = AnswerFormat(
    "uniner",
    "UniversalNER's JSON list of mentions for each type",
    "import-uniner-1",
    read,
    perfect=write_by_type,
    several=True,
)
