"""Scores that others published. They are quoted, never measured here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gner_bench.catalog.facts import facts


@dataclass(frozen=True)
class PublishedScore:
    """One system's published zero-shot F1 by the GNER metric.

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


def published_scores() -> list[PublishedScore]:
    """The quoted rows, in the order of tables."""
    return [PublishedScore(**entry) for entry in facts("published.toml", "published")]
