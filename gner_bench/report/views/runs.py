"""The runs of groups, one by one, with their mean and standard deviation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gner_bench.documents.scores import Resampling, Value
from gner_bench.number_text import decimal, rounding
from gner_bench.report.grid import Cell, Grid, Section
from gner_bench.report.grid import Value as Number
from gner_bench.report.load import SystemScores
from gner_bench.report.views.table import MEAN, title
from gner_bench.scoring.groups import Group, values_of
from gner_bench.scoring.metrics import METRICS, Metric

SPREAD = "SD: standard deviation over runs (n - 1)."


def run_grids(systems: Sequence[SystemScores], metric: Metric) -> Iterator[Grid]:
    """A table for each group that was scored by ``metric``."""
    for system in systems:
        if isinstance(system.scores, Group) and metric in system.scores.metrics:
            yield _grid(system, system.scores, metric)


def _grid(system: SystemScores, group: Group, metric: Metric) -> Grid:
    names = list(group.sets)
    rows: list[tuple[Cell, ...]] = []
    values: list[tuple[Number, ...]] = []
    for place, (run, seed) in enumerate(zip(group.runs, group.seeds, strict=True)):
        of_run = values_of(run, Resampling(0))
        shown = [*(of_run.sets[name].micro(metric) for name in names), of_run.average(metric)]
        f1 = [100 * value.f1 for value in shown]
        files = ", ".join(str(file) for file in run.origin.files)
        called = f"run {place + 1}" if seed is None else f"seed {seed}"
        rows.append((Cell(called), *(Cell(decimal(number)) for number in f1)))
        values.append((system.name, metric, place + 1, "" if seed is None else seed, *f1, files))
    of_all: list[Value] = [*(system.values.sets[name].micro(metric) for name in names), system.values.average(metric)]
    means = (Cell("Mean of runs"), *(Cell(decimal(100 * value.f1)) for value in of_all))
    spreads = (Cell("SD"), *(Cell("" if value.sd is None else decimal(100 * value.sd)) for value in of_all))
    return Grid(
        name=f"runs_{metric}",
        title=f"{METRICS[metric].title} of each run of {system.name} (n = {len(group.runs)})",
        heads=tuple(map(Cell, ("Run", *map(title, names), MEAN))),
        sections=(Section(tuple(rows)), Section((means, spreads))),
        remarks=(rounding(), SPREAD),
        signatures={system.signature_short: [system.name]},
        columns=("system", "metric", "run", "seed", *names, "mean", "files"),
        values=tuple(values),
        legend=(SPREAD,),
        subject=system.name,
    )
