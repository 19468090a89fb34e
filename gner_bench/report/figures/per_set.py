"""F1 of each data set: measured systems as bars with intervals, quoted ones as hollow marks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gner_bench.report.contents import Contents
from gner_bench.report.figures.drawing import Drawing, NoData
from gner_bench.report.figures.look import Look
from gner_bench.report.figures.words import names_and_note, quoted_caption, scored_by
from gner_bench.report.table import Entry, Row, Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_QUOTED = 6
OWN_FAMILY = "GNER-"
BARS = 0.82
"""The share of the width between two sets that measured and quoted figures fill."""
QUOTED_WIDTH = 0.05
"""What a quoted row takes of the width between two sets."""


def drawings(contents: Contents) -> list[Drawing]:
    """One drawing for each layout. Raises NoData."""
    found = [table for table in contents.tables[contents.metric] if table.measured]
    if not found:
        raise NoData("no system was scored")
    return [_drawing(table) for table in found]


def _drawing(table: Table) -> Drawing:
    quoted = shown_quoted(table)
    caption = (
        f"{scored_by(table.metric)} of each data set and their mean. Bars are measured, with bootstrap intervals"
        f" where there are any.{quoted_caption(quoted)}"
    )
    suffix = "" if table.layout == "zero-shot" else f"_{table.layout}"
    return Drawing(f"f1_per_set{suffix}", caption, lambda look: draw(table, look), wide=True)


def shown_quoted(table: Table) -> list[Row]:
    """The quoted rows that the figure has room for: all where they are few, otherwise those of the GNER authors."""
    if len(table.quoted) <= MOST_QUOTED:
        return table.quoted
    return [row for row in table.quoted if row.system.startswith(OWN_FAMILY)][:MOST_QUOTED]


def draw(table: Table, look: Look) -> Figure:
    """The figure of a table."""
    from matplotlib.patches import Patch

    from gner_bench.report.figures.parts import canvas, legend, name_ticks, percent_axis

    quoted = shown_quoted(table)
    figure = canvas(look, True, 2.6)
    axes = figure.add_subplot()
    handles: list[Any] = []
    for index, row in enumerate(table.measured):
        _bars(axes, row, index, len(table.measured), len(quoted), look)
        handles.append(Patch(**look.bar(index)))
    handles += [_marks(axes, row, index, len(quoted), look) for index, row in enumerate(quoted)]
    name_ticks(axes, look, table.heads)
    axes.axvline(len(table.heads) - 1.5, color=look.theme.faint, linewidth=0.6 * look.scale)
    axes.set_xlim(-0.5, len(table.heads) - 0.5)
    percent_axis(axes)
    legend(figure, look, handles, *names_and_note([*table.measured, *quoted]))
    return figure


def _bars(axes: Axes, row: Row, index: int, bars: int, quoted: int, look: Look) -> None:
    width = (BARS - QUOTED_WIDTH * quoted) / bars
    shift = width * (index + 0.5) - BARS / 2
    found = [(x + shift, entry) for x, entry in enumerate(row.entries) if entry is not None]
    if not found:
        return
    places, figures = [x for x, _ in found], [entry.f1 for _, entry in found]
    axes.bar(places, figures, 0.92 * width, **look.bar(index))
    ranged = [(x, entry.f1, *_reach(entry)) for x, entry in found if entry.interval]
    if ranged:
        x, y, below, above = zip(*ranged, strict=True)
        axes.errorbar(
            x,
            y,
            yerr=(below, above),
            fmt="none",
            ecolor=look.theme.text,
            elinewidth=0.8 * look.scale,
            capsize=1.5 * look.scale,
            capthick=0.8 * look.scale,
        )


def _reach(entry: Entry) -> tuple[float, float]:
    """How far the interval reaches below and above the figure."""
    low, high = entry.interval or (entry.f1, entry.f1)
    return max(0.0, entry.f1 - low), max(0.0, high - entry.f1)


def _marks(axes: Axes, row: Row, index: int, quoted: int, look: Look) -> Any:
    start = BARS / 2 - QUOTED_WIDTH * quoted
    found = [(x + start + QUOTED_WIDTH * (index + 1), e.f1) for x, e in enumerate(row.entries) if e is not None]
    [line] = axes.plot(
        [x for x, _ in found],
        [f1 for _, f1 in found],
        linestyle="none",
        marker=look.marker(index),
        markerfacecolor="none",
        markeredgecolor=look.theme.text,
        markeredgewidth=0.7 * look.scale,
        markersize=3.2 * look.scale,
    )
    return line
