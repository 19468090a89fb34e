"""What kinds of errors systems make, stacked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gner_bench.report.contents import Contents
from gner_bench.report.figures.drawing import Drawing, NoData
from gner_bench.report.figures.look import Look
from gner_bench.report.mistakes import TITLES, Mistakes, mistakes_by_set, pooled
from gner_bench.report.table import title
from gner_bench.scoring.errors import ERROR_CLASSES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WRONG = tuple(name for name in ERROR_CLASSES if name != "correct")
MOST_PANELS = 3
ALL = "All"
Bars = Mapping[str, Mistakes]
"""Mistakes by the name of their bar."""


def drawings(contents: Contents) -> list[Drawing]:
    """One drawing. Raises NoData."""
    found = {system.name: mistakes_by_set(system) for system in contents.systems}
    found = {name: {key: each for key, each in parts.items() if each.gold} for name, parts in found.items()}
    found = {name: parts for name, parts in found.items() if parts}
    if not found:
        raise NoData("no scores hold an error analysis")
    panels: Mapping[str, Bars] = {"": {name: pooled(parts.values()) for name, parts in found.items()}}
    if len(found) <= MOST_PANELS:
        panels = {name: _bars(parts) for name, parts in found.items()}
    caption = (
        "Errors for every 100 gold entities by kind, counted on strict spans: equal boundaries with another type, an"
        " overlap of one type, an overlap of two types, gold without and prediction without counterpart."
    )
    return [Drawing("error_composition", caption, lambda look: draw(panels, look), wide=True)]


def _bars(parts: Mapping[str, Mistakes]) -> Bars:
    names = {title(name): each for name, each in parts.items()}
    return names | ({ALL: pooled(parts.values())} if len(parts) > 1 else {})


def draw(panels: Mapping[str, Bars], look: Look) -> Figure:
    """The figure: a panel for each system, or one panel without a name with a bar for each system."""
    from gner_bench.report.figures.parts import canvas, cut, legend

    bars = max(map(len, panels.values()))
    figure = canvas(look, True, 0.9 + 0.2 * bars)
    places = figure.subplots(1, len(panels), sharex=True, squeeze=False)[0]
    room = 72 * float(figure.get_figwidth()) / len(panels)
    handles: Sequence[Any] = ()
    for axes, (name, found) in zip(places, panels.items(), strict=True):
        handles = _stack(axes, found, look)
        axes.set_title(cut(name, look.style.font, 0.5 * room), loc="left")
        names = [cut(each, look.style.small, 0.4 * room) for each in found]
        axes.set_yticks(range(len(found)), names)
        axes.invert_yaxis()
        axes.set_xlim(0, max(1, axes.get_xlim()[1]))
        axes.tick_params(axis="y", length=0)
        axes.grid(axis="x")
        axes.spines["left"].set_visible(False)
    figure.supxlabel("errors for every 100 gold entities", fontsize=look.style.font)
    legend(figure, look, handles, [TITLES[name] for name in WRONG], above=True)
    return figure


def _stack(axes: Axes, bars: Bars, look: Look) -> list[Any]:
    handles, starts = [], [0.0] * len(bars)
    for index, kind in enumerate(WRONG):
        lengths = [100 * each.classes[kind] / each.gold for each in bars.values()]
        handles.append(axes.barh(range(len(bars)), lengths, 0.75, left=starts, **look.bar(index)))
        starts = [start + length for start, length in zip(starts, lengths, strict=True)]
    return handles
