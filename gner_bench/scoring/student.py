"""Student's t distribution, of which Python's standard library has none: its tail and its quantiles."""

from __future__ import annotations

import math

TINY = 1e-300
STEPS = 10_000
"""Terms of the continued fraction at most; some hundred do for any degrees of freedom that a test meets."""


def two_sided(t: float, freedom: float) -> float:
    """The probability of a value as far from 0 as ``t`` or farther; ``freedom`` may be a fraction."""
    if math.isinf(t):
        return 0.0
    return 1.0 if t == 0 else _beta(freedom / 2, 0.5, freedom / (freedom + t * t))


def quantile(share: float, freedom: float) -> float:
    """The value below which lies ``share`` (over 1/2, below 1) of the distribution."""
    low, high = 0.0, 1.0
    while two_sided(high, freedom) > 2 * (1 - share):
        low, high = high, 2 * high
    while (middle := (low + high) / 2) not in (low, high):
        low, high = (middle, high) if two_sided(middle, freedom) > 2 * (1 - share) else (low, middle)
    return middle


def _beta(a: float, b: float, x: float) -> float:
    """The regularized incomplete beta function, by Lentz's continued fraction (Numerical Recipes, 6.4)."""
    if x > (a + 1) / (a + b + 2):
        return 1 - _beta(b, a, 1 - x)
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)) / a
    upper, lower = 1.0, 1 / (1 - (a + b) * x / (a + 1))
    value = lower
    for step in range(1, STEPS):
        for part in (
            step * (b - step) * x / ((a + 2 * step - 1) * (a + 2 * step)),
            -(a + step) * (a + b + step) * x / ((a + 2 * step) * (a + 2 * step + 1)),
        ):
            upper, lower = 1 + part / upper or TINY, 1 / (1 + part * lower or TINY)
            value *= upper * lower
        if abs(upper * lower - 1) < 1e-15:
            break
    return front * value
