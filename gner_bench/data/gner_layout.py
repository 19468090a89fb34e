"""The layout of the GNER data: ``<root>/<dataset>/{train,dev,test}.txt`` and ``label.txt``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from gner_bench.data.sentence import Dataset, Sentence
from gner_bench.errors import InputError, UsageError, did_you_mean

BIO_PREFIXES = {"B-": "B-", "I-": "I-", "S-": "B-", "E-": "I-"}
"""What each prefix is read as: a corpus in BIOES (FabNER is one) becomes BIO."""


def dataset_names(root: Path) -> list[str]:
    """The data sets below ``root``, sorted. Raises InputError when there is no such folder or none in it."""
    if not root.is_dir():
        raise InputError(root, "no such folder")
    names = sorted(path.parent.name for path in root.glob("*/label.txt"))
    if not names:
        raise InputError(root, "holds no data set (a folder with label.txt and train.txt, dev.txt or test.txt)")
    return names


def read_dataset(root: Path, name: str, split: str = "test") -> Dataset:
    """Read one split. Raises UsageError for an unknown name, InputError (file, line, field) for bad content."""
    if not (root / name / "label.txt").is_file():
        raise UsageError(f"{root}: unknown data set {name!r}; {did_you_mean(name, dataset_names(root))}")
    types = _read_types(root / name / "label.txt")
    path = root / name / f"{split}.txt"
    sentences = tuple(_sentences(path, frozenset(types)))
    if not sentences:
        raise InputError(path, "is empty: no sentence in it")
    return Dataset(name, split, types, sentences)


def _read_types(path: Path) -> tuple[str, ...]:
    types = tuple(line.strip() for line in _lines(path) if line.strip())
    if not types:
        raise InputError(path, "is empty: no entity type in it")
    return types


def _lines(path: Path) -> list[str]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(path, f"is not UTF-8 text (byte {error.start})") from None
    except OSError as error:
        raise InputError(path, error.strerror or str(error)) from None
    return [line.removesuffix("\r") for line in text.split("\n")]


def _sentences(path: Path, types: frozenset[str]) -> Iterator[Sentence]:
    for index, rows in enumerate(_blocks(_lines(path))):
        words, tags = zip(*(_row(path, number, line, types) for number, line in rows), strict=True)
        yield Sentence(str(index), words, tags)


def _blocks(lines: Iterable[str]) -> Iterator[list[tuple[int, str]]]:
    block: list[tuple[int, str]] = []
    for number, line in enumerate(lines, start=1):
        if line.strip(" "):
            block.append((number, line))
        elif block:
            yield block
            block = []
    if block:
        yield block


def _row(path: Path, number: int, line: str, types: frozenset[str]) -> tuple[str, str]:
    word, tab, tag = line.rpartition("\t")
    if not tab:
        raise InputError(path, "expected word<TAB>tag", number, "tag")
    if tag != "O" and (tag[:2] not in BIO_PREFIXES or tag[2:] not in types):
        raise InputError(path, f"{tag!r} is neither O nor B-/I- with a type of label.txt", number, "tag")
    if not word:
        raise InputError(path, "the word is empty", number, "word")
    return word, tag if tag == "O" else BIO_PREFIXES[tag[:2]] + tag[2:]
