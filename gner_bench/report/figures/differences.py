"""Differences from the baseline with their intervals (a forest plot)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from gner_bench.report.baseline import Changes
from gner_bench.report.contents import Contents
from gner_bench.report.figures.plot import NoData, Plot, left_out_caption, scored_by
from gner_bench.report.figures.style import Style
from gner_bench.report.views.table import MEAN, title
from gner_bench.scoring.trials import TEST

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_SYSTEMS = 5


def plots(contents: Contents) -> list[Plot]:
    """One plot. Raises NoData."""
    if contents.baseline is None:
        raise NoData("no --baseline to compare with")
    compared = [changes for changes in contents.changes(contents.metric) if changes.differences]
    if not compared:
        raise NoData("no system was scored on the same sentences as the baseline")
    shown, baseline = compared[:MOST_SYSTEMS], contents.baseline
    if len(shown) == 1 and len(shown[0].differences) == 2:
        raise NoData("one difference alone, of one system on one data set")
    caption = (
        f"Differences of {scored_by(contents.metric)} from {baseline.name}, in points, with"
        f" {baseline.resampling.confidence:.0%} paired bootstrap intervals. Filled marks: p < 0.05 ({TEST} test,"
        f" {contents.tested(contents.metric).correction}).{left_out_caption(len(compared) - len(shown))}"
    )
    return [Plot("differences", caption, partial(draw, shown, baseline.name))]


def draw(systems: Sequence[Changes], baseline: str, style: Style) -> Figure:
    """A row for each data set, and one for the mean of several."""
    from matplotlib.lines import Line2D

    from gner_bench.report.figures.drawing import canvas, cut, legend, name_rows

    sets = list(dict.fromkeys(change.name for changes in systems for change in changes.differences[:-1]))
    rows = {name: row for row, name in enumerate(sets)}
    if len(sets) > 1:
        rows[MEAN] = len(sets)
    figure = canvas(style, False, 0.8 + (0.1 + 0.1 * len(systems)) * len(rows))
    axes = figure.add_subplot()
    axes.axvline(0, color=style.theme.text, linewidth=0.8 * style.scale)
    handles = []
    for index, changes in enumerate(systems):
        shift = 0.7 * ((index + 0.5) / len(systems) - 0.5)
        handles.append(_draw_system(axes, changes, rows, shift, index, style))
    name_rows(axes, style, list(map(title, rows)), 12 * style.small)
    if MEAN in rows:
        axes.axhline(len(sets) - 0.5, color=style.theme.faint, linewidth=0.6 * style.scale)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    low, high = axes.get_xlim()
    axes.set_xlim(min(low, -1), max(high, 1))
    axes.set_xlabel(cut(f"points above {baseline}", style.sizes.font, 0.55 * 72 * float(figure.get_figwidth())))
    for filled in (True, False):
        mark: dict[str, Any] = {"markerfacecolor": style.theme.faint if filled else "none"}
        mark |= {"markeredgecolor": style.theme.faint, "markersize": 4.5 * style.scale}
        handles.append(Line2D([], [], linestyle="none", marker="o", **mark))
    legend(figure, style, handles, [*(changes.system for changes in systems), "p < 0.05", "not confirmed"])
    return figure


def _draw_system(axes: Axes, changes: Changes, rows: dict[str, int], shift: float, index: int, style: Style) -> Any:
    """The differences of one system, those of data sets in their ``rows`` and the mean below; returns the handle."""
    from matplotlib.lines import Line2D

    colour, marker, size = style.colour(index), style.marker(index), 4.5 * style.scale
    *sets, mean = changes.differences
    placed = [(change, rows[change.name]) for change in sets]
    for change, row in [*placed, (mean, rows[MEAN])] if MEAN in rows else placed:
        low, high = (100 * end for end in change.interval)
        axes.plot([low, high], [row + shift] * 2, color=colour, linewidth=style.scale)
        axes.plot(
            [100 * change.difference],
            [row + shift],
            marker=marker,
            markerfacecolor=colour if change.significant else style.theme.background,
            markeredgecolor=colour,
            markersize=size,
        )
    return Line2D([], [], color=colour, marker=marker, markersize=size)
