"""Differences of the ways to ask a system from the first, with their intervals (a dot plot)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from gner_bench.experiment.sensitivity import Sensitivity
from gner_bench.report.figures.plot import Plot, scored_by
from gner_bench.report.figures.style import Style
from gner_bench.scoring.paired import ALPHA

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def plot(sensitivity: Sensitivity) -> Plot:
    """The plot of ``gner-bench sensitivity``; it is of no report."""
    confidence = f"{sensitivity.resampling.confidence:.0%}"
    caption = (
        f"Mean {scored_by(sensitivity.metric)} of {sensitivity.system} by how it is asked, in points above the base,"
        f" with {confidence} paired bootstrap intervals. Filled marks: p < 0.05, corrected after Holm over all arms."
    )
    return Plot("sensitivity", caption, partial(draw, sensitivity))


def draw(sensitivity: Sensitivity, style: Style) -> Figure:
    """A row for each arm, a colour for each kind of them."""
    from matplotlib.lines import Line2D

    from gner_bench.report.figures.drawing import canvas, legend, name_rows

    rows = sensitivity.rows
    kinds = list(dict.fromkeys(row.arm.kind for row in rows))
    figure = canvas(style, False, 0.9 + 0.19 * len(rows))
    axes = figure.add_subplot()
    axes.axvline(0, color=style.theme.text, linewidth=0.8 * style.scale)
    for place, row in enumerate(rows):
        index = kinds.index(row.arm.kind)
        colour = style.colour(index)
        axes.plot([100 * end for end in row.mean.interval], [place] * 2, color=colour, linewidth=style.scale)
        axes.plot(
            [100 * row.mean.difference],
            [place],
            marker=style.marker(index),
            markerfacecolor=colour if row.p < ALPHA else style.theme.background,
            markeredgecolor=colour,
            markersize=4.5 * style.scale,
        )
        if place and rows[place - 1].arm.kind != row.arm.kind:
            axes.axhline(place - 0.5, color=style.theme.faint, linewidth=0.6 * style.scale)
    name_rows(axes, style, [row.arm.name for row in rows], 14 * style.small)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    low, high = axes.get_xlim()
    axes.set_xlim(min(low, -1), max(high, 1))
    axes.set_xlabel("points above the base")
    size = 4.5 * style.scale
    handles = [
        Line2D([], [], color=style.colour(index), marker=style.marker(index), markersize=size)
        for index in range(len(kinds))
    ]
    legend(figure, style, handles, kinds)
    return figure
