"""Moved to gner_bench.scoring.loading."""

from gner_bench.scoring.loading import PREDICTIONS as PREDICTIONS
