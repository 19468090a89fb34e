"""SLIMER's answers: a JSON object with a list of mentions for each type, without their places, after thoughts."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gner_bench.answers.answer import AnswerFormat, Mentions
from gner_bench.answers.uniner import read_by_type, write_by_type

_THOUGHTS = re.compile(r"\A.*</think>", re.DOTALL)


def read(text: str, words: Sequence[str], types: Sequence[str]) -> Mentions:
    """The mentions of an answer; text before ``</think>`` and around the object is left out."""
    return read_by_type(_THOUGHTS.sub("", text))


SLIMER = AnswerFormat(
    "slimer",
    "SLIMER's JSON object with a list of mentions for each type",
    "import-slimer-1",
    read,
    perfect=write_by_type,
)
