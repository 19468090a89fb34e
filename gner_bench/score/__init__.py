"""Counting entities and turning counts into scores."""

from gner_bench.score.counts import Counts, gner_counts, strict_counts
from gner_bench.score.entities import entities, strict_spans
from gner_bench.score.evaluate import System, evaluate
from gner_bench.score.metrics import Prf, prf

__all__ = ["Counts", "Prf", "System", "entities", "evaluate", "gner_counts", "prf", "strict_counts", "strict_spans"]
