"""The cache folder: where it is, whether it may be filled, whether its files are right, and one process at a time."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, cast

import platformdirs

from gner_bench.catalog.catalog import CHECKSUM
from gner_bench.errors import GnerBenchError
from gner_bench.files import make_folder
from gner_bench.messages import is_quiet, note

ChecksumKind = Literal["git", "sha256"]
CHUNK = 1 << 20
"""Bytes read at a time."""
SILENT_SECONDS = 2.0
"""How long to wait for another process before saying so."""


def home() -> Path:
    """The cache folder: ``$GNER_BENCH_HOME``, or the user's cache folder for gner-bench. It need not exist."""
    return Path(os.environ.get("GNER_BENCH_HOME") or platformdirs.user_cache_dir("gner-bench")).expanduser()


def offline(flag: bool = False) -> bool:
    """Whether the network is switched off, by ``flag`` or by ``HF_HUB_OFFLINE``."""
    return flag or os.environ.get("HF_HUB_OFFLINE", "").lower() in ("1", "true", "yes", "on")


def free_bytes(folder: Path) -> int:
    """What is free on the disk that holds ``folder`` or will hold it."""
    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    return shutil.disk_usage(existing).free


def require_space(folder: Path, bytes_needed: int) -> None:
    """Raise GnerBenchError unless the disk that holds ``folder`` (or will hold it) has that many bytes free."""
    free = free_bytes(folder)
    if bytes_needed > free:
        raise GnerBenchError(f"needs {size_text(bytes_needed)}, {size_text(free)} free in {folder}")


def size_text(size: int) -> str:
    """A number of bytes in decimal units, such as ``44.5 GB``."""
    if size < 1000:
        return f"{size} bytes"
    value = float(size)
    for unit in ("kB", "MB", "GB"):
        value /= 1000
        if value < 999.95:
            return f"{value:.1f} {unit}"
    return f"{value / 1000:.1f} TB"


def kind_of(checksum: str) -> ChecksumKind:
    """The kind of a checksum, which is written as ``git:<40 hex>`` (git's blob id) or ``sha256:<64 hex>``. Raises
    ValueError for one that is malformed."""
    if not CHECKSUM.fullmatch(checksum):
        raise ValueError(f"not a checksum (git:<40 hex> or sha256:<64 hex>): {checksum!r}")
    return cast(ChecksumKind, checksum.partition(":")[0])


def checksum_of(path: Path, kind: ChecksumKind) -> str:
    """The checksum of a file, which is read in pieces. Raises OSError if it cannot be read."""
    with path.open("rb") as file:
        if kind == "sha256":
            digest = hashlib.sha256()
        else:
            digest = hashlib.sha1(b"blob %d\0" % path.stat().st_size, usedforsecurity=False)
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return f"{kind}:{digest.hexdigest()}"


def matches(path: Path, checksum: str) -> bool:
    """Whether a file has this checksum. Raises ValueError if that is malformed, OSError if the file is unreadable."""
    return checksum_of(path, kind_of(checksum)) == checksum


class CancelledError(Exception):
    """The work was called off while it waited or ran; what is on disk can be continued."""


@contextmanager
def locked(path: Path, cancelled: Callable[[], bool] = lambda: False) -> Iterator[None]:
    """Hold the lock file ``path``, which stays on disk. Raises CancelledError once ``cancelled`` says so."""
    from filelock import FileLock, Timeout

    make_folder(path.parent)
    lock = FileLock(path)
    try:
        try:
            lock.acquire(timeout=SILENT_SECONDS, cancel_check=cancelled)
        except Timeout:
            if not cancelled():
                message = f"waiting for another process, which holds {path}"
                if not is_quiet():
                    note(message)
            lock.acquire(cancel_check=cancelled)
    except Timeout:  # without a timeout, filelock raises it for cancel_check alone
        raise CancelledError from None
    try:
        yield
    finally:
        lock.release()


@contextmanager
def locked_if_free(path: Path) -> Iterator[bool]:
    """Hold the lock file ``path`` if no one else does; yields whether it is held."""
    from filelock import FileLock, Timeout

    try:
        with FileLock(path, timeout=0):
            yield True
    except Timeout:
        yield False
