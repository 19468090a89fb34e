"""What writers of corpora share: what is read back is the same data set, or they refuse and say what would be lost.

What is not content is not kept: how many tags a reading repaired, and keys of a file that gner-bench does not know.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path

from gner_bench.data.collect import TYPES
from gner_bench.data.formats.columns import DOCUMENT_START
from gner_bench.data.sentence import Dataset, Sentence
from gner_bench.documents.fields import DOCUMENT, Json
from gner_bench.errors import InputError, short
from gner_bench.files import write_atomic


def check(path: Path, datasets: Sequence[Dataset]) -> None:
    """Refuse what no reader gives: nothing at all, doubled names and ids, sentences with tags of unlisted types."""
    if not datasets:
        raise InputError(path, "there is no data set to write")
    names: set[tuple[str, str]] = set()
    for dataset in datasets:
        if (dataset.name, dataset.split) in names:
            raise InputError(path, f"{set_name(dataset)} is given twice; one would be lost")
        names.add((dataset.name, dataset.split))
        if not dataset.sentences:
            raise InputError(path, f"{set_name(dataset)} has no sentence")
        ids: set[str] = set()
        for sentence in dataset.sentences:
            listed = sentence.types or dataset.types
            used = {tag[2:] for tag in sentence.tags if tag != "O"}
            if not used <= set(listed) <= set(dataset.types) or len(sentence.words) != len(sentence.tags):
                raise refusal(path, dataset, sentence, "has a type that is not listed, or not one tag for each word")
            if sentence.id in ids:
                raise refusal(path, dataset, sentence, "shares its id with another one")
            ids.add(sentence.id)


def as_columns(path: Path, dataset: Dataset, lossy: bool) -> str:
    """``word<TAB>tag`` lines with a blank line after each sentence. Raises InputError for what they cannot hold."""
    blocks = []
    for index, sentence in enumerate(dataset.sentences):
        if not lossy and (sentence.types or sentence.id != str(index)):
            lost = "the order of the types in its prompt" if sentence.types else f"its id, which is not {index},"
            raise refusal(path, dataset, sentence, f"{lost} would be lost (--lossy allows it)")
        block = "".join(f"{word}\t{tag}\n" for word, tag in zip(sentence.words, sentence.tags, strict=True))
        count, problem = len(sentence.words), ""
        if not count:
            problem = "has no word"
        elif "" in sentence.words:
            problem = "has an empty word"
        elif block.count("\t") != count or block.count("\n") != count or "\r\n" in block:
            problem = "has a word or type with a tab or line end"
        elif f"{DOCUMENT_START}\tO\n" in block:
            problem = f"has a word that would be taken for the mark {DOCUMENT_START}"
        elif index == 0 and block.startswith("\ufeff"):
            problem = "begins with a byte order mark"
        if problem:
            raise refusal(path, dataset, sentence, problem)
        blocks.append(block + "\n")
    return "".join(blocks)


def records(datasets: Iterable[Dataset]) -> Iterator[tuple[Sentence, Json]]:
    """The sentences, each with the keys that say where it belongs and what it was asked for. The first record of a data
    set states its types under ``TYPES`` where the lists of its records give them in another order or not at all."""
    for dataset in datasets:
        lists = [sentence.types or dataset.types for sentence in dataset.sentences]
        listed = tuple(dict.fromkeys(chain.from_iterable(dict.fromkeys(lists)))) == dataset.types
        for index, sentence in enumerate(dataset.sentences):
            record = {"id": sentence.id, "dataset": dataset.name, "split": dataset.split, "label_list": lists[index]}
            if sentence.document:
                record[DOCUMENT] = sentence.document
            yield sentence, record if listed or index else {**record, TYPES: dataset.types}


def write_lines(path: Path, objects: Iterable[Json]) -> list[Path]:
    """Write JSON objects, one a line; return the file."""
    return write_text(path, "".join(json.dumps(value, ensure_ascii=False) + "\n" for value in objects))


def write_text(path: Path, text: str) -> list[Path]:
    """Write a file, compressed where its name ends in ``.gz``; return it."""
    # Without a time in its head, the same content always gives the same bytes.
    write_atomic(path, gzip.compress(text.encode(), mtime=0) if path.suffix == ".gz" else text)
    return [path]


def refusal(path: Path, dataset: Dataset, sentence: Sentence, message: str) -> InputError:
    """The error for a sentence that cannot be written."""
    return InputError(path, f"sentence {short(sentence.id)} of {set_name(dataset)}: {message}")


def set_name(dataset: Dataset) -> str:
    """Name and split on one line."""
    name = f"{dataset.name}/{dataset.split}"
    return name if name.isprintable() else short(name)
