"""Moved to gner_bench.data.formats.uniner."""

from gner_bench.data.formats.uniner import WORD as WORD
