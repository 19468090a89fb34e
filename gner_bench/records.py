"""predictions.jsonl: one sentence a line with what a checkpoint generated for it, the record of the GNER authors."""

from __future__ import annotations

import gzip
import io
import json
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from gner_bench.errors import InputError, short

Json = dict[str, Any]
T = TypeVar("T")
EMPTY = "is empty: no record in it"


@dataclass(frozen=True, slots=True)
class Record:
    """One line: the sentence, its gold ``tags``, the ``types`` of its prompt, and the generated ``prediction``.

    ``target`` is what the text is (see gner_bench.structure.targets);
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
    target: str = "full+bio"


@dataclass(frozen=True, slots=True)
class Fields:
    """A JSON object with its place in a file, the ``line`` or the ``prefix`` of its keys, which every error names."""

    path: Path
    value: Json
    line: int | None = None
    prefix: str = ""

    def get(self, key: str, kind: type[T]) -> T:
        if key not in self.value:
            raise self.error(key, "is missing")
        found = self.value[key]
        if not isinstance(found, kind):
            raise self.error(key, f"expected {kind.__name__}, found {type(found).__name__}")
        return found

    def strings(self, key: str) -> tuple[str, ...]:
        found = self.get(key, list)
        if not set(map(type, found)) <= {str}:
            raise self.error(key, "expected an array of strings")
        return tuple(found)

    def inner(self, key: str) -> Fields:
        """The object under ``key``."""
        return Fields(self.path, self.get(key, dict), self.line, f"{self.prefix}{key}.")

    def error(self, key: str, message: str) -> InputError:
        return InputError(self.path, message, self.line, self.prefix + key)


def read_records(path: Path) -> Iterator[Record]:
    """The records of a ``.jsonl`` or ``.jsonl.gz`` file, keys we do not know being ignored.

    Raises InputError, naming line and field, for anything unreadable and for a file without records.
    """
    for fields in json_lines(path, _lines(path)):
        yield _record(fields)


def json_lines(path: Path, lines: Iterable[str]) -> Iterator[Fields]:
    """The objects on ``lines`` of a file, blank ones left out. Raises InputError when there is none."""
    found = False
    for number, text in enumerate(lines, start=1):
        if text.strip():
            found = True
            yield Fields(path, parse_object(path, number, text), number)
    if not found:
        raise InputError(path, EMPTY)


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
    value = parse_json(path, number, text)
    if not isinstance(value, dict):
        raise InputError(path, f"expected a JSON object, found {type(value).__name__}", number)
    return value


def parse_json(path: Path, number: int | None, text: str) -> Any:
    """The JSON value of a line or, with ``number`` None, of a file. Raises InputError for anything else."""
    try:
        value = json.loads(text)
        if "\\ud" in text.lower():
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise InputError(path, "holds half of a surrogate pair", number) from None
    except (ValueError, RecursionError):
        raise InputError(path, f"is not JSON (a {'line' if number else 'file'} cut short?)", number) from None
    return value


def words_and_labels(instance: Fields) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The words of a record's ``instance`` and as many labels."""
    words, labels = instance.strings("words"), instance.strings("labels")
    if len(words) != len(labels):
        raise instance.error("labels", f"{len(labels)} labels for {len(words)} words")
    return words, labels


def _record(fields: Fields) -> Record:
    assert fields.line is not None
    instance = fields.inner("instance")
    words, tags = words_and_labels(instance)
    for tag in tags:
        if tag != "O" and not (tag[:2] in ("B-", "I-") and tag[2:]):
            raise instance.error("labels", f"{short(tag)} is neither O nor B-/I- with a type")
    generation = fields.value.get("generation")
    return Record(
        dataset=fields.get("dataset", str),
        split=fields.get("split", str) if "split" in fields.value else "unknown",
        id=str(instance.value.get("id", fields.line - 1)),
        types=fields.strings("label_list"),
        words=words,
        tags=tags,
        prediction=fields.get("prediction", str),
        generation=generation if isinstance(generation, dict) else {},
        line=fields.line,
        target=fields.get("target", str) if "target" in fields.value else "full+bio",
    )
