"""One process at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from gner_bench.files import make_folder
from gner_bench.verbosity import is_quiet

SILENT_SECONDS = 2.0
"""How long to wait for another process before saying so."""


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
                _say(f"waiting for another process, which holds {path}")
            lock.acquire(cancel_check=cancelled)
    except Timeout:
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


def _say(message: str) -> None:
    Console(stderr=True, quiet=is_quiet()).print(message, markup=False, highlight=False, soft_wrap=True)
