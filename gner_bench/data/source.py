"""Moved to gner_bench.data.formats."""

from gner_bench.data.formats import Source as Source
