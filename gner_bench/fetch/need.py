"""Moved to gner_bench.fetch.requirements."""

from gner_bench.fetch.requirements import Requirements as Needs
from gner_bench.fetch.requirements import ensure as ensure
from gner_bench.fetch.requirements import missing as missing

__all__ = ["Needs", "ensure", "missing"]
