"""Columns: a word and its tag on each line, a blank line between sentences.

Gold tags are in the last or the first column. In files of predictions, which are those that conlleval reads
(CoNLL-2000, CoNLL-2003), the word is first, its predicted tag last and its gold tag before that. Other columns are
ignored.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from gner_bench.answers.answer import Tags
from gner_bench.bio import Reading, TagReader, split_tag
from gner_bench.data.formats import DataFormat, Predicted, Source
from gner_bench.data.formats.writing import DOCUMENT_START, as_columns, check, set_name, write_text
from gner_bench.data.sentence import Dataset, Sentence
from gner_bench.documents.fields import EMPTY, Fields
from gner_bench.errors import InputError, short
from gner_bench.files import read_text

SAMPLE_LINES = 1000
"""How many lines decide which column holds the tags."""
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


def read_conll(source: Source) -> list[Dataset]:
    """The data set of a file of columns, with ids counted from 0.

    A line ``-DOCSTART-`` between sentences is left out. Raises InputError naming line and field for a line with other
    columns, an empty word and a bad tag.
    """
    path, tags = source.path, source.tag_reader()
    text = _SPACES.sub("", read_text(path))
    # The column of tags is the one with most of what looks like a tag among the first lines.
    lines = [line for line in text[: SAMPLE_LINES * 200].split("\n")[:SAMPLE_LINES] if line]
    if not lines:
        raise InputError(path, "is empty: no sentence in it")
    first_line = len(text) - len(text.lstrip("\n")) + 1
    separator = "\t" if "\t" in lines[0] else None
    count = len(lines[0].split(separator))
    if count < 2:
        raise InputError(path, "expected word<TAB>tag", first_line, "tag")
    sample = [row for row in (line.split(separator) for line in lines) if len(row) == count]
    tagged = [sum(_TAG.fullmatch(row[column]) is not None for row in sample) for column in range(count)]
    column = max(range(count), key=lambda i: (tagged[i], i == count - 1, i == 0))
    if 0 < column < count - 1:
        message = f"is in column {column + 1} of {count}; it must be in the last or the first one"
        raise InputError(path, message, first_line, "tag")
    columns = Columns(count, 1 if column == 0 else 0, column, separator)
    sentences: list[Sentence] = []
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
        if not rows:
            continue
        cells = [row.split(columns.separator) for row in rows]
        words = tuple([row[columns.word] for row in cells if len(row) == columns.count])
        if len(words) < len(rows) or "" in words or (columns.separator is None and "\t" in block):
            raise _error(path, start, rows, columns)
        marks = [row[columns.tag] for row in cells]
        if words != DOCUMENT_START or marks != ["O"]:
            sentences.append(Sentence(str(len(sentences)), words, tags.read(marks, start)))
    return [source.dataset(sentences, tags)]


def _error(path: Path, start: int, rows: list[str], columns: Columns) -> InputError:
    """What is wrong with the first bad line of a sentence that begins on line ``start``."""
    for line, row in enumerate(rows, start):
        cells = row.split(columns.separator)
        if columns.separator is None and "\t" in row:
            return InputError(path, "mixes tabs with the spaces of the lines before", line, "tag")
        if len(cells) != columns.count:
            return InputError(path, f"expected {columns}", line, "tag")
        if not cells[columns.word]:
            return InputError(path, "the word is empty", line, "word")
    raise AssertionError("no line is wrong")


def read_predictions(path: Path, own_gold: Reading | None) -> Iterator[Predicted]:
    """The sentences of a file; with ``own_gold`` the column before the last is read so, as their gold.

    Predicted tags may be illegal BIO; BIOES is read as BIO. Raises InputError naming line and field for lines of
    other columns than the first one, and for what is no tag.
    """
    gold = None if own_gold is None else TagReader(path, None, own_gold)
    count = 0
    for line, rows in _rows(path):
        count = count or len(rows[0])
        tags = []
        for number, row in enumerate(rows, start=line):
            if len(row) < (3 if gold else 2):
                wanted = "word, gold tag and predicted tag (or --gold)" if gold else "word and predicted tag"
                raise InputError(path, f"expected {wanted}, found {len(row)} columns", number)
            if len(row) != count:
                raise InputError(path, f"{len(row)} columns, but {count} in the lines before", number)
            if not row[0]:
                raise InputError(path, "the word is empty", number, "word")
        for number, row in enumerate(rows, start=line):
            parts = split_tag(row[-1])
            if parts is None:
                message = f"{short(row[-1])} is neither O nor B-/I- with a type"
                raise InputError(path, message, number, "predicted tag")
            tags.append("-".join(parts) if parts[1] else "O")
        words = tuple(row[0] for row in rows)
        own = gold.read([row[-2] for row in rows], line) if gold else None
        yield Predicted(Fields(path, {}, line), words, Tags(words, tuple(tags)), gold=own)
    if not count:
        raise InputError(path, EMPTY)


def _rows(path: Path) -> Iterator[tuple[int, list[list[str]]]]:
    """The first line and the cells of each sentence, without marks of document starts."""
    text = read_text(path)
    tabs = "\t" if "\t" in text.lstrip("\n").split("\n", 1)[0] else None
    rows: list[list[str]] = []
    for number, line in enumerate([*text.split("\n"), ""], start=1):
        if line.strip(" "):
            rows.append(line.split(tabs))
            continue
        if rows and rows[0][0] not in DOCUMENT_START:
            yield number - len(rows), rows
        rows = []


def write_conll(path: Path, datasets: Sequence[Dataset], lossy: bool = False) -> list[Path]:
    """Write one data set as ``word<TAB>tag`` lines with a blank line after each sentence; return the file.

    Refuses (InputError) several data sets and words that lines cannot hold. With ``lossy``, ids, the order of types
    in single prompts and a list of types other than those met, in the order of their first entity, may be lost.
    """
    check(path, datasets)
    if len(datasets) != 1:
        raise InputError(path, f"one file of columns holds one data set, not {len(datasets)}; choose another format")
    dataset = datasets[0]
    met = tuple(dict.fromkeys(tag[2:] for sentence in dataset.sentences for tag in sentence.tags if tag != "O"))
    if met != dataset.types and not lossy:
        raise InputError(path, f"the list of types of {set_name(dataset)} would be lost (--lossy allows it)")
    return write_text(path, as_columns(path, dataset, lossy))


CONLL = DataFormat(
    "conll",
    "columns with a word and its tag on each line; gold and predictions",
    read_conll,
    read_predictions,
    write_conll,
    suffixes=(".txt", ".conll", ".tsv", ".bio"),
    version="import-conll-1",
    assumed=("the last column read as predicted tags",),
    gold_inside=True,
)
