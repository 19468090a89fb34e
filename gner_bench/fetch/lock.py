"""Moved to gner_bench.fetch.home."""

from gner_bench.fetch.home import CancelledError as CancelledError
from gner_bench.fetch.home import locked as locked
from gner_bench.fetch.home import locked_if_free as locked_if_free
