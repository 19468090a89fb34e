"""Columns: a word first on each line, its predicted tag last, its gold tag before that; a blank line between sentences.

These are the files that conlleval reads (CoNLL-2000, CoNLL-2003); other columns are ignored.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gner_bench.data.columns import DOCUMENT_START
from gner_bench.data.tags import PREFIXES, Reading, TagReader
from gner_bench.data.text import read_text
from gner_bench.errors import InputError, short
from gner_bench.records import EMPTY, Fields
from gner_bench.scoring.importing.content import Item
from gner_bench.scoring.importing.placing import Tags

ASSUMED = ("the last column read as predicted tags",)
Rows = list[list[str]]


def read(path: Path, own_gold: Reading | None) -> Iterator[Item]:
    """The sentences of a file; with ``own_gold`` the column before the last is read so, as their gold.

    Predicted tags may be illegal BIO; BIOES is read as BIO. Raises InputError naming line and field for lines of
    other columns than the first one, and for what is no tag.
    """
    gold = None if own_gold is None else TagReader(path, None, own_gold)
    least = 3 if gold else 2
    count = 0
    for line, rows in _blocks(path):
        count = count or len(rows[0])
        _check(path, line, rows, count, least)
        words = tuple(row[0] for row in rows)
        tags = tuple(_tag(path, line + index, row[-1]) for index, row in enumerate(rows))
        own = gold.read([row[-2] for row in rows], line) if gold else None
        yield Item(Fields(path, {}, line), Tags(words, tags), gold=own)
    if not count:
        raise InputError(path, EMPTY)


def _blocks(path: Path) -> Iterator[tuple[int, Rows]]:
    """The first line and the cells of each sentence, without marks of document starts."""
    text = read_text(path)
    tabs = "\t" if "\t" in text.lstrip("\n").split("\n", 1)[0] else None
    rows: Rows = []
    for number, line in enumerate([*text.split("\n"), ""], start=1):
        if line.strip(" "):
            rows.append(line.split(tabs))
            continue
        if rows and rows[0][0] not in DOCUMENT_START:
            yield number - len(rows), rows
        rows = []


def _check(path: Path, line: int, rows: Rows, count: int, least: int) -> None:
    for number, row in enumerate(rows, start=line):
        if len(row) < least:
            wanted = "word, gold tag and predicted tag (or --gold)" if least == 3 else "word and predicted tag"
            raise InputError(path, f"expected {wanted}, found {len(row)} columns", number)
        if len(row) != count:
            raise InputError(path, f"{len(row)} columns, but {count} in the lines before", number)
        if not row[0]:
            raise InputError(path, "the word is empty", number, "word")


def _tag(path: Path, line: int, tag: str) -> str:
    prefix, dash, kind = tag.partition("-")
    if tag == "O":
        return tag
    if prefix not in PREFIXES or not dash or not kind:
        raise InputError(path, f"{short(tag)} is neither O nor B-/I- with a type", line, "predicted tag")
    return f"{PREFIXES[prefix]}-{kind}"
