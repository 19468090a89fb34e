"""All tables of a report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from gner_bench.report.contents import Contents
from gner_bench.report.grid import Grid
from gner_bench.report.tables.comparison import METRIC_NAMES, comparison_grid
from gner_bench.report.tables.differences import difference_grid
from gner_bench.report.tables.errors import error_grids
from gner_bench.report.tables.structuring import structuring_grids
from gner_bench.report.tables.types import type_grids


@dataclass(frozen=True)
class Tables:
    """``comparisons`` of systems for each metric and layout, of which ``main`` are those of the first metric.

    ``changes`` are the differences from the baseline, ``types`` the tables of entity types by the name of a metric,
    ``other`` those of errors and structuring.
    """

    main: Sequence[Grid]
    comparisons: Sequence[Grid]
    changes: Sequence[Grid]
    types: Mapping[str, Sequence[Grid]]
    other: Sequence[Grid]

    @staticmethod
    def of(contents: Contents) -> Tables:
        """The tables of a report. Raises InputError for an error analysis of another form."""
        grids = {
            metric: [comparison_grid(table, contents.intervals) for table in tables]
            for metric, tables in contents.tables.items()
        }
        types = {METRIC_NAMES[m]: type_grids(contents.systems, m, contents.intervals) for m in contents.metrics}
        return Tables(
            grids[contents.metric],
            [grid for found in grids.values() for grid in found],
            list(_changes(contents)),
            {name: found for name, found in types.items() if found},
            [*error_grids(contents.systems), *structuring_grids(contents.systems)],
        )

    @property
    def by_name(self) -> dict[str, list[Grid]]:
        """The tables by the file that they stand in."""
        found: dict[str, list[Grid]] = {}
        for grid in [
            *self.comparisons,
            *self.changes,
            *(g for grids in self.types.values() for g in grids),
            *self.other,
        ]:
            found.setdefault(grid.name, []).append(grid)
        return found


def _changes(contents: Contents) -> Iterable[Grid]:
    if contents.baseline is None:
        return
    for metric in contents.metrics:
        for changes in contents.changes(metric):
            if changes.differences:
                yield difference_grid(contents.baseline, changes, metric)
