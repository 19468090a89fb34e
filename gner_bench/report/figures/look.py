"""Moved to gner_bench.report.figures.style."""

from gner_bench.report.figures.style import SIZES as STYLES
from gner_bench.report.figures.style import StyleName as StyleName

__all__ = ["STYLES", "StyleName"]
