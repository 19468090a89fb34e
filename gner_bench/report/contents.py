"""What a report is about: its systems, metrics, published rows and baseline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from gner_bench.catalog.published import PublishedScore
from gner_bench.report.baseline import Baseline, Changes
from gner_bench.report.load import SystemScores
from gner_bench.report.table import Table, comparisons
from gner_bench.scoring.metrics import Metric


@dataclass(frozen=True)
class Contents:
    """``metrics`` are in the order of the tables; figures are drawn for the first. ``intervals``: tables show them."""

    systems: Sequence[SystemScores]
    metrics: Sequence[Metric]
    published: Sequence[PublishedScore] = ()
    baseline: Baseline | None = None
    intervals: bool = False

    @property
    def metric(self) -> Metric:
        """The metric of figures and verdict."""
        return self.metrics[0]

    @property
    def scored(self) -> list[SystemScores]:
        """The systems that figures can show."""
        return [system for system in self.systems if self.metric in system.scores.metrics]

    @cached_property
    def tables(self) -> dict[Metric, list[Table]]:
        """The comparisons by metric, one for each layout."""
        return {metric: comparisons(self.systems, metric, self.published, self.baseline) for metric in self.metrics}

    @property
    def main(self) -> Table:
        """The first table."""
        return self.tables[self.metric][0]

    def changes(self, metric: Metric) -> list[Changes]:
        """How each other system differs from the baseline, empty without one."""
        baseline = self.baseline
        if baseline is None:
            return []
        others = [system for system in self.systems if system.name != baseline.name]
        return [baseline.changes(system, metric) for system in others]
