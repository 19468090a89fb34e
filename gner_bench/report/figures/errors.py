"""What kinds of errors systems make, stacked."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from gner_bench.report.analysis import TITLES, Mistakes, mistakes_by_set, pooled
from gner_bench.report.contents import Contents
from gner_bench.report.figures.plot import NoData, Plot
from gner_bench.report.figures.style import Style
from gner_bench.report.views.table import title
from gner_bench.scoring.errors import ERROR_CLASSES

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WRONG = tuple(name for name in ERROR_CLASSES if name != "correct")
MOST_PANELS = 3
ALL = "All"
Bars = Mapping[str, Mistakes]
"""Mistakes by the name of their bar."""


def plots(contents: Contents) -> list[Plot]:
    """One plot. Raises NoData."""
    analysed: dict[str, dict[str, Mistakes]] = {}
    for system in contents.systems:
        if sets := {name: mistakes for name, mistakes in mistakes_by_set(system).items() if mistakes.gold}:
            analysed[system.name] = sets
    if not analysed:
        raise NoData("no scores hold an error analysis")
    if not any(mistakes.classes[name] for sets in analysed.values() for mistakes in sets.values() for name in WRONG):
        raise NoData("no system makes an error")
    panels: dict[str, Bars] = {"": {name: pooled(sets.values()) for name, sets in analysed.items()}}
    if len(analysed) <= MOST_PANELS:
        panels = {}
        for name, sets in analysed.items():
            together = {ALL: pooled(sets.values())} if len(sets) > 1 else {}
            panels[name] = {title(dataset): mistakes for dataset, mistakes in sets.items()} | together
    caption = (
        "Errors for every 100 gold entities by kind, counted on strict spans: equal boundaries with another type, an"
        " overlap of one type, an overlap of two types, gold without and prediction without counterpart."
    )
    return [Plot("error_composition", caption, partial(draw, panels), wide=True)]


def draw(panels: Mapping[str, Bars], style: Style) -> Figure:
    """A panel for each system, or one panel without a name with a bar for each system."""
    from gner_bench.report.figures.drawing import bars, canvas, labels, legend, name_rows

    figure = canvas(style, True, 0.9 + 0.2 * max(map(len, panels.values())))
    all_axes = figure.subplots(1, len(panels), sharex=True, squeeze=False)[0]
    room = 72 * float(figure.get_figwidth()) / len(panels)
    handles: list[Any] = []
    titles = labels(list(panels), style.sizes.font, 0.55 * room)
    for axes, panel_title, panel in zip(all_axes, titles, panels.values(), strict=True):
        handles, starts = [], [0.0] * len(panel)
        for index, error_class in enumerate(WRONG):
            lengths = [100 * mistakes.classes[error_class] / mistakes.gold for mistakes in panel.values()]
            boxes = [(x, at - 0.375, length, 0.75) for at, (x, length) in enumerate(zip(starts, lengths, strict=True))]
            handles.append(bars(axes, style, index, boxes))
            starts = [start + length for start, length in zip(starts, lengths, strict=True)]
        axes.set_title(panel_title, loc="left")
        name_rows(axes, style, list(panel), 0.4 * room)
        axes.invert_yaxis()
        axes.set_xlim(0, max(1, axes.get_xlim()[1]))
    figure.supxlabel("errors for every 100 gold entities", fontsize=style.sizes.font)
    legend(figure, style, handles, [TITLES[name] for name in WRONG], above=True)
    return figure
