"""Mean F1 against the number of parameters, with the published systems."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gner_bench.report.contents import Contents
from gner_bench.report.figures.drawing import Drawing, NoData
from gner_bench.report.figures.look import Look
from gner_bench.report.figures.words import quoted_caption, said, scored_by, shared_note, short
from gner_bench.report.table import Row, Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from gner_bench.report.figures.labels import Point


def drawings(contents: Contents) -> list[Drawing]:
    """One drawing for each layout. Raises NoData."""
    found = [table for table in contents.tables[contents.metric] if any(not row.quoted for row in sized(table))]
    if not found:
        raise NoData("no measured system of known size has a mean over all data sets")
    return [_drawing(table, contents) for table in found]


def sized(table: Table) -> list[Row]:
    """The rows with a number of parameters and a mean."""
    return [row for row in table.rows if row.parameters and row.mean]


def _drawing(table: Table, contents: Contents) -> Drawing:
    incomparable = {score.system for score in contents.published if not score.comparable}
    rows = [row for row in sized(table) if not (row.quoted and row.system in incomparable)]
    left_out = " Quoted rows that score other gold are left out." if len(rows) < len(sized(table)) else ""
    caption = (
        f"Mean {scored_by(table.metric)} over {len(table.datasets)} data sets against parameters. Filled marks are"
        f" measured, with bootstrap intervals where there are any."
        f"{quoted_caption([row for row in rows if row.quoted])}{left_out}"
    )
    suffix = "" if table.layout == "zero-shot" else f"_{table.layout}"
    return Drawing(f"f1_by_size{suffix}", caption, lambda look: draw(rows, look), wide=True)


def draw(rows: list[Row], look: Look) -> Figure:
    """The figure of rows that have a size and a mean."""
    from gner_bench.report.figures.labels import label_points
    from gner_bench.report.figures.parts import canvas, legend, percent_axis

    figure = canvas(look, True, 3.6)
    axes = figure.add_subplot()
    _points(axes, [row for row in rows if not row.quoted], look)
    _quoted(axes, [row for row in rows if row.quoted], look)
    percent_axis(axes, "mean F1 in percent", *_limits(rows))
    _sizes(axes, rows)
    handles, names = axes.get_legend_handles_labels()
    note = shared_note(rows)
    legend(figure, look, handles[::-1], names[::-1], f"measured: {note}" if note else "", above=True)
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    label_points(axes, look, [_point(row, note) for row in rows])
    return figure


def _point(row: Row, shared: str) -> Point:
    from gner_bench.report.figures.labels import Point

    assert row.parameters is not None
    assert row.mean is not None
    label = short(row) if row.quoted or shared else said(row)
    return Point(label, row.parameters, row.mean.f1, not row.quoted, row.mean.interval)


def _points(axes: Axes, rows: list[Row], look: Look) -> None:
    found = [(row.parameters, row.mean) for row in rows if row.parameters and row.mean]
    reach = [[max(0.0, m.f1 - m.interval[0]) if m.interval else 0 for _, m in found]]
    reach += [[max(0.0, m.interval[1] - m.f1) if m.interval else 0 for _, m in found]]
    axes.errorbar(
        [x for x, _ in found],
        [mean.f1 for _, mean in found],
        yerr=reach,
        fmt="s",
        color=look.colour(1),
        markersize=5 * look.scale,
        elinewidth=0.8 * look.scale,
        label="measured",
        zorder=3,
    )


def _quoted(axes: Axes, rows: list[Row], look: Look) -> None:
    if rows:
        axes.plot(
            [row.parameters or 0 for row in rows],
            [row.mean.f1 for row in rows if row.mean],
            linestyle="none",
            marker="o",
            markerfacecolor="none",
            markeredgecolor=look.colour(0),
            markersize=4.5 * look.scale,
            label="quoted from publications",
        )


def _limits(rows: list[Row]) -> tuple[float, float]:
    ends = [end for row in rows if row.mean for end in (row.mean.interval or (row.mean.f1,))]
    return max(0.0, min(ends) - 4), min(100.0, max(ends) + 4)


def _sizes(axes: Axes, rows: list[Row]) -> None:
    from matplotlib.ticker import FuncFormatter, NullFormatter

    sizes = [row.parameters for row in rows if row.parameters]
    axes.set_xscale("log")
    axes.set(xlim=(min(sizes) / 2.2, max(sizes) * 5), xlabel="parameters")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: count(value)))
    axes.xaxis.set_minor_formatter(NullFormatter())


def count(parameters: float) -> str:
    """Such as ``248M``."""
    for unit, name in ((1e9, "B"), (1e6, "M"), (1e3, "K")):
        if parameters >= unit:
            return f"{parameters / unit:g}{name}"
    return f"{parameters:g}"
