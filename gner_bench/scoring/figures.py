"""Moved to gner_bench.scoring.values and gner_bench.documents.scores."""

from gner_bench.documents.scores import Macro as Macro
from gner_bench.documents.scores import Value as Figure
from gner_bench.scoring.values import SetValues as SetFigures
from gner_bench.scoring.values import SystemValues as Figures

__all__ = ["Figure", "Figures", "Macro", "SetFigures"]
