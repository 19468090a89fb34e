"""Differences from the baseline with their intervals (a forest plot)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from gner_bench.report.baseline import Changes
from gner_bench.report.contents import Contents
from gner_bench.report.figures.drawing import Drawing, NoData
from gner_bench.report.figures.look import Look
from gner_bench.report.figures.words import scored_by
from gner_bench.report.table import MEAN, title

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_SYSTEMS = 5


def drawings(contents: Contents) -> list[Drawing]:
    """One drawing. Raises NoData."""
    if contents.baseline is None:
        raise NoData("no --baseline to compare with")
    found = [each for each in contents.changes(contents.metric) if each.differences]
    if not found:
        raise NoData("no system was scored on the same sentences as the baseline")
    shown, baseline = found[:MOST_SYSTEMS], contents.baseline
    left_out = f" {len(found) - len(shown)} systems are left out." if len(found) > len(shown) else ""
    caption = (
        f"Differences of {scored_by(contents.metric)} from {baseline.name}, in points, with"
        f" {baseline.resampling.confidence:.0%} paired bootstrap intervals. Filled marks: p < 0.05 (paired approximate"
        f" randomization, corrected after Holm over data sets).{left_out}"
    )
    return [Drawing("differences", caption, lambda look: draw(shown, baseline.name, look))]


def draw(found: Sequence[Changes], baseline: str, look: Look) -> Figure:
    """The figure: a row for each data set, and one for the mean."""
    from gner_bench.report.figures.parts import canvas, cut, legend

    names = list(dict.fromkeys(each.name for changes in found for each in changes.differences[:-1]))
    places = {name: index for index, name in enumerate(names)}
    figure = canvas(look, False, 0.8 + (0.1 + 0.1 * len(found)) * (len(names) + 1))
    axes = figure.add_subplot()
    axes.axvline(0, color=look.theme.text, linewidth=0.8 * look.scale)
    handles = [_series(axes, changes, places, (index, len(found)), look) for index, changes in enumerate(found)]
    heads = [cut(head, look.style.small, 12 * look.style.small) for head in [*map(title, names), MEAN]]
    axes.set_yticks(range(len(heads)), heads)
    axes.axhline(len(names) - 0.5, color=look.theme.faint, linewidth=0.6 * look.scale)
    axes.set_ylim(len(names) + 0.6, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x")
    low, high = axes.get_xlim()
    axes.set_xlim(min(low, -1), max(high, 1))
    room = 72 * float(figure.get_figwidth())
    axes.set_xlabel(cut(f"points above {baseline}", look.style.font, 0.55 * room))
    marks = [_mark(look, filled) for filled in (True, False)]
    legend(figure, look, [*handles, *marks], [*(each.system for each in found), "p < 0.05", "not confirmed"])
    return figure


def _mark(look: Look, filled: bool) -> Any:
    from matplotlib.lines import Line2D

    return Line2D(
        [],
        [],
        linestyle="none",
        marker="o",
        markerfacecolor=look.theme.faint if filled else "none",
        markeredgecolor=look.theme.faint,
        markersize=4.5 * look.scale,
    )


def _series(axes: Axes, changes: Changes, places: dict[str, int], of: tuple[int, int], look: Look) -> Any:
    from matplotlib.lines import Line2D

    index, count = of
    shift = 0.7 * ((index + 0.5) / count - 0.5)
    *sets, mean = changes.differences
    colour = look.colour(index)
    for found, place in [*((each, places[each.name]) for each in sets), (mean, len(places))]:
        low, high = (100 * end for end in found.interval)
        axes.plot([low, high], [place + shift] * 2, color=colour, linewidth=look.scale)
        axes.plot(
            [100 * found.difference],
            [place + shift],
            marker=look.marker(index),
            markerfacecolor=colour if found.significant else look.theme.background,
            markeredgecolor=colour,
            markersize=4.5 * look.scale,
        )
    return Line2D([], [], color=colour, marker=look.marker(index), markersize=4.5 * look.scale)
