"""Files of answers: a line of text a sentence, SLIMER's files, and JSON with an id and an answer in any format."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from gner_bench.answers import AnswerFormat, answer_format
from gner_bench.answers.front import take_off
from gner_bench.answers.gner import GNER, LABEL, MATCHING_VERSION
from gner_bench.answers.inline import INLINE as INLINE_ANSWERS
from gner_bench.answers.inline import read as read_inline
from gner_bench.answers.slimer import SLIMER as SLIMER_ANSWERS
from gner_bench.bio import Reading
from gner_bench.data.formats import FORMATS, DataFormat, Predicted, Source
from gner_bench.data.formats.columns import looks_like_columns
from gner_bench.documents.fields import EMPTY, Fields, read_objects
from gner_bench.errors import InputError
from gner_bench.files import read_text

_MARKUP = re.compile(r"<(?:!doctype|\?xml|html|head|body|table|div)\b", re.IGNORECASE)
_MARK = re.compile(r"<([^<>/\s][^<>/]*)>.*?</\1>")
_OTHERS: dict[str, Callable[[str], object]] = {
    "columns (conll)": looks_like_columns,
    "words with tags, word(tag) word(tag) (text)": LABEL.search,
    "text with marks of entities (inline)": _MARK.search,
}
"""What a line of another format looks like."""
IN_ORDER = "a line is a sentence, in the order of the gold"


def format_of_answers(name: str) -> DataFormat:
    """Files of answers in the answer format ``name``: JSON objects ``{"id": …, "prediction": "the answer"}``.
    ``dataset`` and ``split`` are read where they are. Raises UsageError for an unknown format."""
    answers = answer_format(name)

    def read(source: Source, own_gold: Reading | None) -> Iterator[Predicted]:
        for fields in read_objects(source.path, source.reading.keys):
            dataset, split = fields.optional("dataset", str), fields.optional("split", str)
            # An answer that is JSON may be there as such, and one without content as null.
            answer = fields.get("prediction", object)
            text = json.dumps(answer, ensure_ascii=False) if isinstance(answer, dict | list) else ""
            text = text if answer is None or text else fields.get("prediction", str)
            yield Predicted(fields, (), None, text, answers, fields.id(), dataset, split)

    return DataFormat(name, answers.title, read_predictions=read, version=answers.version)


def holds_answers(path: Path, keys: Mapping[str, str]) -> bool:
    """Whether a file is one of answers, by its first object; formats of their own have other keys that say so."""
    try:
        first = next(iter(read_objects(path, keys))).value
    except (InputError, StopIteration):
        return False
    own = {key for format in FORMATS.usable().values() for key in format.keys} | {"input"}
    return "prediction" in first and own.isdisjoint(first)


def lines_of(path: Path, fits: re.Pattern[str] | None = None) -> Iterator[tuple[Fields, str]]:
    """The lines of a file of one sentence a line, each with its place.

    Raises InputError for an empty file and, where ``fits`` says what a line looks like, for one in a format that can be
    named: JSON, HTML, or another if no line fits.
    """
    text = read_text(path)
    lines = [line.strip() for line in text.splitlines() if line.strip()] if fits else []
    if fits and lines:
        named = _json_of(text.strip(), lines[0]) or ("HTML or XML" if _MARKUP.match(text.strip()) else "")
        if not named and not any(map(fits.search, lines)):
            fitting = [name for name, is_of in _OTHERS.items() if 2 * sum(map(bool, map(is_of, lines))) > len(lines)]
            named = fitting[0] if fitting else ""
        if named:
            raise InputError(path, f"looks like {named}; --from names its format")
    if not text.strip():
        raise InputError(path, EMPTY)
    for number, line in enumerate(text.removesuffix("\n").split("\n"), start=1):
        yield Fields(path, {}, number), line


def _json_of(text: str, first_line: str) -> str:
    """What the file is if it holds JSON, with the name of its format where that can be told."""
    for part in (first_line, text):
        try:
            value = json.loads(part) if part.startswith(("{", "[")) else None
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict) and "prediction" in value and "instance" not in value:
            return "JSON with answers (gner, or another of `gner-bench list answers`)"
        if isinstance(value, dict | list):
            first: Any = value[0] if isinstance(value, list) and value else value
            own = first.keys() if isinstance(first, dict) else set[str]()
            fitting = (name for name, format in FORMATS.usable().items() if not own.isdisjoint(format.keys))
            return next((f"JSON ({name})" for name in fitting), "JSON")
    return ""


def read_lines(
    format: AnswerFormat, fits: re.Pattern[str] | None, source: Source, own_gold: Reading | None
) -> Iterator[Predicted]:
    """The sentences of a file of an answer each, see ``lines_of``; an empty line is an empty answer."""
    for fields, line in lines_of(source.path, fits):
        yield Predicted(fields, (), None, line, format)


def read_inline_lines(source: Source, own_gold: Reading | None) -> Iterator[Predicted]:
    """The sentences of a file with marks of entities in their text. Raises InputError for another format."""
    for fields, line in lines_of(source.path, _MARK):
        words = (read_inline(take_off(line, (), (), [])).text or "").split()
        yield Predicted(fields, tuple(words), None, line, INLINE_ANSWERS)


def read_slimer_objects(source: Source, own_gold: Reading | None) -> Iterator[Predicted]:
    """The sentences of a file of SLIMER-PARALLEL: ``input`` and, in ``pred_answers``, the answer."""
    for fields in read_objects(source.path, source.reading.keys):
        words, text = tuple(fields.get("input", str).split()), fields.get("pred_answers", str)
        yield Predicted(fields, words, None, text, SLIMER_ANSWERS, fields.id())


TEXT = DataFormat(
    "text",
    "a line of GNER's word(tag) word(tag) a sentence; predictions",
    read_predictions=partial(read_lines, GNER, LABEL),
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
    version=SLIMER_ANSWERS.version,
    assumed=("mentions are at every occurrence of their text",),
)
