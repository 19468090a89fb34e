"""What is said to people on stderr.

``-q`` leaves errors and what a verdict is to be read by; ``-v`` adds details and where an error came from.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Say = Callable[[str], None]
"""Takes a message of one line for people."""
QUIET, NORMAL, VERBOSE = -1, 0, 1
REPLACED = "\N{REPLACEMENT CHARACTER}"
BIDIRECTIONAL = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
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


def one_line(text: str) -> str:
    """``text`` with every run of white space as one space, none at the ends, and control characters replaced. Control
    characters are those of Unicode's Cc and Cs, and those that turn the direction of writing."""
    line = " ".join(text.split())
    if line.isprintable():
        return line  # most text, in a fraction of the time: nothing that is replaced is printable
    return "".join(
        REPLACED if unicodedata.category(character) in ("Cc", "Cs") or character in BIDIRECTIONAL else character
        for character in line
    )


def markdown(text: str) -> str:
    """``text`` on one line of Markdown as GitHub reads it: no markup, link, formula or mention."""
    escaped = re.sub(r"([\\`*_{}\[\]<>|#~&$])", r"\\\1", one_line(text))
    return re.sub(r"@(?=\w)", "@<!-- -->", escaped.replace("://", r"\://"))


def warn(message: str, always: bool = False) -> None:
    """A warning; with ``-q`` only one for ``always``: what a verdict or a test is to be read by."""
    if always or not is_quiet():
        print(f"Warning: {one_line(message)}", file=sys.stderr, flush=True)


def note(message: str) -> None:
    """What was asked for and is no result."""
    print(message, file=sys.stderr, flush=True)


def detail(message: str) -> None:
    """What only ``-v`` says."""
    if is_verbose():
        print(message, file=sys.stderr, flush=True)
