"""F1 of every system on every data set as a polygon."""

from __future__ import annotations

from math import pi, sin
from typing import TYPE_CHECKING

from gner_bench.report.contents import Contents
from gner_bench.report.figures.drawing import Drawing, NoData
from gner_bench.report.figures.look import Look
from gner_bench.report.figures.words import names_and_note, scored_by
from gner_bench.report.table import Row, Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FEWEST_SETS = 3
MOST_NARROW = 10
MOST_ROWS = 7
CIRCLES = (20, 40, 60, 80)


def drawings(contents: Contents) -> list[Drawing]:
    """One drawing for each layout. Raises NoData."""
    tables = [
        table for table in contents.tables[contents.metric] if len(table.datasets) >= FEWEST_SETS and _whole(table)
    ]
    if not tables:
        raise NoData(f"no system was scored on all of {FEWEST_SETS} or more data sets")
    return [_drawing(table) for table in tables]


def _whole(table: Table) -> list[Row]:
    """The measured rows that were scored on every data set."""
    return [row for row in table.measured if all(row.entries[:-1])][:MOST_ROWS]


def _wide(table: Table) -> bool:
    """Whether the names of the data sets need more than a column."""
    return len(table.datasets) > MOST_NARROW


def _drawing(table: Table) -> Drawing:
    suffix = "" if table.layout == "zero-shot" else f"_{table.layout}"
    left_out = len(table.measured) - len(_whole(table))
    more = f" {left_out} systems are left out." if left_out else ""
    caption = f"{scored_by(table.metric)} of each data set, in percent.{more}"
    return Drawing(f"radar{suffix}", caption, lambda look: draw(table, look), _wide(table))


def draw(table: Table, look: Look) -> Figure:
    """The figure of a table."""
    from gner_bench.report.figures.parts import canvas, cut, legend

    figure = canvas(look, _wide(table), 4.2 if _wide(table) else 3.1)
    axes = figure.add_subplot(projection="polar")
    sets = len(table.datasets)
    angles = [2 * pi * index / sets for index in range(sets + 1)]
    handles = []
    for index, row in enumerate(_whole(table)):
        figures = [entry.f1 for entry in row.entries[:-1] if entry]
        [line] = axes.plot(
            angles,
            [*figures, figures[0]],
            color=look.colour(index),
            linestyle=look.line(index),
            marker=look.marker(index),
            markersize=3 * look.scale,
        )
        handles.append(line)
    names = [cut(head, look.style.small, 10 * look.style.small) for head in table.heads[:-1]]
    axes.set_xticks(angles[:-1], names)
    axes.set(theta_offset=pi / 2, theta_direction=-1, ylim=(0, 100))
    axes.set_yticks(CIRCLES, [""] * len(CIRCLES))
    for circle in CIRCLES:
        box = {"facecolor": look.theme.background, "edgecolor": "none", "pad": 0.6 * look.scale, "alpha": 0.85}
        place = (pi / sets, circle)
        axes.text(
            *place, str(circle), color=look.theme.faint, fontsize=look.style.small, ha="center", va="center", bbox=box
        )
    axes.grid(visible=True)
    axes.spines["polar"].set_color(look.theme.grid)
    for label, angle in zip(axes.get_xticklabels(), angles, strict=False):
        label.set_horizontalalignment("center" if abs(sin(angle)) < 0.1 else "left" if sin(angle) > 0 else "right")
    axes.tick_params(pad=1.5 * look.scale)
    legend(figure, look, handles, *names_and_note(_whole(table)))
    return figure
