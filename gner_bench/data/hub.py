"""Moved to gner_bench.data.formats.hub."""

from gner_bench.data.formats.hub import read_hub as read_hub
