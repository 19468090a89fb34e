"""Numbers as people read them: percent, differences, intervals, p values and counts, each with one rule of rounding.

Everything is rounded half to even on the binary value, as Python's formatting does. How many decimals values have is
said where they are printed, or for all of them by ``printed_decimals``; p values keep their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

MOST_DECIMALS = 4
NOTHING = "–"
"""Where there is no value."""
STARS = ((0.001, "***"), (0.01, "**"), (0.05, "*"))
_decimals: ContextVar[int | None] = ContextVar("decimals", default=None)


@contextmanager
def printed_decimals(number: int) -> Iterator[None]:
    """Print values in percent, differences and intervals with so many decimals until the block is left."""
    token = _decimals.set(number)
    try:
        yield
    finally:
        _decimals.reset(token)


def _printed(usual: int) -> int:
    number = _decimals.get()
    return usual if number is None else number


def rounding(what: str = "F1 in percent", usual: int = 1) -> str:
    """What a table says of values that are printed with ``usual`` decimals where no other number was asked for."""
    number = _printed(usual)
    digits = ("whole numbers", "one decimal", "two decimals", "three decimals", "four decimals")[number]
    return f"{what}, rounded to {digits} (half to even, on the binary value)."


def decimal(percent: float) -> str:
    """A value in percent as the tables of reports print it, with one decimal."""
    return f"{percent:.{_printed(1)}f}"


def quoted_decimal(percent: float) -> str:
    """A published value as ``decimal`` prints it, but with no digit that the publication does not have."""
    return f"{percent:.{min(_printed(1), len(repr(percent).partition('.')[2]))}f}"


def share_text(share: float | None) -> str:
    """A share from 0 to 1 in percent with one decimal, a dash where there is none."""
    return NOTHING if share is None else decimal(100 * share)


def percent(share: float) -> str:
    """A share from 0 to 1 in percent with two decimals, as ``score`` and ``compare`` print it."""
    return f"{100 * share:.{_printed(2)}f}"


def points(difference: float, digits: int = 1, minus: str = "\N{MINUS SIGN}") -> str:
    """A difference in percentage points with its sign; what rounds to zero has none."""
    text = f"{difference:+.{_printed(digits)}f}"
    return text[1:] if float(text) == 0 else text.replace("-", minus)


def signed(difference: float) -> str:
    """A difference of shares from 0 to 1 in points, with two decimals and the minus of the keyboard."""
    return points(100 * difference, 2, "-")


def interval_text(ends: tuple[float, float]) -> str:
    """The interval of a difference of shares, in points with two decimals."""
    return f"{signed(ends[0])} to {signed(ends[1])}"


def p_text(p: float, alpha: float = 0.05) -> str:
    """A p value with three decimals, ``< 0.001`` below 0.001.

    It has more decimals where three would put it on the other side of ``alpha`` or of a limit of ``STARS``: 0.0499.
    """
    limits = (alpha, *(limit for limit, _ in STARS))
    if p < 0.001 <= min(limits):
        return "< 0.001"
    texts = (f"{p:.{places}f}" for places in range(3, 18))
    return next(text for text in texts if all((float(text) < limit) == (p < limit) for limit in limits))


def p_phrase(p: float, alpha: float = 0.05, name: str = "p") -> str:
    """A p value in a sentence: ``p = 0.043``, ``p < 0.001``."""
    text = p_text(p, alpha)
    return f"{name} {text}" if text.startswith("<") else f"{name} = {text}"


def stars(p: float) -> str:
    """One star for a p value below 0.05, two below 0.01, three below 0.001."""
    return next((mark for limit, mark in STARS if p < limit), "")


def counted(count: int, what: str) -> str:
    """``1 word``, ``2 words``."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def number(value: float) -> str:
    """A number as people write it: 60, 59.999."""
    return repr(float(value)).removesuffix(".0")


def decimals(gap: float) -> int:
    """How many decimals show that ``gap`` is not 0: two, or as many as it takes up to eleven."""
    return next((places for places in range(2, 12) if float(f"{gap:.{places}f}")), 2)
