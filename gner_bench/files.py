"""Reading text as users have it, and writing files so that a reader never sees half of one."""

from __future__ import annotations

import glob
import gzip
import json
import os
import sys
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from gner_bench.errors import InputError

PLAIN = (str, int, float, list, tuple)
"""What is on one line; of objects most values are."""
AT_ONCE = 4096
"""Values of a packed array that are written together."""

# Made once, as json.dumps makes one a call; packed arrays inside of lists are lists, too.
_encode = json.JSONEncoder(ensure_ascii=False, default=list).encode
STDIN = Path("-")
"""Stands for standard input where a file is read."""
_input: tuple[object, bytes] = (None, b"")


@dataclass(frozen=True)
class NamedPath:
    """A file or folder and what people call it, nothing where they do not say."""

    path: Path
    name: str = ""


def named_path(text: str) -> NamedPath:
    """``PATH`` or ``NAME=PATH``. A path that is there is one, with ``=`` in it or not; else the first ``=`` divides
    whose right side is there, or the first of all."""
    parts = text.split("=")
    divided = [("=".join(parts[:at]).strip(), Path("=".join(parts[at:]))) for at in range(1, len(parts))]
    named = [NamedPath(path, name) for name, path in divided if name and path.name]
    if not named or Path(text).exists():
        return NamedPath(Path(text))
    return next((each for each in named if each.path == STDIN or each.path.exists()), named[0])


def read_bytes(path: Path) -> bytes:
    """The content of a file as it is. Standard input is read once and kept, for those who read again."""
    global _input
    if path != STDIN:
        return path.read_bytes()
    if _input[0] is not sys.stdin:
        _input = sys.stdin, sys.stdin.buffer.read()
    return _input[1]


def read_text(path: Path) -> str:
    """The UTF-8 content, with or without a byte order mark, with ``\\n`` as the only line end; ``.gz`` is unpacked.

    Raises InputError for a file that cannot be read as such.
    """
    try:
        content = read_bytes(path)
        if path.suffix == ".gz":
            content = gzip.decompress(content)
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError(path, f"is not UTF-8 text (byte {error.start})", line) from None
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(path, getattr(error, "strerror", None) or str(error)) from None
    return text.replace("\r\n", "\n")


def make_folder(path: Path) -> Path:
    """Create ``path`` with its parents. Raises InputError when that is not allowed or a file is there."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        if not os.access(path, os.W_OK):
            raise PermissionError("not writable")
    except OSError as error:
        raise InputError(path, f"cannot write to this folder ({error.strerror or error})") from None
    return path


def write_json(path: Path, document: object) -> None:
    """Write ``document`` as indented JSON, atomically. Raises InputError if that fails."""
    _write(path, (piece.encode("utf-8") for piece in chain(_json(document), "\n")))


def to_json(document: object) -> str:
    """JSON with non-ASCII characters as they are: a line for each key of an object, arrays on one line."""
    return "".join(_json(document))


def _json(document: object, indent: str = "") -> Iterator[str]:
    if isinstance(document, dict) and document:
        inner = indent + "  "
        for place, (key, value) in enumerate(document.items()):
            head = f"{',' if place else '{'}\n{inner}{_encode(str(key))}: "
            if isinstance(value, PLAIN):
                yield head + _encode(value)
            else:
                yield head
                yield from _json(value, inner)
        yield f"\n{indent}}}"
    elif isinstance(document, Sequence) and not isinstance(document, str | list | tuple):
        # A packed array, of which a few values at a time become Python's.
        yield "["
        for start in range(0, len(document), AT_ONCE):
            part = _encode(list(document[start : start + AT_ONCE]))
            yield (", " if start else "") + part[1:-1]
        yield "]"
    else:
        yield _encode(document)


def write_atomic(path: Path, data: str | bytes) -> None:
    """Write ``data`` under a temporary name beside ``path`` and rename it. Raises InputError if that fails."""
    _write(path, [data.encode("utf-8") if isinstance(data, str) else data])


def _write(path: Path, pieces: Iterable[bytes]) -> None:
    if not path.name:
        raise InputError(path, "cannot be written (it is a folder)")
    make_folder(path.parent)
    try:
        with replacement(path) as file:
            file.writelines(pieces)
    except OSError as error:
        raise InputError(path, f"cannot be written ({error.strerror or error})") from None


@contextmanager
def replacement(path: Path) -> Iterator[BinaryIO]:
    """Yields a file under a temporary name beside ``path``, which takes its place at the end, or not at all.

    It is locked while it is written, so that one which no process holds was left by a killed one: the next that writes
    ``path`` removes it. Raises OSError.
    """
    for left in path.parent.glob(f".{glob.escape(path.name)}.*.tmp"):
        with suppress(OSError), left.open("r+b") as old:
            if _locked(old, wait=False):
                left.unlink()
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        file = temporary.open("wb")
        while _locked(file) and not temporary.exists():  # another process removed it before it was locked
            file.close()
            file = temporary.open("wb")
        with file:
            yield file
        temporary.replace(path)
    finally:
        with suppress(OSError):
            temporary.unlink()


def _locked(file: BinaryIO, wait: bool = True) -> bool:
    """Locks a file until it is closed, if no other process has; False also where files cannot be locked."""
    try:
        from fcntl import LOCK_EX, LOCK_NB, flock

        flock(file, LOCK_EX if wait else LOCK_EX | LOCK_NB)
    except (ImportError, OSError):
        return False
    return True
