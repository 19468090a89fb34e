"""predictions.jsonl: one sentence a line with what a checkpoint generated for it, the record of the GNER authors."""

from __future__ import annotations

import gzip
import io
import json
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TypeVar, cast

from gner_bench.errors import InputError, short

Json = dict[str, Any]
T = TypeVar("T")
EMPTY = "is empty: no record in it"
SLICE = 1 << 19


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


@dataclass(frozen=True, slots=True)
class Slice:
    """Lines of a file: ``size`` bytes from byte ``start``, which begins line ``first``; None is to the end."""

    path: Path
    start: int = 0
    size: int | None = None
    first: int = 1


def slices(path: Path, size: int = SLICE) -> list[Slice]:
    """A ``.jsonl`` file in whole lines of about ``size`` bytes together; whole where it is none or compressed.

    Raises InputError when it cannot be read.
    """
    if path.suffix == ".gz" or not path.is_file():
        return [Slice(path)]
    found, start, first = [], 0, 1
    try:
        with path.open("rb") as lines:
            while block := lines.read(size):
                block += lines.readline()
                if block.isspace():
                    return [Slice(path)]
                found.append(Slice(path, start, len(block), first))
                start += len(block)
                first += block.count(b"\n")
    except OSError as error:
        raise InputError(path, error.strerror or str(error)) from None
    return found or [Slice(path)]


def read_records(source: Path | Slice) -> Iterator[Record]:
    """The records of a ``.jsonl`` or ``.jsonl.gz`` file or of a slice, keys we do not know being ignored.

    Raises InputError, naming line and field, for anything unreadable and when there are no records.
    """
    part = source if isinstance(source, Slice) else Slice(source)
    for fields in json_lines(part.path, _lines(part), part.first):
        yield _record(fields)


def json_lines(path: Path, lines: Iterable[str], first: int = 1) -> Iterator[Fields]:
    """The objects on ``lines`` of a file from line ``first``, blank ones left out. Raises InputError for none."""
    found = False
    for number, text in enumerate(lines, start=first):
        if text.strip():
            found = True
            yield Fields(path, parse_object(path, number, text), number)
    if not found:
        raise InputError(path, EMPTY)


def _lines(part: Slice) -> Iterator[str]:
    path = part.path
    try:
        with _open(path) as binary:
            content = binary if part.size is None else _cut(binary, part.start, part.size)
            encoding = "utf-8" if part.start else "utf-8-sig"
            yield from io.TextIOWrapper(content, encoding=encoding, newline="\n")
    except UnicodeDecodeError:
        raise InputError(path, "is not UTF-8 text") from None
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(path, getattr(error, "strerror", None) or str(error)) from None


def _cut(binary: IO[bytes], start: int, size: int) -> io.BytesIO:
    binary.seek(start)
    return io.BytesIO(binary.read(size))


def _open(path: Path) -> IO[bytes]:
    return cast(IO[bytes], gzip.open(path)) if path.suffix == ".gz" else path.open("rb")


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
        if "\\ud" in text or "\\uD" in text:
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
    for tag in set(tags):
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
