"""Checksums of files, written as ``git:<40 hex>`` (git's blob id) or ``sha256:<64 hex>``."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Literal, cast

Kind = Literal["git", "sha256"]
CHUNK = 1 << 20
"""Bytes read at a time."""


def kind_of(checksum: str) -> Kind:
    """Which kind a checksum is of. Raises ValueError for one that is malformed."""
    if not re.fullmatch(r"git:[0-9a-f]{40}|sha256:[0-9a-f]{64}", checksum):
        raise ValueError(f"not a checksum (git:<40 hex> or sha256:<64 hex>): {checksum!r}")
    return cast(Kind, checksum.partition(":")[0])


def checksum_of(path: Path, kind: Kind) -> str:
    """The checksum of a file, which is read in pieces. Raises OSError if it cannot be read."""
    with path.open("rb") as file:
        if kind == "sha256":
            found = hashlib.sha256()
        else:
            found = hashlib.sha1(b"blob %d\0" % path.stat().st_size, usedforsecurity=False)
        while chunk := file.read(CHUNK):
            found.update(chunk)
    return f"{kind}:{found.hexdigest()}"


def matches(path: Path, checksum: str) -> bool:
    """Whether a file has this checksum. Raises ValueError if that is malformed, OSError if the file is unreadable."""
    return checksum_of(path, kind_of(checksum)) == checksum
