"""Answer formats: how a system is asked for entities and how its answer is read; one module a format.

``ANSWERS`` is open to other packages, which add a format by an entry point of the group ``gner_bench.answers``.
"""

from __future__ import annotations

from gner_bench.answers.answer import Answer as Answer
from gner_bench.answers.answer import AnswerFormat as AnswerFormat
from gner_bench.answers.answer import CharacterSpans as CharacterSpans
from gner_bench.answers.answer import Definition as Definition
from gner_bench.answers.answer import LabelOrder as LabelOrder
from gner_bench.answers.answer import Mentions as Mentions
from gner_bench.answers.answer import Question as Question
from gner_bench.answers.answer import Shot as Shot
from gner_bench.answers.answer import Span as Span
from gner_bench.answers.answer import Tagged as Tagged
from gner_bench.answers.answer import Tags as Tags
from gner_bench.answers.answer import WordSpans as WordSpans
from gner_bench.answers.answer import Wrapping as Wrapping
from gner_bench.answers.answer import ordered_types as ordered_types
from gner_bench.answers.answer import wrapped as wrapped
from gner_bench.documents.record import FULL_BIO, GNER
from gner_bench.errors import UsageError, short
from gner_bench.plugins import Registry

ANSWERS = Registry(
    "gner_bench.answers",
    "answer format",
    AnswerFormat,
    {
        GNER: "gner_bench.answers.gner:GNER",
        "entities": "gner_bench.answers.gner:ENTITIES",
        "context": "gner_bench.answers.gner:CONTEXT",
        "full": "gner_bench.answers.gner:FULL",
        "full+bioes": "gner_bench.answers.gner:FULL_BIOES",
        "json": "gner_bench.answers.by_type:JSON",
        "inline": "gner_bench.answers.inline:INLINE",
        "uniner": "gner_bench.answers.uniner:UNINER",
        "slimer": "gner_bench.answers.slimer:SLIMER",
        "b2ner": "gner_bench.answers.b2ner:B2NER",
        "instructuie": "gner_bench.answers.instructuie:INSTRUCTUIE",
        "gollie": "gner_bench.answers.gollie:GOLLIE",
        "spans": "gner_bench.answers.spans:SPANS",
        "list": "gner_bench.answers.listed:LIST",
    },
)


def answer_format(name: str) -> AnswerFormat:
    """The format of that name; ``context:2`` is the format ``context`` with the argument ``2``. Raises UsageError, with
    the nearest name, for an unknown one, and for an argument that is missing or of no use."""
    base, colon, argument = name.partition(":")
    format = ANSWERS.get(GNER if name == FULL_BIO else base)
    if colon and format.with_argument is not None:
        return format.with_argument(argument)
    if colon or format.with_argument is not None:
        wanted = f"{base}:{format.argument}" if format.with_argument is not None else base
        raise UsageError(f"{short(name)} is no answer format; expected {wanted}")
    return format
