"""Counting entities and turning counts into scores."""

from gner_bench.scoring.counts import Counts, gner_counts, strict_counts
from gner_bench.scoring.entities import entities, strict_spans
from gner_bench.scoring.evaluate import System, evaluate
from gner_bench.scoring.metrics import Prf, prf

__all__ = ["Counts", "Prf", "System", "entities", "evaluate", "gner_counts", "prf", "strict_counts", "strict_spans"]
