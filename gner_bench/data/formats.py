"""The file formats of corpora: which there are, and which one a file is in."""

from __future__ import annotations

from gner_bench.data.columns import read_columns
from gner_bench.data.sentence import Dataset
from gner_bench.data.source import Reader, Source


def read_conll(source: Source) -> list[Dataset]:
    """One data set from a file of columns."""
    tags = source.tag_reader()
    return [source.dataset(read_columns(source.path, tags), tags)]


READERS: dict[str, Reader] = {"conll": read_conll}
SUFFIXES = (".txt", ".jsonl", ".jsonl.gz", ".json", ".conll", ".tsv", ".bio")
"""How the file of a split may end, in the order of preference."""


def detect(source: Source) -> str:
    """The format of a file by its name and, for JSON, its keys."""
    return "conll"


def read_file(source: Source, format: str = "auto") -> list[Dataset]:
    """The data sets of a file, in file order. Raises InputError for content that is not of the format."""
    return READERS[detect(source) if format == "auto" else format](source)
