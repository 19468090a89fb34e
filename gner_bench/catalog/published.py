"""Scores that others published. They are quoted, never measured here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from gner_bench.config import read_config

Regime = Literal["zero-shot", "supervised"]


@dataclass(frozen=True)
class PublishedScore:
    """One system's published F1 by the GNER metric.

    ``scores`` (by data set) and ``average`` are in percent with the digits of the publication. ``parameters``
    is a count, None where unknown. ``comparable`` is False where the gold is not that of the GNER protocol.
    """

    system: str
    year: int
    source: str
    average: float
    scores: Mapping[str, float]
    parameters: float | None = None
    note: str = ""
    comparable: bool = True
    regime: Regime = "zero-shot"


@dataclass(frozen=True)
class _File:
    published: tuple[PublishedScore, ...]


@cache
def _all() -> tuple[PublishedScore, ...]:
    return read_config(_File, Path(__file__).with_name("published.toml")).published


def published_scores(regime: Regime = "zero-shot") -> list[PublishedScore]:
    """The quoted rows of one regime, in the order of tables."""
    return [row for row in _all() if row.regime == regime]
