"""Mean F1 against the number of parameters, with the published systems."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from gner_bench.report.contents import Contents
from gner_bench.report.figures.plot import (
    NoData,
    Plot,
    Point,
    names_and_note,
    quoted_caption,
    scored_by,
    short_names,
)
from gner_bench.report.figures.style import Style
from gner_bench.report.views.table import Row, Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def plots(contents: Contents) -> list[Plot]:
    """One for each layout. Raises NoData."""
    tables = [table for table in contents.tables[contents.metric] if any(not row.quoted for row in sized(table))]
    if not tables:
        raise NoData("no measured system of known size has a mean over all data sets")
    other_gold = {score.system for score in contents.published if not score.comparable}
    plots = []
    for table in tables:
        rows = [row for row in sized(table) if not (row.quoted and row.system in other_gold)]
        if len(rows) < 2:
            continue
        left_out = " Quoted rows that score other gold are left out." if len(rows) < len(sized(table)) else ""
        caption = (
            f"Mean {scored_by(table.metric)} over {len(table.datasets)} data sets against parameters. Filled marks are"
            f" measured, with bootstrap intervals where there are any. Labels without room are left out."
            f"{quoted_caption(row for row in rows if row.quoted)}{left_out}"
        )
        plots.append(Plot(f"f1_by_size{table.suffix}", caption, partial(draw, rows), wide=True))
    if not plots:
        raise NoData("one system of known size alone")
    return plots


def sized(table: Table) -> list[Row]:
    """The rows with a number of parameters and a mean."""
    return [row for row in table.rows if row.parameters and row.mean]


def draw(rows: list[Row], style: Style) -> Figure:
    """The figure of rows that have a size and a mean."""
    from matplotlib.ticker import FuncFormatter, NullFormatter

    from gner_bench.report.figures.drawing import canvas, legend
    from gner_bench.report.figures.labels import draw_points, f1_axis_around, label_points

    names, note = names_and_note(rows)
    points = []
    for row, name, short in zip(rows, names, short_names(rows), strict=True):
        assert row.parameters is not None
        assert row.mean is not None
        label = short if row.quoted else name
        points.append(Point(label, row.parameters, row.mean.f1, not row.quoted, row.mean.interval))
    figure = canvas(style, True, 3.6)
    axes = figure.add_subplot()
    measured = [point for point in points if point.bold]
    draw_points(axes, measured, style, fmt="s", color=style.colour(1), label="measured", zorder=3)
    if quoted := [point for point in points if not point.bold]:
        axes.plot(
            [point.x for point in quoted],
            [point.y for point in quoted],
            linestyle="none",
            marker="o",
            markerfacecolor="none",
            markeredgecolor=style.colour(0),
            markersize=4.5 * style.scale,
            label="quoted from publications",
        )
    f1_axis_around(axes, points)
    sizes = [point.x for point in points]
    axes.set_xscale("log")
    axes.set(xlim=(min(sizes) / 2.2, max(sizes) * 5), xlabel="parameters")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: count(value)))
    axes.xaxis.set_minor_formatter(NullFormatter())
    handles, titles = axes.get_legend_handles_labels()
    legend(figure, style, handles[::-1], titles[::-1], note, above=True)
    label_points(axes, style, points)
    return figure


def count(parameters: float) -> str:
    """Such as ``248M``."""
    for unit, name in ((1e9, "B"), (1e6, "M"), (1e3, "K")):
        if parameters >= unit:
            return f"{parameters / unit:g}{name}"
    return f"{parameters:g}"
