"""Mean F1 against throughput, for runs that noted it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from gner_bench.documents.run import Run
from gner_bench.report.contents import Contents
from gner_bench.report.figures.plot import NoData, Plot, Point, scored_by
from gner_bench.report.figures.style import Style

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def plots(contents: Contents) -> list[Plot]:
    """One plot. Raises NoData."""
    points = []
    for system in contents.scored:
        run = system.run
        if run and (speed := sentences_per_second(run)) is not None:
            mean = system.values.average(contents.metric)
            low_high = mean.interval["f1"] if mean.interval else None
            interval = (100 * low_high[0], 100 * low_high[1]) if low_high else None
            dtype = run.settings.get("dtype")
            device = ", ".join(part for part in (run.device, dtype) if isinstance(part, str) and part)
            label = f"{system.name} ({device})" if device else system.name
            points.append(Point(label, speed, 100 * mean.f1, True, interval))
    if not points:
        raise NoData("no run.json with throughput beside the scores or predictions")
    if len(points) < 2:
        raise NoData("one run with throughput alone")
    caption = (
        f"Mean {scored_by(contents.metric)} over the data sets of each system against sentences generated in a second,"
        " as its run noted it. Speeds compare only on one machine and the same sentences. Labels without room are left"
        " out."
    )
    return [Plot("f1_by_throughput", caption, partial(draw, points), wide=True)]


def sentences_per_second(run: Run | None) -> float | None:
    """The throughput of generating that a run.json notes, None where it does not."""
    value = run.generating.get("sentences_per_second") if run else None
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1e12:
        return float(value)
    return None


def draw(points: Sequence[Point], style: Style) -> Figure:
    """A labelled point for each run."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    from gner_bench.report.figures.drawing import canvas
    from gner_bench.report.figures.labels import draw_points, f1_axis_around, label_points

    figure = canvas(style, True, 3.0)
    axes = figure.add_subplot()
    for index, point in enumerate(points):
        draw_points(axes, [point], style, fmt=style.marker(index), color=style.colour(index))
    axes.set_xscale("log")
    axes.set(xlim=(min(point.x for point in points) / 2, max(point.x for point in points) * 3))
    axes.set_xlabel("sentences a second")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_locator(NullLocator())
    f1_axis_around(axes, points)
    label_points(axes, style, points)
    return figure
