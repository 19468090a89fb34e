"""How figures are printed, in one place."""

from __future__ import annotations

ROUNDING = "F1 in percent, rounded to one decimal (half to even, on the binary value)."


def printed(percent: float) -> str:
    """A figure in percent as tables print it."""
    return f"{percent:.1f}"


def change(points: float) -> str:
    """A difference in points, with its sign; what rounds to nothing has none."""
    text = f"{points:+.1f}"
    return text[1:] if float(text) == 0 else text.replace("-", "\N{MINUS SIGN}")


def p_text(p: float) -> str:
    """A p value with two significant digits below 0.1 and two decimals above."""
    return f"{p:.2f}" if p >= 0.0995 else f"{p:.2g}" if p >= 0.001 else "< 0.001"
