"""Scores of one system: what was counted in each data set, and what is known of the run."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field

from gner_bench.records import Json
from gner_bench.scoring.metrics import Metric
from gner_bench.scoring.predictions import Origin
from gner_bench.scoring.statistics import Statistics


@dataclass(frozen=True)
class SetScores:
    """One data set: the ``statistics`` of its sentences, their ``ids`` and their ``keys`` (``tally.sentence_key``).

    ``types`` are those of the prompts. ``planned`` is the number of sentences that the set should have, None where
    unknown. ``details`` are the parts of scores.json that are no scores: matching steps, structuring, errors, problems.
    """

    name: str
    split: str
    types: tuple[str, ...]
    content_hash: str
    statistics: Statistics
    ids: Sequence[str]
    keys: array[int]
    planned: int | None = None
    details: Json = field(default_factory=dict)

    @property
    def missing(self) -> int:
        """How many of the planned sentences were not scored."""
        return max(0, (self.planned or 0) - len(self.statistics))


@dataclass(frozen=True)
class Scores:
    """One system on data ``sets``, by name."""

    origin: Origin
    metrics: tuple[Metric, ...]
    sets: dict[str, SetScores]
