"""Moved to gner_bench.report.figures.registry."""

from gner_bench.report.figures.registry import Figures as Plates
from gner_bench.report.figures.registry import collect as collect

__all__ = ["Plates", "collect"]
