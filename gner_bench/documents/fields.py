"""JSON of files: objects with their place, so that every error names the file, the line and the field."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from math import isfinite
from pathlib import Path
from typing import Any, TypeVar

from gner_bench.config import DEEPEST, unusable
from gner_bench.errors import InputError, short
from gner_bench.files import read_text

Json = dict[str, Any]
T = TypeVar("T")
EMPTY = "is empty: no record in it"
NOT_FINITE = "holds a number that is not finite (NaN or Infinity), which is no JSON"


class _NotFiniteError(ValueError):
    """JSON has neither NaN nor Infinity; Python reads both, and too large a number as the latter."""


def _finite(text: str) -> float:
    value = float(text)
    if not isfinite(value):
        raise _NotFiniteError
    return value


DECODER = json.JSONDecoder(parse_constant=_finite, parse_float=_finite)


DOCUMENT = "document_id"
DOCUMENT_KEYS = (DOCUMENT, "doc_id", "docid")
"""The keys under which a record names the document of its sentence. Others, such as ``document``, may hold its text."""


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
        value = self.value[key]
        if not isinstance(value, kind):
            raise self.error(key, f"expected {kind.__name__}, found {type(value).__name__}")
        return value

    def document(self) -> str:
        """The document of the sentence, empty where none is named. Raises InputError for no string or number."""
        for key in DOCUMENT_KEYS:
            if self.value.get(key) is not None:
                if type(self.value[key]) not in (str, int):
                    raise self.error(key, f"expected a string or a whole number, found {short(self.value[key])}")
                return str(self.value[key])
        return ""

    def optional(self, key: str, kind: type[T]) -> T | None:
        """None where the key is not there."""
        return self.get(key, kind) if key in self.value else None

    def strings(self, key: str) -> tuple[str, ...]:
        texts = self.get(key, list)
        if not set(map(type, texts)) <= {str}:
            raise self.error(key, "expected an array of strings")
        return tuple(texts)

    def inner(self, key: str) -> Fields:
        """The object under ``key``."""
        return Fields(self.path, self.get(key, dict), self.line, f"{self.prefix}{key}.")

    def id(self) -> str | None:
        """The ``id``, which may be a number; None where there is none. Raises InputError for anything else."""
        value = self.value.get("id")
        if value is not None and type(value) not in (str, int):
            raise self.error("id", f"expected a string or a whole number, found {short(value)}")
        return None if value is None else str(value)

    def error(self, key: str, message: str) -> InputError:
        return InputError(self.path, message, self.line, (self.prefix + key).strip(".") or None)


def json_lines(path: Path, lines: Iterable[str], first: int = 1) -> Iterator[Fields]:
    """The objects on ``lines`` of a file from line ``first``, blank ones left out. Raises InputError for none."""
    empty = True
    for number, text in enumerate(lines, start=first):
        if text.strip():
            empty = False
            yield Fields(path, parse_object(path, number, text), number)
    if empty:
        raise InputError(path, EMPTY)


def renamed_keys(objects: Iterable[Fields], keys: Mapping[str, str]) -> Iterator[Fields]:
    """Objects whose ``keys`` are called otherwise: their own names by the expected ones, ``a.b`` for ``b`` in ``a``.

    Raises InputError for an object without one of them.
    """
    for fields in objects:
        value = dict(fields.value)
        for expected, own in keys.items():
            inner: Any = fields.value
            for part in [own] if own in fields.value else own.split("."):
                if not isinstance(inner, dict) or part not in inner:
                    raise fields.error(own, "is missing")
                inner = inner[part]
            value[expected] = inner
        yield replace(fields, value=value)


def read_objects(path: Path, keys: Mapping[str, str] | None = None) -> Iterator[Fields]:
    """The objects of a file, one a line or in one array, with ``keys`` as in ``renamed_keys``.

    Raises InputError (line, index) for anything else or none.
    """
    if keys:
        yield from renamed_keys(read_objects(path), keys)
        return
    text = read_text(path)
    if not re.match(r"\s*\[", text):
        yield from json_lines(path, text.split("\n"))
        return
    values = parse_json(path, None, text)
    if not values:
        raise InputError(path, EMPTY)
    for index, value in enumerate(values):
        if not isinstance(value, dict):
            raise InputError(path, f"expected a JSON object, found {type(value).__name__}", field=f"[{index}]")
        yield Fields(path, value, prefix=f"[{index}].")


def first_object(path: Path) -> Json:
    """The first object of a file, without reading the others. Raises InputError for no JSON object at its start."""
    text = read_text(path)
    start = re.match(r"\s*\[?\s*", text)
    assert start is not None
    if text[start.end() :] in ("", "]"):
        raise InputError(path, EMPTY)
    line = text.count("\n", 0, start.end()) + 1
    try:
        value: Any = DECODER.raw_decode(text, start.end())[0]
    except _NotFiniteError:
        raise InputError(path, NOT_FINITE, line) from None
    except (ValueError, RecursionError):
        raise InputError(path, "is not JSON (a line cut short?)", line) from None
    if not isinstance(value, dict):
        raise InputError(path, f"expected a JSON object, found {type(value).__name__}", line)
    return value


def read_object(path: Path) -> Fields:
    """The object that a file is. Raises InputError for a file that cannot be read and for anything else in it."""
    return Fields(path, parse_object(path, None, read_text(path)))


def parse_object(path: Path, number: int | None, text: str) -> Json:
    """The JSON object of a line or file, as ``parse_json``. Raises InputError for what is no object too."""
    value = parse_json(path, number, text)
    if not isinstance(value, dict):
        raise InputError(path, f"expected a JSON object, found {type(value).__name__}", number)
    return value


def parse_json(path: Path, number: int | None, text: str) -> Any:
    """The JSON value of a line or, with ``number`` None, of a file. Raises InputError for anything else."""
    try:
        value = DECODER.decode(text)
        # Half of a surrogate pair can be read but never written again; only an escape can bring one in.
        if "\\ud" in text or "\\uD" in text:
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except _NotFiniteError:
        raise InputError(path, NOT_FINITE, number) from None
    except UnicodeEncodeError:
        raise InputError(path, "holds half of a surrogate pair", number) from None
    except (ValueError, RecursionError):
        raise InputError(path, f"is not JSON (a {'line' if number else 'file'} cut short?)", number) from None
    # A line is looked through only where it can be too deep: there may be millions.
    long = number is None or text.count("[") + text.count("{") > DEEPEST
    if long and (reason := unusable(value)):
        raise InputError(path, reason, number)
    return value
