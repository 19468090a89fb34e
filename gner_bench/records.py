"""predictions.jsonl: one sentence a line with what a checkpoint generated for it, the record of the GNER authors."""

from __future__ import annotations

import gzip
import io
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gner_bench.errors import InputError

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Record:
    """One line: the sentence, its gold ``tags``, the ``types`` of its prompt, and the generated ``prediction``.

    ``generation`` is what the run noted about it (``{"tokens": 87, "finish": "stop"}``), empty where it noted nothing.
    """

    dataset: str
    split: str
    id: str
    types: tuple[str, ...]
    words: tuple[str, ...]
    tags: tuple[str, ...]
    prediction: str
    generation: Json
    line: int


def read_records(path: Path) -> Iterator[Record]:
    """The records of a ``.jsonl`` or ``.jsonl.gz`` file, keys we do not know being ignored.

    Raises InputError, naming line and field, for anything unreadable and for a file without records.
    """
    found = False
    for number, text in enumerate(_lines(path), start=1):
        if text.strip():
            found = True
            yield _Fields(path, number, parse_object(path, number, text)).record()
    if not found:
        raise InputError(path, "is empty: no record in it")


def _lines(path: Path) -> Iterator[str]:
    try:
        with _open(path) as binary:
            yield from io.TextIOWrapper(binary, encoding="utf-8-sig", newline="\n")
    except UnicodeDecodeError:
        raise InputError(path, "is not UTF-8 text") from None
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(path, getattr(error, "strerror", None) or str(error)) from None


def _open(path: Path) -> gzip.GzipFile | io.BufferedReader:
    return gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")


def parse_object(path: Path, number: int, text: str) -> Json:
    """The JSON object on one line. Raises InputError for a line cut short and for one that is not an object."""
    try:
        value = json.loads(text)
        if "\\ud" in text.lower():
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise InputError(path, "holds half of a surrogate pair", number) from None
    except (ValueError, RecursionError):
        raise InputError(path, "is not JSON (a line cut short?)", number) from None
    if not isinstance(value, dict):
        raise InputError(path, f"expected a JSON object, found {type(value).__name__}", number)
    return value


@dataclass(frozen=True, slots=True)
class _Fields:
    """One line's object with its place in the file, so that every error can name it."""

    path: Path
    line: int
    value: Json

    def record(self) -> Record:
        instance = _Fields(self.path, self.line, self._get(self.value, "instance", dict, "instance"))
        words, tags = instance.strings("words", "instance."), instance.strings("labels", "instance.")
        if len(words) != len(tags):
            raise self.error("instance.labels", f"{len(tags)} labels for {len(words)} words")
        for tag in tags:
            if tag != "O" and not (tag[:2] in ("B-", "I-") and tag[2:]):
                raise self.error("instance.labels", f"{tag!r} is neither O nor B-/I- with a type")
        return Record(
            dataset=self._get(self.value, "dataset", str, "dataset"),
            split=self._get({"split": "unknown", **self.value}, "split", str, "split"),
            id=str(instance.value.get("id", self.line - 1)),
            types=self.strings("label_list"),
            words=words,
            tags=tags,
            prediction=self._get(self.value, "prediction", str, "prediction"),
            generation=self.value["generation"] if isinstance(self.value.get("generation"), dict) else {},
            line=self.line,
        )

    def strings(self, key: str, prefix: str = "") -> tuple[str, ...]:
        found = self._get(self.value, key, list, prefix + key)
        if not all(isinstance(item, str) for item in found):
            raise self.error(prefix + key, "expected an array of strings")
        return tuple(found)

    def _get(self, table: Json, key: str, kind: type, field: str) -> Any:
        if key not in table:
            raise self.error(field, "is missing")
        if not isinstance(table[key], kind):
            raise self.error(field, f"expected {kind.__name__}, found {type(table[key]).__name__}")
        return table[key]

    def error(self, field: str, message: str) -> InputError:
        return InputError(self.path, message, self.line, field)
