"""Moved to gner_bench.scoring.loading."""

from gner_bench.scoring.loading import load_from as load_from
