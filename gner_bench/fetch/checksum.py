"""Moved to gner_bench.fetch.home."""

from gner_bench.fetch.home import checksum_of as checksum_of
from gner_bench.fetch.home import kind_of as kind_of
from gner_bench.fetch.home import matches as matches
