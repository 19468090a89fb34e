"""Files of JSON objects: one a line, or all in one array."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gner_bench.data.text import read_text
from gner_bench.errors import InputError
from gner_bench.records import EMPTY, Fields, Json, json_lines, parse_json

_ARRAY_START = re.compile(r"\s*\[")
_START = re.compile(r"\s*\[?\s*")


def read_objects(path: Path) -> Iterator[Fields]:
    """The objects of a file in order. Raises InputError, naming line or index, for anything else and for none."""
    text = read_text(path)
    if not _ARRAY_START.match(text):
        yield from json_lines(path, text.split("\n"))
        return
    values = parse_json(path, None, text)
    if not values:
        raise InputError(path, EMPTY)
    for index, value in enumerate(values):
        if not isinstance(value, dict):
            message = f"expected a JSON object, found {type(value).__name__}"
            raise InputError(path, message, field=f"[{index}]")
        yield Fields(path, value, prefix=f"[{index}].")


def first_object(path: Path) -> Json:
    """The first object of a file, without reading the others. Raises InputError for no JSON object at its start."""
    text = read_text(path)
    start = _START.match(text)
    assert start is not None
    if text[start.end() :] in ("", "]"):
        raise InputError(path, EMPTY)
    line = text.count("\n", 0, start.end()) + 1
    try:
        value: Any = json.JSONDecoder().raw_decode(text, start.end())[0]
    except (ValueError, RecursionError):
        raise InputError(path, "is not JSON (a line cut short?)", line) from None
    if not isinstance(value, dict):
        raise InputError(path, f"expected a JSON object, found {type(value).__name__}", line)
    return value
