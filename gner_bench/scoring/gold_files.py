"""Moved to gner_bench.scoring.gold."""

from gner_bench.scoring.gold import Gold as Gold
