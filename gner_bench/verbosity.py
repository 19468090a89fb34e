"""How much is said on stderr: ``-q`` nothing but errors, ``-v`` also details and where an error came from."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

QUIET, NORMAL, VERBOSE = -1, 0, 1
_level = ContextVar("verbosity", default=NORMAL)


@contextmanager
def verbosity(level: int) -> Iterator[None]:
    """Say as much until the block is left."""
    token = _level.set(level)
    try:
        yield
    finally:
        _level.reset(token)


def is_quiet() -> bool:
    return _level.get() <= QUIET


def is_verbose() -> bool:
    return _level.get() >= VERBOSE
