"""Files of answers: a line of text a sentence, SLIMER's files, and JSON with an id and an answer in any format."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from gner_bench.answers import answer_format
from gner_bench.answers.front import take_off
from gner_bench.answers.gner import GNER, LABEL, MATCHING_VERSION
from gner_bench.answers.inline import INLINE as INLINE_ANSWERS
from gner_bench.answers.inline import read as read_inline
from gner_bench.answers.slimer import SLIMER as SLIMER_ANSWERS
from gner_bench.bio import Reading
from gner_bench.data.formats import DataFormat, Predicted, detect
from gner_bench.documents.fields import EMPTY, Fields, read_objects
from gner_bench.errors import InputError
from gner_bench.files import read_text

JSON = "JSON"
_OTHERS = (
    ("HTML or XML", re.compile(r"<(?:!doctype|\?xml|html|head|body|table|div)\b", re.IGNORECASE)),
    (JSON, re.compile(r"[\[{\]}\"]")),
    ("columns (conll)", re.compile(r"\S+(?:\s+\S+)*\s+(?:O|[BIESLU]-\S.*)$")),
    ("words with tags, word(tag) (text)", re.compile(r".*?\((?:O|[BI]-[^)]*)\)")),
    ("text with marks of entities (inline)", re.compile(r".*?<([^<>/\s][^<>/]*)>.*?</\1>")),
)
"""What a line of another format looks like."""
_MARK = re.compile(r"<([^<>/\s][^<>/]*)>.*?</\1>")
IN_ORDER = "a line is a sentence, in the order of the gold"


def format_of_answers(name: str) -> DataFormat:
    """Files of answers in the answer format ``name``: JSON objects ``{"id": …, "prediction": "the answer"}``.

    ``dataset`` and ``split`` are read where they are. Raises UsageError for an unknown format.
    """
    answers = answer_format(name)

    def read(path: Path, own_gold: Reading | None) -> Iterator[Predicted]:
        for fields in read_objects(path):
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


def _refuse_another(path: Path, fits: Callable[[str], bool]) -> None:
    """Raise InputError for a file of which no line ``fits`` and most are in a format that can be named."""
    lines = [line.strip() for line in read_text(path).splitlines() if line.strip()]
    if not lines or any(map(fits, lines)):
        return
    named = Counter(name for name, pattern in _OTHERS for line in lines if pattern.match(line))
    for name, count in named.most_common(1):
        if 2 * count > len(lines) or lines[0][0] in "[{<":
            json = detect(path) if name == JSON and lines[0].startswith("{") else ""
            raise InputError(path, f"looks like {name}{f' (the format {json})' if json else ''}: choose another --from")


def read_tagged_lines(path: Path, own_gold: Reading | None) -> Iterator[Predicted]:
    """The sentences of a file of ``word(tag) word(tag)``; an empty line is an empty generation.

    Raises InputError for a file that is plainly in another format, and names it.
    """
    _refuse_another(path, lambda line: bool(LABEL.search(line)))
    for fields, line in _lines(path):
        yield Predicted(fields, (), None, line, GNER)


def read_inline_lines(path: Path, own_gold: Reading | None) -> Iterator[Predicted]:
    """The sentences of a file with marks of entities in their text. Raises InputError for another format."""
    _refuse_another(path, lambda line: bool(_MARK.search(line)))
    for fields, line in _lines(path):
        words = (read_inline(take_off(line, (), (), [])).text or "").split()
        yield Predicted(fields, tuple(words), None, line, INLINE_ANSWERS)


def read_slimer_objects(path: Path, own_gold: Reading | None) -> Iterator[Predicted]:
    """The sentences of a file of SLIMER-PARALLEL: ``input`` and, in ``pred_answers``, the answer."""
    for fields in read_objects(path):
        words, text = tuple(fields.get("input", str).split()), fields.get("pred_answers", str)
        yield Predicted(fields, words, None, text, SLIMER_ANSWERS, fields.id())


TEXT = DataFormat(
    "text",
    "a line of GNER's word(tag) word(tag) a sentence; predictions",
    read_predictions=read_tagged_lines,
    version=MATCHING_VERSION,
    assumed=(IN_ORDER,),
)
INLINE = DataFormat(
    "inline",
    "a line of text with <type>…</type> a sentence; predictions",
    read_predictions=read_inline_lines,
    version=INLINE_ANSWERS.version,
    assumed=(IN_ORDER, "marks <type>…</type> do not nest"),
)
SLIMER = DataFormat(
    "slimer",
    "SLIMER's answers in JSON; predictions",
    read_predictions=read_slimer_objects,
    version=SLIMER_ANSWERS.version,
    assumed=("mentions are at every occurrence of their text",),
)
