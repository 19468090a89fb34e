"""Writing files so that a reader never sees half of one."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path

from gner_bench.errors import InputError


def make_folder(path: Path) -> Path:
    """Create ``path`` with its parents. Raises InputError when that is not allowed or a file stands there."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        if not os.access(path, os.W_OK):
            raise PermissionError("not writable")
    except OSError as error:
        raise InputError(path, f"cannot write to this folder ({error.strerror or error})") from None
    return path


def write_json(path: Path, document: object) -> None:
    """Write ``document`` as indented JSON, atomically. Raises InputError if that fails."""
    write_atomic(path, to_json(document) + "\n")


def to_json(document: object, indent: str = "") -> str:
    """JSON with non-ASCII characters as they are: a line for each key of an object, arrays on one line."""
    if not isinstance(document, dict) or not document:
        return json.dumps(document, ensure_ascii=False)
    inner = indent + "  "
    keys = (json.dumps(str(key), ensure_ascii=False) for key in document)
    lines = (f"{inner}{key}: {to_json(each, inner)}" for key, each in zip(keys, document.values(), strict=True))
    return "{\n" + ",\n".join(lines) + f"\n{indent}}}"


def write_atomic(path: Path, data: str | bytes) -> None:
    """Write ``data`` under a temporary name beside ``path`` and rename it. Raises InputError if that fails."""
    if not path.name:
        raise InputError(path, "cannot be written (it is a folder)")
    make_folder(path.parent)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(data.encode("utf-8") if isinstance(data, str) else data)
        temporary.replace(path)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink()
        raise InputError(path, f"cannot be written ({error.strerror or error})") from None
