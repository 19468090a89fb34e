"""F1 of every system on every data set as a polygon."""

from __future__ import annotations

from functools import partial
from math import pi, sin
from typing import TYPE_CHECKING, Any

from gner_bench.report.contents import Contents
from gner_bench.report.figures.plot import NoData, Plot, left_out_caption, names_and_note, scored_by
from gner_bench.report.figures.style import Style
from gner_bench.report.views.table import Row, Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FEWEST_SETS = 3
MOST_NARROW = 10
"""Data sets whose names have room around a figure of a column's width."""
MOST_ROWS = 7
CIRCLES = (20, 40, 60, 80)


def plots(contents: Contents) -> list[Plot]:
    """One for each layout. Raises NoData."""
    plots = []
    for table in contents.tables[contents.metric]:
        complete = [row for row in table.measured if all(row.entries[:-1])][:MOST_ROWS]
        if complete and len(table.datasets) >= FEWEST_SETS:
            wide = len(table.datasets) > MOST_NARROW
            left_out = left_out_caption(len(table.measured) - len(complete))
            caption = f"{scored_by(table.metric)} of each data set, in percent.{left_out}"
            plots.append(Plot(f"radar{table.suffix}", caption, partial(draw, complete, table, wide), wide))
    if not plots:
        raise NoData(f"no system was scored on all of {FEWEST_SETS} or more data sets")
    return plots


def draw(rows: list[Row], table: Table, wide: bool, style: Style) -> Figure:
    """The figure of rows of a table that have a score for each of its data sets."""
    from gner_bench.report.figures.drawing import canvas, cut, legend

    heads = table.heads[:-1]
    figure = canvas(style, wide, 4.2 if wide else 3.1)
    axes: Any = figure.add_subplot(projection="polar")
    angles = [2 * pi * index / len(heads) for index in range(len(heads) + 1)]
    handles: list[Any] = []
    for index, row in enumerate(rows):
        f1 = [entry.f1 for entry in row.entries[:-1] if entry]
        handles += axes.plot(angles, [*f1, f1[0]], markersize=3 * style.scale, **style.line_and_marker(index))
    axes.set_xticks(angles[:-1], [cut(head, style.small, 10 * style.small) for head in heads])
    axes.set(theta_offset=pi / 2, theta_direction=-1, ylim=(0, 100))
    # The numbers of the circles are written between the first two data sets, where their own would be on the line.
    axes.set_yticks(CIRCLES, [""] * len(CIRCLES))
    box = {"facecolor": style.theme.background, "edgecolor": "none", "pad": 0.6 * style.scale, "alpha": 0.85}
    letters = {"color": style.theme.faint, "fontsize": style.small, "ha": "center", "va": "center", "bbox": box}
    for circle in CIRCLES:
        axes.text(pi / len(heads), circle, str(circle), **letters)
    axes.grid(visible=True)
    axes.spines["polar"].set_color(style.theme.grid)
    for label, angle in zip(axes.get_xticklabels(), angles, strict=False):
        label.set_horizontalalignment("center" if abs(sin(angle)) < 0.1 else "left" if sin(angle) > 0 else "right")
    axes.tick_params(pad=1.5 * style.scale)
    legend(figure, style, handles, *names_and_note(rows))
    return figure
