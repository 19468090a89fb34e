"""Errors a user can act on. The command prints them as one line and leaves with their exit code."""

from __future__ import annotations

from os import PathLike
from pathlib import Path


class GnerBenchError(Exception):
    """The run failed for a reason that one line explains (exit code 1)."""

    exit_code = 1


class InputError(GnerBenchError):
    """Unusable input; the message names the file and, where known, the line and the field (exit code 2)."""

    exit_code = 2

    def __init__(
        self, path: str | PathLike[str], message: str, line: int | None = None, field: str | None = None
    ) -> None:
        self.path, self.message, self.line, self.field = Path(path), message, line, field
        place = ("standard input" if str(path) == "-" else str(path)) + (f", line {line}" if line is not None else "")
        super().__init__(f"{place}: {field}: {message}" if field else f"{place}: {message}")

    def __reduce__(self) -> tuple[type[InputError], tuple[object, ...]]:
        return InputError, (self.path, self.message, self.line, self.field)


class UsageError(GnerBenchError):
    """A request that cannot be met as it was made, such as an unknown data set (exit code 2)."""

    exit_code = 2


class IncompleteError(GnerBenchError):
    """Sentences are missing from a run (exit code 6)."""

    exit_code = 6


class UnreachableError(GnerBenchError):
    """The network is switched off or does not answer (exit code 1)."""


class IntegrityError(GnerBenchError):
    """Bytes or sentences are not the ones that were published (exit code 5)."""

    exit_code = 5


def short(value: object, most: int = 60) -> str:
    """``repr`` of a value found in a file, cut to ``most`` characters so that a message stays one line."""
    text = repr(value if not isinstance(value, str) else value[: most + 1])
    return text if len(text) <= most else f"{text[: most - 1]}…"


def first_line(error: BaseException) -> str:
    """The first line of what an error of a library says."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def did_you_mean(name: str, known: list[str]) -> str:
    """The nearest of the ``known`` names as a question to append to a message, or all of them."""
    from difflib import get_close_matches

    close = get_close_matches(name.lower(), [k.lower() for k in known], n=1, cutoff=0.6)
    if close:
        return f"did you mean {next(k for k in known if k.lower() == close[0])!r}?"
    return f"known: {', '.join(known)}"
