"""Columns: a word and its tag on each line, a blank line between sentences, the tag in the last or the first column."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gner_bench.data.sentence import Sentence
from gner_bench.data.tags import TagReader
from gner_bench.data.text import read_text
from gner_bench.errors import InputError

SAMPLE_LINES = 1000
"""How many lines decide which column holds the tags."""
DOCUMENT_START = ("-DOCSTART-",)
_TAG = re.compile(r"O|[BIES]-.+")
_SPACES = re.compile(r"(?m)^ +$")


@dataclass(frozen=True)
class Columns:
    """Which of ``count`` columns hold word and tag; ``separator`` None is any run of spaces."""

    count: int
    word: int
    tag: int
    separator: str | None

    def __str__(self) -> str:
        gap = "<TAB>" if self.separator else "<SPACE>"
        names = ["…"] * self.count
        names[self.word], names[self.tag] = "word", "tag"
        return gap.join(names)


def read_columns(path: Path, tags: TagReader) -> list[Sentence]:
    """The sentences of a file, with ids counted from 0.

    A line ``-DOCSTART-`` between sentences is left out. Raises InputError naming line and field for a line with other
    columns, an empty word and a tag that ``tags`` refuses.
    """
    text = _SPACES.sub("", read_text(path))
    columns = _detect(path, text)
    rows = ((words, tags.read(marks, line)) for line, words, marks in _sentences(path, text, columns))
    return [Sentence(str(index), words, bio) for index, (words, bio) in enumerate(rows)]


def _detect(path: Path, text: str) -> Columns:
    lines = [line for line in text[: SAMPLE_LINES * 200].split("\n")[:SAMPLE_LINES] if line]
    if not lines:
        raise InputError(path, "is empty: no sentence in it")
    separator = "\t" if "\t" in lines[0] else None
    count = len(lines[0].split(separator))
    if count < 2:
        raise InputError(path, "expected word<TAB>tag", _first_line(text), "tag")
    cells = [row for row in (line.split(separator) for line in lines) if len(row) == count]
    tagged = [sum(_TAG.fullmatch(row[column]) is not None for row in cells) for column in range(count)]
    column = max(range(count), key=lambda i: (tagged[i], i == count - 1, i == 0))
    if 0 < column < count - 1:
        message = f"stands in column {column + 1} of {count}; it must stand in the last or the first one"
        raise InputError(path, message, _first_line(text), "tag")
    return Columns(count, 1 if column == 0 else 0, column, separator)


def _first_line(text: str) -> int:
    return len(text) - len(text.lstrip("\n")) + 1


def _sentences(path: Path, text: str, columns: Columns) -> Iterator[tuple[int, tuple[str, ...], list[str]]]:
    """The first line, words and raw tags of each sentence."""
    line = 1
    for block in text.split("\n\n"):
        rows = block.split("\n")
        start = line
        line += len(rows) + 1
        while rows and not rows[0]:
            del rows[0]
            start += 1
        if rows and not rows[-1]:
            rows.pop()
        if rows:
            words, tags = _split(path, start, rows, columns)
            if words != DOCUMENT_START or tags != ["O"]:
                yield start, words, tags


def _split(path: Path, start: int, rows: list[str], columns: Columns) -> tuple[tuple[str, ...], list[str]]:
    cells = [row.split(columns.separator) for row in rows]
    words = tuple([row[columns.word] for row in cells if len(row) == columns.count])
    if len(words) < len(rows) or "" in words or (columns.separator is None and "\t" in "".join(rows)):
        raise _error(path, start, rows, columns)
    return words, [row[columns.tag] for row in cells]


def _error(path: Path, start: int, rows: list[str], columns: Columns) -> InputError:
    for line, row in enumerate(rows, start):
        cells = row.split(columns.separator)
        if columns.separator is None and "\t" in row:
            return InputError(path, "mixes tabs with the spaces of the lines before", line, "tag")
        if len(cells) != columns.count:
            return InputError(path, f"expected {columns}", line, "tag")
        if not cells[columns.word]:
            return InputError(path, "the word is empty", line, "word")
    raise AssertionError("no line is wrong")
