"""Which types systems take for which, as a heat map for each system."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from gner_bench.report.analysis import Confusion, pooled_by_system
from gner_bench.report.contents import Contents
from gner_bench.report.figures.plot import NoData, Plot, left_out_caption
from gner_bench.report.figures.style import Style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_TYPES = 12
MOST_SYSTEMS = 4
OTHER, MISSED = "other types", "missed"
DARK_CELL = 55
"""The percentage from which on a cell needs letters in the colour of the background."""


@dataclass(frozen=True)
class Heat:
    """Shares of the gold entities of each of ``types`` by what was predicted, in percent: one row a type."""

    types: Sequence[str]
    columns: Sequence[str]
    shares: Sequence[Sequence[float]]


def plots(contents: Contents) -> list[Plot]:
    """One for each system, of the types that are taken for others most often. Raises NoData."""
    total: Counter[str] = Counter()
    confusions: dict[str, Confusion] = {}
    for name, mistakes in pooled_by_system(contents.systems).items():
        for gold, predicted, count in mistakes.taken_for_others:
            total.update({gold: count, predicted: count})
            confusions[name] = mistakes.confusion
    if not confusions:
        raise NoData("no scores hold an error analysis with types taken for others")
    types = sorted(total, key=lambda name: (-total[name], name))[:MOST_TYPES]
    plots = []
    shown = list(confusions)[:MOST_SYSTEMS]
    for at, system in enumerate(shown):
        caption = (
            f"Types by {system}, all data sets together: of every 100 gold entities of a type (row), how many were"
            f" predicted as which (column). The {len(types)} types that are taken for others most often by any system."
            f"{left_out_caption(len(confusions) - len(shown))}"
        )
        drawing = partial(draw, heat_of(confusions[system], types), shown, at)
        plots.append(Plot(f"type_confusion_{at + 1}", caption, drawing, wide=True))
    return plots


def heat_of(confusion: Confusion, types: Sequence[str]) -> Heat:
    """The shares of gold entities of ``types``; a type without gold has a row of zeros."""
    rows = []
    for type_ in types:
        predictions = {predicted: count for (gold, predicted), count in confusion.items() if gold == type_}
        counts = [predictions.get(name, 0) for name in types]
        missed, gold_entities = predictions.get(None, 0), sum(predictions.values())
        counts += [gold_entities - sum(counts) - missed, missed]
        rows.append([100 * count / max(1, gold_entities) for count in counts])
    return Heat(types, [*types, OTHER, MISSED], rows)


def draw(heat: Heat, systems: Sequence[str], at: int, style: Style) -> Figure:
    """The figure of the system that is ``at`` this place in those of the report."""
    from matplotlib.colors import LinearSegmentedColormap

    from gner_bench.report.figures.drawing import canvas, labels

    figure = canvas(style, True, 1.5 + 0.2 * len(heat.types))
    axes = figure.add_subplot()
    axes.pcolormesh(
        [list(row) for row in heat.shares],
        cmap=LinearSegmentedColormap.from_list("heat", [(style.theme.heat, 0.0), (style.theme.heat, 1.0)]),
        vmin=0,
        vmax=100,
        edgecolors=style.theme.grid,
        linewidth=0.4 * style.scale,
    )
    size = style.small
    names = labels(heat.columns, size, 11 * size)
    axes.set_xticks([x + 0.5 for x in range(len(names))], names, rotation=40, ha="left", rotation_mode="anchor")
    axes.set_yticks([y + 0.5 for y in range(len(heat.types))], labels(heat.types, size, 14 * size))
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    axes.invert_yaxis()
    axes.spines[:].set_visible(False)
    axes.set_ylabel("gold type")
    axes.xaxis.set_label_position("top")
    room = 0.5 * 72 * float(figure.get_figwidth())
    axes.set_xlabel(labels([f"predicted by {name}" for name in systems], style.sizes.font, room)[at])
    axes.axvline(len(heat.types), color=style.theme.text, linewidth=1.2 * style.scale)
    for y, row in enumerate(heat.shares):
        for x, share in enumerate(row):
            if share >= 0.5:
                colour = style.theme.background if share >= DARK_CELL else style.theme.text
                place: dict[str, Any] = {"ha": "center", "va": "center_baseline", "fontsize": size}
                axes.text(x + 0.5, y + 0.5, f"{share:.0f}", color=colour, **place)
    return figure
