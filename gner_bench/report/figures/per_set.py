"""F1 of each data set: measured systems as bars with intervals, quoted ones as hollow marks."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from gner_bench.report.contents import Contents
from gner_bench.report.figures.plot import (
    NoData,
    Plot,
    names_and_note,
    quoted_caption,
    reach,
    scored_by,
)
from gner_bench.report.figures.style import Style
from gner_bench.report.views.table import Entry, Row, Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_QUOTED = 6
OWN_FAMILY = "GNER-"
BARS = 0.82
"""The share of the width between two sets that bars and quoted marks fill."""
QUOTED_WIDTH = 0.05
"""What a quoted row takes of the width between two sets."""


def plots(contents: Contents) -> list[Plot]:
    """One for each layout. Raises NoData."""
    tables = [table for table in contents.tables[contents.metric] if table.measured]
    if not tables:
        raise NoData("no system was scored")
    tables = [
        table for table in tables if sum(len(shown_entries(row)) for row in (*table.measured, *shown_quoted(table))) > 1
    ]
    if not tables:
        raise NoData("one value alone")
    plots = []
    for table in tables:
        mean = " and their mean" if len(table.datasets) > 1 else ""
        caption = (
            f"{scored_by(table.metric)} of each data set{mean}. Bars are measured, with bootstrap intervals where there"
            f" are any.{quoted_caption(shown_quoted(table))}"
        )
        plots.append(Plot(f"f1_per_set{table.suffix}", caption, partial(draw, table), wide=True))
    return plots


def shown_quoted(table: Table) -> list[Row]:
    """The quoted rows that the figure has room for: all where they are few, otherwise those of the GNER authors."""
    if len(table.quoted) <= MOST_QUOTED:
        return table.quoted
    return [row for row in table.quoted if row.system.startswith(OWN_FAMILY)][:MOST_QUOTED]


def shown_entries(row: Row) -> dict[int, Entry]:
    """The entries of a row by their column; the mean of one data set is not shown beside it."""
    entries = row.entries if len(row.entries) > 2 else row.entries[:1]
    return {column: entry for column, entry in enumerate(entries) if entry}


def draw(table: Table, style: Style) -> Figure:
    """The figure of a table."""
    from gner_bench.report.figures.drawing import canvas, legend, name_ticks, percent_axis

    measured, quoted = table.measured, shown_quoted(table)
    figure = canvas(style, True, 2.6)
    axes = figure.add_subplot()
    width = (BARS - QUOTED_WIDTH * len(quoted)) / len(measured)
    handles: list[Any] = []
    for index, row in enumerate(measured):
        handles.append(_draw_bars(axes, row, index, width, style))
    start = BARS / 2 - QUOTED_WIDTH * len(quoted)
    for index, row in enumerate(quoted):
        f1 = {x + start + QUOTED_WIDTH * (index + 1): entry.f1 for x, entry in shown_entries(row).items()}
        handles += axes.plot(
            list(f1),
            list(f1.values()),
            linestyle="none",
            marker=style.marker(index),
            markerfacecolor="none",
            markeredgecolor=style.theme.text,
            markeredgewidth=0.7 * style.scale,
            markersize=3.2 * style.scale,
        )
    heads = table.heads if len(table.datasets) > 1 else table.heads[:1]
    name_ticks(axes, style, heads)
    if len(heads) > 1:
        axes.axvline(len(heads) - 1.5, color=style.theme.faint, linewidth=0.6 * style.scale)
    axes.set_xlim(-0.5, len(heads) - 0.5)
    percent_axis(axes)
    legend(figure, style, handles, *names_and_note([*measured, *quoted]))
    return figure


def _draw_bars(axes: Axes, row: Row, index: int, width: float, style: Style) -> Any:
    """The bars of a measured system, which are returned, and its intervals where there are any."""
    from gner_bench.report.figures.drawing import bars

    shift = width * (index + 0.5) - BARS / 2
    entries = {x + shift: entry for x, entry in shown_entries(row).items()}
    drawn = bars(axes, style, index, [(x - 0.46 * width, 0, 0.92 * width, entry.f1) for x, entry in entries.items()])
    with_interval = {x: entry for x, entry in entries.items() if entry.interval}
    if with_interval:
        reaches = [reach(entry.f1, entry.interval) for entry in with_interval.values()]
        axes.errorbar(
            list(with_interval),
            [entry.f1 for entry in with_interval.values()],
            yerr=list(zip(*reaches, strict=True)),
            fmt="none",
            ecolor=style.theme.text,
            elinewidth=0.8 * style.scale,
            capsize=1.5 * style.scale,
            capthick=0.8 * style.scale,
        )
    return drawn
