"""Mean F1 against throughput, for runs that noted it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gner_bench.records import Json
from gner_bench.report.contents import Contents
from gner_bench.report.figures.drawing import Drawing, NoData
from gner_bench.report.figures.look import Look
from gner_bench.report.figures.words import scored_by

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Speed:
    """Sentences a second while generating, and the mean F1 in percent; ``where`` names device and number format."""

    system: str
    where: str
    speed: float
    f1: float
    interval: tuple[float, float] | None


def drawings(contents: Contents) -> list[Drawing]:
    """One drawing. Raises NoData."""
    found = [each for system in contents.scored if (each := _speed(contents, system.name, system.run))]
    if not found:
        raise NoData("no run.json with throughput beside the scores or predictions")
    caption = (
        f"Mean {scored_by(contents.metric)} over the data sets of each system against sentences generated in a second,"
        " as its run noted it. Speeds compare only on one machine and the same sentences."
    )
    return [Drawing("f1_by_throughput", caption, lambda look: draw(found, look), wide=True)]


def _speed(contents: Contents, name: str, run: Json) -> Speed | None:
    system = next(each for each in contents.systems if each.name == name)
    speed = sentences_per_second(run)
    if speed is None:
        return None
    mean = system.figures.average(contents.metric)
    ends = mean.intervals["f1"] if mean.intervals else None
    settings = run.get("settings")
    parts = [run.get("device"), settings.get("dtype") if isinstance(settings, Mapping) else None]
    where = ", ".join(part for part in parts if isinstance(part, str) and part)
    return Speed(name, where, speed, 100 * mean.prf.f1, (100 * ends[0], 100 * ends[1]) if ends else None)


def sentences_per_second(run: Json) -> float | None:
    """The throughput of generating that a run.json notes, None where it does not."""
    found: object = run
    for key in ("throughput", "generating", "sentences_per_second"):
        found = found.get(key) if isinstance(found, Mapping) else None
    there = isinstance(found, int | float) and not isinstance(found, bool) and 0 < found < 1e12
    return float(found) if there and isinstance(found, int | float) else None


def draw(found: Sequence[Speed], look: Look) -> Figure:
    """The figure: a labelled point for each run."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    from gner_bench.report.figures.labels import Point, label_points
    from gner_bench.report.figures.parts import canvas, percent_axis

    figure = canvas(look, True, 3.0)
    axes = figure.add_subplot()
    for index, each in enumerate(found):
        low, high = each.interval or (each.f1, each.f1)
        axes.errorbar(
            each.speed,
            each.f1,
            yerr=[[max(0.0, each.f1 - low)], [max(0.0, high - each.f1)]],
            fmt=look.marker(index),
            color=look.colour(index),
            markersize=5 * look.scale,
            elinewidth=0.8 * look.scale,
        )
    ends = [end for each in found for end in (each.interval or (each.f1,))]
    speeds = [each.speed for each in found]
    axes.set_xscale("log")
    axes.set(xlim=(min(speeds) / 2, max(speeds) * 3), xlabel="sentences a second")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_locator(NullLocator())
    percent_axis(axes, "mean F1 in percent", max(0.0, min(ends) - 4), min(100.0, max(ends) + 4))
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    label_points(axes, look, [Point(_label(each), each.speed, each.f1, True, each.interval) for each in found])
    return figure


def _label(each: Speed) -> str:
    return f"{each.system} ({each.where})" if each.where else each.system
