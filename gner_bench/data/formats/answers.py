"""Files of answers: a line of text a sentence, SLIMER's files, and JSON with an id and an answer in any format."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gner_bench.answers import answer_format
from gner_bench.answers.gner import GNER, MATCHING_VERSION, parse_generation
from gner_bench.answers.inline import INLINE as INLINE_ANSWERS
from gner_bench.answers.inline import read as read_inline
from gner_bench.answers.slimer import read as read_slimer
from gner_bench.bio import Reading
from gner_bench.data.formats import DataFormat, Predicted, Source
from gner_bench.documents.fields import EMPTY, Fields, read_objects
from gner_bench.errors import InputError
from gner_bench.files import read_text

IN_ORDER = "a line is a sentence, in the order of the gold"


def format_of_answers(name: str) -> DataFormat:
    """Files of answers in the answer format ``name``: JSON objects ``{"id": …, "prediction": "the answer"}``.

    ``dataset`` and ``split`` are read where they are. Raises UsageError for an unknown format.
    """
    answers = answer_format(name)

    def read(source: Source, own_gold: Reading | None) -> Iterator[Predicted]:
        for fields in read_objects(source.path, source.reading.keys):
            dataset, split = fields.optional("dataset", str), fields.optional("split", str)
            text = fields.get("prediction", str)
            yield Predicted(fields, (), None, text, answers, fields.id(), dataset, split)

    return DataFormat(name, answers.title, read_predictions=read, version=answers.version)


def _lines(path: Path) -> Iterator[tuple[Fields, str]]:
    text = read_text(path)
    if not text.strip():
        raise InputError(path, EMPTY)
    for number, line in enumerate(text.removesuffix("\n").split("\n"), start=1):
        yield Fields(path, {}, number), line


def read_tagged_lines(source: Source, own_gold: Reading | None) -> Iterator[Predicted]:
    """The sentences of a file of ``word(tag) word(tag)``; an empty line is an empty generation."""
    for fields, line in _lines(source.path):
        yield Predicted(fields, tuple(word for word, _ in parse_generation(line)), None, line, GNER)


def read_inline_lines(source: Source, own_gold: Reading | None) -> Iterator[Predicted]:
    """The sentences of a file with marks of entities in their text."""
    for fields, line in _lines(source.path):
        answer = read_inline(line)
        yield Predicted(fields, tuple((answer.text or "").split()), answer)


def read_slimer_objects(source: Source, own_gold: Reading | None) -> Iterator[Predicted]:
    """The sentences of a file of SLIMER-PARALLEL: ``input`` and, in ``pred_answers``, the answer."""
    for fields in read_objects(source.path, source.reading.keys):
        answer = read_slimer(fields.get("pred_answers", str), (), ())
        yield Predicted(fields, tuple(fields.get("input", str).split()), answer, id=fields.id())


TEXT = DataFormat(
    "text",
    "a line of GNER's word(tag) word(tag) a sentence; predictions",
    read_predictions=read_tagged_lines,
    example="Ann(B-PER) saw(O) Oslo(B-LOC)",
    version=MATCHING_VERSION,
    assumed=(IN_ORDER,),
)
INLINE = DataFormat(
    "inline",
    "a line of text with <type>…</type> a sentence; predictions",
    read_predictions=read_inline_lines,
    example="<PER>Ann</PER> saw <LOC>Oslo</LOC>",
    version=INLINE_ANSWERS.version,
    assumed=(IN_ORDER, "marks <type>…</type> do not nest"),
)
SLIMER = DataFormat(
    "slimer",
    "SLIMER's answers in JSON; predictions",
    read_predictions=read_slimer_objects,
    example='{"id": "0", "input": "Ann saw Oslo", "pred_answers": "{\\"LOC\\": [\\"Oslo\\"]}"}',
    version="import-slimer-1",
    assumed=("mentions are at every occurrence of their text",),
)
