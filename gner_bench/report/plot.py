"""The comparison table as figures. Importing this module imports matplotlib; no pyplot state is touched."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import NullFormatter
from matplotlib.transforms import Bbox

from gner_bench.files import write_atomic
from gner_bench.report.table import PUBLISHED_AVERAGE, Row, Table, data_mark, printed

# Okabe and Ito's palette, told apart with every common colour blindness, less its yellow, too pale on white.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
HATCHES = ("////", "\\\\\\\\", "....", "xxxx", "----", "++++")
LABELLED_ROWS = 3
WIDEST_BAR = 0.28
LONGEST_NAME = 80
LEGEND_CHARACTERS = 136
LABEL_POINTS = 7.5
NEAR = 6.0
LEADER = {"arrowstyle": "-", "color": "0.6", "linewidth": 0.5, "shrinkA": 0, "shrinkB": 4}


@dataclass(frozen=True)
class Point:
    """A system in the plot by size: ``parameters`` is a count, ``average`` F1 in percent."""

    label: str
    parameters: float
    average: float
    quoted: bool


def bars(table: Table) -> Figure:
    """F1 of each data set: measured rows solid, published GNER rows hatched, other quoted rows left out."""
    rows = table.measured + [row for row in table.quoted if row.system.startswith("GNER-")]
    figure = Figure(figsize=(11, 5), layout="constrained")
    axes = figure.add_subplot()
    drawn = [_draw_row(axes, row, index, len(rows)) for index, row in enumerate(rows)]
    axes.set_xticks(range(len(table.columns)), table.columns, parse_math=False)
    axes.axvline(len(table.columns) - 1.5, color="0.6", linewidth=0.8)
    axes.set(ylabel="F1 in percent", ylim=(0, 100), xlim=(-0.5, len(table.columns) - 0.5))
    _plain(axes)
    _legend(figure, drawn, [_said(row) for row in rows])
    return figure


def size_points(table: Table) -> list[Point]:
    """The rows with a size and an average over all data sets of the table."""
    return [
        Point(_short(row), row.parameters, row.average, row.quoted)
        for row in table.rows
        if row.parameters and row.average is not None and row.marks[-1] != PUBLISHED_AVERAGE
    ]


def size_plot(points: Sequence[Point]) -> Figure:
    """Average F1 against parameters (log axis): measured points filled, quoted hollow, all labelled."""
    figure = Figure(figsize=(9, 5.5))
    axes = figure.add_axes((0.08, 0.11, 0.9, 0.81))
    measured, quoted = ([p for p in points if p.quoted is kind] for kind in (False, True))
    _scatter(axes, measured, "measured", facecolor=PALETTE[1], edgecolor=PALETTE[1])
    _scatter(axes, quoted, "quoted from publications", facecolor="none", edgecolor=PALETTE[0])
    _size_axes(axes, points)
    _label(axes, [*measured, *quoted])
    return figure


def save(figure: Figure, out: Path, stem: str) -> list[Path]:
    """Write ``stem``.png (200 dpi) and ``stem``.svg into ``out``: the same bytes for the same figure.

    Raises InputError if a file cannot be written.
    """
    with matplotlib.rc_context({"svg.hashsalt": "gner-bench"}):
        png = _bytes(figure, "png", {"Software": None})
        svg = _bytes(figure, "svg", {"Date": None})
    paths = [out / f"{stem}.png", out / f"{stem}.svg"]
    for path, data in zip(paths, (png, svg), strict=True):
        write_atomic(path, data)
    return paths


def _bytes(figure: Figure, kind: str, metadata: dict[str, None]) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format=kind, dpi=200, metadata=metadata)
    return buffer.getvalue()


def _draw_row(axes: Axes, row: Row, index: int, rows: int) -> Artist:
    """Draw the bars of one of ``rows`` rows and return what stands for them in the legend."""
    width = min(0.86 / rows, WIDEST_BAR)
    shift = width * (index - (rows - 1) / 2)
    figures = row.cells if row.marks[-1] == PUBLISHED_AVERAGE else row.figures
    drawn = {x + shift: figure for x, figure in enumerate(figures) if figure is not None}
    style = _style(row, index)
    container = axes.bar(list(drawn), list(drawn.values()), width * 0.9, **style)
    if rows <= LABELLED_ROWS:
        axes.bar_label(container, list(map(printed, drawn.values())), fontsize=7, padding=1)
    return Patch(**style)


def _style(row: Row, index: int) -> dict[str, Any]:
    colour, hatch = PALETTE[index % len(PALETTE)], HATCHES[index % len(HATCHES)]
    if row.quoted:
        return {"facecolor": "white", "edgecolor": colour, "hatch": hatch}
    return {"facecolor": colour, "edgecolor": colour}


def _legend(figure: Figure, handles: Sequence[Artist], names: Sequence[str]) -> None:
    longest = max(map(len, names), default=0)
    columns = min(4, LEGEND_CHARACTERS // (longest + 9))
    legend = figure.legend(handles, names, loc="outside lower center", ncols=columns, frameon=False)
    for text in legend.get_texts():
        text.set_parse_math(False)


def _said(row: Row) -> str:
    """The name of a row with what a reader must know before comparing it."""
    said = "quoted" if row.quoted else "; ".join(filter(None, [data_mark(row), row.note]))
    name = f"{row.system} ({said})" if said else row.system
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"


def _short(row: Row) -> str:
    return row.system.partition(" (")[0] if row.quoted else _said(row)


def _plain(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="0.9", linewidth=0.6)
    axes.set_axisbelow(True)


def _scatter(axes: Axes, points: Sequence[Point], label: str, facecolor: str, edgecolor: str) -> None:
    if points:
        x, y = [p.parameters for p in points], [p.average for p in points]
        axes.scatter(x, y, s=36, facecolor=facecolor, edgecolor=edgecolor, label=label, zorder=3)


def _size_axes(axes: Axes, points: Sequence[Point]) -> None:
    sizes = [p.parameters for p in points] or [1e9]
    averages = [p.average for p in points] or [50]
    axes.set_xscale("log")
    axes.set(xlim=(min(sizes) / 3, max(sizes) * 5), ylim=(min(averages) - 4, max(averages) + 4))
    axes.set(xlabel="parameters", ylabel="average F1 in percent")
    axes.xaxis.set_major_formatter(lambda value, _: _count(value))
    axes.xaxis.set_minor_formatter(NullFormatter())
    _plain(axes)
    if points:
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, frameon=False)
    else:
        axes.text(0.5, 0.5, "no system of known size with a full average", transform=axes.transAxes, ha="center")


def _count(parameters: float) -> str:
    for unit, name in ((1e9, "B"), (1e6, "M"), (1e3, "K")):
        if parameters >= unit:
            return f"{parameters / unit:g}{name}"
    return f"{parameters:g}"


def _label(axes: Axes, points: Sequence[Point]) -> None:
    """Write each label at the nearest place where it covers no point and no other label."""
    scale = 72 / axes.figure.dpi
    anchors = [axes.transData.transform((p.parameters, p.average)) * scale for p in points]
    frame = Bbox(axes.bbox.get_points() * scale)
    taken = [Bbox.from_bounds(x - 4, y - 4, 8, 8) for x, y in anchors]
    for point, (x, y) in zip(points, anchors, strict=True):
        width = (0.56 if point.quoted else 0.64) * LABEL_POINTS * len(point.label)
        right, up = _free_offset(x, y, width, frame, taken)
        taken.append(_label_box(x, y, width, (right, up)))
        axes.annotate(
            point.label,
            (point.parameters, point.average),
            (right, up),
            textcoords="offset points",
            ha="left" if right > 0 else "right",
            va="center",
            fontsize=LABEL_POINTS,
            fontweight="normal" if point.quoted else "bold",
            arrowprops=LEADER if abs(right) + abs(up) > NEAR else None,
            parse_math=False,
        )


def _free_offset(x: float, y: float, width: float, frame: Bbox, taken: Sequence[Bbox]) -> tuple[float, float]:
    """Where to put a label of ``width`` beside (x, y), all in points; on the right if nothing is free."""
    shifts = sorted(
        product((0, 12, 30, 50), (0, 9, -9, 18, -18, 30, -30, 42, -42), (1, -1)),
        key=lambda shift: abs(shift[0]) + abs(shift[1]),
    )
    offsets = [(side * (NEAR + reach), float(up)) for reach, up, side in shifts]
    boxes = {offset: _label_box(x, y, width, offset) for offset in offsets}
    inside = [o for o, box in boxes.items() if frame.containsx(box.x0) and frame.containsx(box.x1)]
    return next((o for o in inside if not boxes[o].count_overlaps(taken)), offsets[0])


def _label_box(x: float, y: float, width: float, offset: tuple[float, float]) -> Bbox:
    right, up = offset
    left = x + right if right > 0 else x + right - width
    return Bbox.from_bounds(left, y + up - 0.65 * LABEL_POINTS, width, 1.3 * LABEL_POINTS)
