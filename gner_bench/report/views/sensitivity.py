"""What the ways to ask a system are worth, as a table."""

from __future__ import annotations

from itertools import groupby

from gner_bench.experiment.sensitivity import Row, Sensitivity
from gner_bench.number_text import decimal, p_text, points, rounding
from gner_bench.report.grid import Cell, Grid, Section
from gner_bench.scoring.metrics import METRICS
from gner_bench.scoring.paired import ALPHA

COLUMNS = ("kind", "arm", "metric", "f1", "difference", "low", "high", "p", "p_holm", "significant")
STARRED = "* p < 0.05."
TEST = "p: paired test of the mean, two-sided, corrected after Holm over all arms."


def sensitivity_grid(sensitivity: Sensitivity) -> Grid:
    """A row for the base and for each arm, by what was varied."""
    dash = Cell("–")
    sections = [Section(((Cell("base"), Cell(decimal(100 * sensitivity.base_f1)), dash, dash, dash),))]
    for kind, rows in groupby(sensitivity.rows, key=lambda row: row.arm.kind):
        sections.append(Section(tuple(map(_cells, rows)), title=kind))
    resampling, sets = sensitivity.resampling, sensitivity.scores.sets
    sizes = {len(part.keys) for part in sets.values()}
    many = f"{sum(len(part.keys) for part in sets.values()):,} sentences"
    over = f"{len(sets)} data sets" if len(sets) > 1 else next(iter(sets))
    each = f", {min(sizes):,} of each" if len(sizes) == 1 and len(sets) > 1 else ""
    drawn = f"Intervals: {resampling.confidence:.0%}, paired bootstrap, {resampling.resamples:,} resamples."
    sd = sensitivity.order_sd
    orders = [f"SD over {sd[1]} shuffled label orders: {decimal(100 * sd[0])} points."] if sd else []
    left_out = [f"Left out: {'; '.join(sensitivity.left_out)}."] if sensitivity.left_out else []
    return Grid(
        name="sensitivity",
        title=f"Mean {METRICS[sensitivity.metric].title} of {sensitivity.system} by how it is asked",
        heads=tuple(Cell(head) for head in ("Asked", "F1", "Difference", "Interval", "p")),
        sections=tuple(sections),
        remarks=(
            rounding("F1 and differences in percent and points"),
            *(f"Over {over}: {many}{each}.", *orders, drawn, TEST, STARRED, *left_out),
        ),
        columns=COLUMNS,
        values=tuple(
            (
                *(row.arm.kind, row.arm.name, sensitivity.metric),
                *(100 * value for value in (row.mean.second, row.mean.difference, *row.mean.interval)),
                *(row.mean.p, row.p, "yes" if row.p < ALPHA else "no"),
            )
            for row in sensitivity.rows
        ),
        legend=(TEST, STARRED),
        wide=False,
    )


def _cells(row: Row) -> tuple[Cell, ...]:
    low, high = (points(100 * end) for end in row.mean.interval)
    return (
        Cell(row.arm.name),
        Cell(decimal(100 * row.mean.second)),
        Cell(points(100 * row.mean.difference), star="*" if row.p < ALPHA else ""),
        Cell(f"{low} to {high}"),
        Cell(p_text(row.p)),
    )
