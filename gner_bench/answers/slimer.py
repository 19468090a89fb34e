"""SLIMER's answers: a JSON object with a list of mentions for each type, without their places, after thoughts."""

from __future__ import annotations

from collections.abc import Sequence

from gner_bench.answers.answer import AnswerFormat, Mentions
from gner_bench.answers.uniner import read_by_type, write_by_type


def read(text: str, words: Sequence[str], types: Sequence[str]) -> Mentions:
    """The mentions of an answer, see ``uniner.read_by_type``."""
    return read_by_type(text, types)


SLIMER = AnswerFormat(
    "slimer",
    "SLIMER's JSON object with a list of mentions for each type",
    "import-slimer-2",
    read,
    perfect=write_by_type,
)
