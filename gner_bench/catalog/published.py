"""Moved to gner_bench.catalog and gner_bench.catalog.entries."""

from gner_bench.catalog.catalog import published_scores as published_scores
from gner_bench.catalog.entries import PublishedScore as PublishedScore
from gner_bench.catalog.entries import Regime as Regime
