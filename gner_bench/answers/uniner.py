"""UniversalNER's answers: a question for each type, answered by a JSON list of mentions without their places.

The prompt is that of Universal-NER/UniNER-7B-type: https://github.com/universal-ner/universal-ner, src/conversation.py
(``ie_as_qa``), src/utils.py and src/eval/test_data.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from gner_bench.answers import by_type
from gner_bench.answers.answer import AnswerFormat, Mentions
from gner_bench.answers.lenient_json import EMPTY, UNREADABLE, read_json, texts_in
from gner_bench.answers.template import Template

TEXT = "Text:"
BULLETS = "answers with a line for each mention, read as such"
QUESTION = re.compile(r"What describes (.+) in the text\?", re.DOTALL)
PROMPT = (
    "A virtual assistant answers questions from a user based on the provided text. USER: Text: {text} ASSISTANT: I've"
    " read this text.</s>USER: What describes {type} in the text? ASSISTANT:"
)
_BULLETS = re.compile(r"\s*(?:[-*•]|\d+[.)])\s+(.*\S)\s*")


def strings(answer: Any, notes: list[str]) -> list[str]:
    """The mentions of an answer to one question: a list, or a text with a JSON list or with bullets alone. None is an
    answer without text."""
    if answer is None:
        notes.append(EMPTY)
    try:
        if isinstance(answer, str):
            said: list[str] = []
            value = read_json(answer, _is_list, said)
            bullets = [_BULLETS.fullmatch(line) for line in answer.splitlines() if line.strip()]
            if UNREADABLE in said and bullets and all(bullets):
                value, said = [bullet[1] for bullet in bullets if bullet], [BULLETS]
            answer = value
            notes += said
        return texts_in(answer, notes)
    except RecursionError:
        notes.append(UNREADABLE)
        return []


def _is_list(value: Any) -> int:
    """Whether a value is a list of mentions; one of numbers alone is a reference in prose."""
    if not isinstance(value, list) or not all(isinstance(inner, str | dict | int) for inner in value):
        return 0
    return int(not value or any(isinstance(inner, str | dict) for inner in value))


def read(text: str, words: Sequence[str], types: Sequence[str]) -> Mentions:
    """The mentions of a JSON array with the answers to the questions for each of ``types``, or of an object by type."""
    try:
        answers = json.loads(text)
    except (ValueError, RecursionError):
        answers = None
    # An answer that names the types of its mentions is an object, or a pair of a text and a type.
    typed = False
    for answer in answers if isinstance(answers, list) else []:
        pair = isinstance(answer, list) and len(answer) == 2 and any(isinstance(a, str) and a in types for a in answer)
        typed |= pair or isinstance(answer, dict)
    if not isinstance(answers, list) or len(answers) != len(types) or typed:
        return by_type.read(text, words, types)
    notes: list[str] = []
    pairs = zip(types, answers, strict=True)
    return Mentions([(mention, kind) for kind, answer in pairs for mention in strings(answer, notes)], notes)


UNINER = AnswerFormat(
    "uniner",
    "UniversalNER's JSON list of mentions for each type",
    "import-uniner-2",
    read,
    Template(PROMPT),
    by_type.write,
    several=True,
    wrapping="plain",
    max_new_tokens=256,
)
