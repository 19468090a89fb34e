"""The file formats of corpora: which there are, and which one a file is in."""

from __future__ import annotations

from gner_bench.data.columns import read_columns
from gner_bench.data.gner_jsonl import read_gner_jsonl
from gner_bench.data.objects import first_object
from gner_bench.data.sentence import Dataset
from gner_bench.data.source import Reader, Source
from gner_bench.data.spans import read_spans
from gner_bench.data.uniner import read_uniner
from gner_bench.errors import InputError


def read_conll(source: Source) -> list[Dataset]:
    """One data set from a file of columns."""
    tags = source.tag_reader()
    return [source.dataset(read_columns(source.path, tags), tags)]


READERS: dict[str, Reader] = {
    "conll": read_conll,
    "gner-jsonl": read_gner_jsonl,
    "spans": read_spans,
    "uniner": read_uniner,
}
KEYS = {"instance": "gner-jsonl", "tokenized_text": "spans", "conversations": "uniner"}
"""The key that tells a JSON format from the others."""
COLUMN_SUFFIXES = (".txt", ".conll", ".tsv", ".bio")
JSON_SUFFIXES = (".jsonl", ".json")
SUFFIXES = (".txt", ".jsonl", ".jsonl.gz", ".json", ".conll", ".tsv", ".bio")
"""How the file of a split may end, in the order of preference."""


def detect(source: Source) -> str:
    """The format of a file by its name and, for JSON, the keys of its first object. Raises InputError for none."""
    if not source.path.exists():
        raise InputError(source.path, "no such file or folder")
    name = source.path.name.lower().removesuffix(".gz")
    if name.endswith(COLUMN_SUFFIXES):
        return "conll"
    if name.endswith(JSON_SUFFIXES):
        found = first_object(source.path)
        for key, format in KEYS.items():
            if key in found:
                return format
    raise InputError(source.path, f"is in no format that can be told from it; known: {', '.join(READERS)}")


def read_file(source: Source, format: str = "auto") -> list[Dataset]:
    """The data sets of a file, in file order. Raises InputError for content that is not of the format."""
    return READERS[detect(source) if format == "auto" else format](source)
