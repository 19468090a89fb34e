"""Text files as users have them: UTF-8 with or without a mark, any line ends, possibly compressed."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

from gner_bench.errors import InputError


def read_text(path: Path) -> str:
    """The content with ``\\n`` as the only line end. Raises InputError for a file that cannot be read as UTF-8."""
    try:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError(path, f"is not UTF-8 text (byte {error.start})", line) from None
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(path, getattr(error, "strerror", None) or str(error)) from None
    return text.replace("\r\n", "\n")


def read_types(path: Path) -> tuple[str, ...]:
    """The entity types of a label file, one a line. Raises InputError when there is none."""
    types = tuple(line.strip() for line in read_text(path).split("\n") if line.strip())
    if not types:
        raise InputError(path, "is empty: no entity type in it")
    return types
