"""Which types systems take for which, as a heat map for each system."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gner_bench.report.contents import Contents
from gner_bench.report.figures.drawing import Drawing, NoData
from gner_bench.report.figures.look import Look
from gner_bench.report.mistakes import Confusion, mistakes_by_set, pooled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_TYPES = 12
MOST_SYSTEMS = 6
OTHER, MISSED = "other types", "missed"
DARK_CELL = 55
"""The percentage from which on a cell needs letters in the colour of the ground."""


@dataclass(frozen=True)
class Heat:
    """Shares of the gold entities of each of ``types`` by what was predicted, in percent: one row a type."""

    types: Sequence[str]
    columns: Sequence[str]
    shares: Sequence[Sequence[float]]


def drawings(contents: Contents) -> list[Drawing]:
    """One drawing for each system, of the types that are taken for others most often. Raises NoData."""
    found = {system.name: pooled(mistakes_by_set(system).values()) for system in contents.systems}
    there = {name: each.confusion for name, each in found.items() if _confused(each.confusion)}
    if not there:
        raise NoData("no scores hold an error analysis with types taken for others")
    types = top_types(there.values())
    return [
        _drawing(name, confusion, types, index)
        for index, (name, confusion) in enumerate(list(there.items())[:MOST_SYSTEMS])
    ]


def _drawing(name: str, confusion: Confusion, types: Sequence[str], index: int) -> Drawing:
    caption = (
        f"Types by {name}, all data sets together: of every 100 gold entities of a type (row), how many were"
        f" predicted as which (column). The {len(types)} types that are taken for others most often by any system."
    )
    heat = heat_of(confusion, types)
    return Drawing(f"type_confusion_{index + 1}", caption, lambda look: draw(heat, name, look), wide=True)


def _confused(confusion: Confusion) -> Counter[str]:
    """Entities taken for another type, by gold and by predicted type."""
    found: Counter[str] = Counter()
    for (gold, predicted), count in confusion.items():
        if gold is not None and predicted is not None and gold != predicted:
            found.update({gold: count, predicted: count})
    return found


def top_types(confusions: Iterable[Confusion]) -> list[str]:
    """The types that are taken for others most often by any of the systems."""
    total: Counter[str] = Counter()
    for confusion in confusions:
        total.update(_confused(confusion))
    return sorted(total, key=lambda kind: (-total[kind], kind))[:MOST_TYPES]


def heat_of(confusion: Confusion, types: Sequence[str]) -> Heat:
    """The shares of gold entities of ``types``; a type without gold has a row of zeros."""
    rows = []
    for gold in types:
        of = {predicted: count for (kind, predicted), count in confusion.items() if kind == gold}
        counts = [of.get(kind, 0) for kind in types]
        missed = of.get(None, 0)
        counts += [sum(of.values()) - sum(counts) - missed, missed]
        rows.append([100 * count / max(1, sum(of.values())) for count in counts])
    return Heat(types, [*types, OTHER, MISSED], rows)


def draw(heat: Heat, system: str, look: Look) -> Figure:
    """The figure of one system."""
    from matplotlib.colors import LinearSegmentedColormap

    from gner_bench.report.figures.parts import canvas, cut

    figure = canvas(look, True, 1.5 + 0.2 * len(heat.types))
    axes = figure.add_subplot()
    colours = LinearSegmentedColormap.from_list("heat", look.theme.heat)
    axes.pcolormesh(
        [list(row) for row in heat.shares],
        cmap=colours,
        vmin=0,
        vmax=100,
        edgecolors=look.theme.grid,
        linewidth=0.4 * look.scale,
    )
    size = look.style.small
    names = [cut(name, size, 11 * size) for name in heat.columns]
    axes.set_xticks([x + 0.5 for x in range(len(names))], names, rotation=40, ha="left", rotation_mode="anchor")
    axes.set_yticks([y + 0.5 for y in range(len(heat.types))], [cut(name, size, 14 * size) for name in heat.types])
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    axes.invert_yaxis()
    axes.spines[:].set_visible(False)
    axes.set_ylabel("gold type")
    axes.xaxis.set_label_position("top")
    axes.set_xlabel(cut(f"predicted by {system}", look.style.font, 0.5 * 72 * figure.get_figwidth()))
    axes.axvline(len(heat.types), color=look.theme.text, linewidth=1.2 * look.scale)
    _numbers(axes, heat, look)
    return figure


def _numbers(axes: Axes, heat: Heat, look: Look) -> None:
    for y, row in enumerate(heat.shares):
        for x, share in enumerate(row):
            if share >= 0.5:
                colour = look.theme.background if share >= DARK_CELL else look.theme.text
                axes.text(
                    x + 0.5,
                    y + 0.5,
                    f"{share:.0f}",
                    color=colour,
                    ha="center",
                    va="center_baseline",
                    fontsize=look.style.small,
                )
