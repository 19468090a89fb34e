"""Points of mean F1 with labels that cover neither points nor each other. Importing this imports matplotlib."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from math import hypot
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from gner_bench.report.figures.drawing import figure_of, labels, percent_axis, text_width
from gner_bench.report.figures.plot import Point, reach
from gner_bench.report.figures.style import Style

Box = tuple[float, float, float, float]
"""Left, bottom, right and top in points of the page."""
Boxes = NDArray[np.float64]
"""Boxes, one a row."""
SIDEWAYS = (0, 12, 30, 50, 75)
UPWARDS = (0, 9, -9, 18, -18, 30, -30, 42, -42, 54, -54, 70, -70)
FAR_SIDEWAYS = (*SIDEWAYS, 110, 150, 200, 250)
FAR_UPWARDS = tuple(range(-160, 161, 11))
"""Where there is a crowd. Offsets are in points of a paper's figure."""
NEAR = 6.0
STEPS = 15
"""Places at which the line to a label is looked at."""
LONGEST = 22
"""How many font sizes a label may be wide."""


def draw_points(axes: Axes, points: Sequence[Point], style: Style, **settings: Any) -> None:
    """The marks of points with their intervals; ``settings`` are those of ``Axes.errorbar``."""
    reaches = [reach(point.y, point.interval) for point in points]
    axes.errorbar(
        [point.x for point in points],
        [point.y for point in points],
        yerr=list(zip(*reaches, strict=True)),
        markersize=5 * style.scale,
        elinewidth=0.8 * style.scale,
        **settings,
    )


def f1_axis_around(axes: Axes, points: Sequence[Point]) -> None:
    """Mean F1 upwards, from below the lowest interval to above the highest."""
    ends = [end for point in points for end in (point.interval or (point.y,))]
    percent_axis(axes, "mean F1 in percent", max(0.0, min(ends) - 4), min(100.0, max(ends) + 4))


def label_points(axes: Axes, style: Style, points: Sequence[Point]) -> None:
    """Write the label of each point where it covers least, as near as can be; far ones get a line to their point.

    The axes keep the place and the limits that they have now. A label that has no free place is left out.
    """
    figure_of(axes).draw_without_rendering()
    figure_of(axes).set_layout_engine("none")
    points_per_dot = 72 / float(figure_of(axes).dpi)

    def on_page(x: float, y: float) -> tuple[float, float]:
        right, up = axes.transData.transform((x, y)) * points_per_dot
        return float(right), float(up)

    taken: list[Box] = []
    half = 3.2 * style.scale
    for point in points:
        x, y = on_page(point.x, point.y)
        low, high = (on_page(point.x, end)[1] for end in point.interval or (point.y, point.y))
        taken.append((x - half, min(low, y - half), x + half, max(high, y + half)))
    frame = (axes.bbox.get_points() * points_per_dot).ravel()
    texts = labels([point.label for point in points], style.small, LONGEST * style.small)
    for point, text in sorted(zip(points, texts, strict=True), key=lambda pair: not pair[0].bold):
        # Bold letters are wider than those measured, by about an eighth.
        width = text_width(text, style.small) * (1.14 if point.bold else 1.02)
        label = _Label(*on_page(point.x, point.y), width, style.small, style.scale)
        offset = label.best_offset(frame, np.array(taken))
        if _covered(label.box(offset), np.array(taken)):
            continue
        line = label.line_to_point(offset)
        taken += [label.box(offset), *line]
        _write(axes, style, point, text, offset, bool(line))


@dataclass(frozen=True)
class _Label:
    """A label of a ``width`` for a point at (``x``, ``y``), all in points of the page."""

    x: float
    y: float
    width: float
    size: float
    scale: float

    def box(self, offset: tuple[float, float]) -> Box:
        """What the label covers."""
        right, up = offset
        left = self.x + right if right > 0 else self.x + right - self.width
        return left, self.y + up - 0.6 * self.size, left + self.width, self.y + up + 0.6 * self.size

    def line_to_point(self, offset: tuple[float, float]) -> list[Box]:
        """Small boxes along the line from a far label to its point, less the end at the point; none for a near one."""
        length, near = hypot(*offset), NEAR * self.scale
        if length <= 1.5 * near:
            return []
        steps = (near + (length - near) * step / STEPS for step in range(STEPS + 1))
        centres = ((self.x + offset[0] * step / length, self.y + offset[1] * step / length) for step in steps)
        return [(x - 0.5, y - 0.5, x + 0.5, y + 0.5) for x, y in centres]

    def best_offset(self, frame: NDArray[np.float64], taken: Boxes) -> tuple[float, float]:
        """The offset inside the ``frame`` (a box) that covers least of what is taken, of those the nearest.

        Far ones are looked at only where no near one is free.
        """
        near = self._best(product(SIDEWAYS, UPWARDS, (1, -1)), frame, taken)
        if not _covered(self.box(near), taken):
            return near
        return self._best(product(FAR_SIDEWAYS, FAR_UPWARDS, (1, -1)), frame, taken)

    def _best(
        self, shifts: Iterable[tuple[int, int, int]], frame: NDArray[np.float64], taken: Boxes
    ) -> tuple[float, float]:

        def cost(offset: tuple[float, float]) -> float:
            crossed = sum(_covered(box, taken) > 0 for box in self.line_to_point(offset))
            covered = 1000 * _covered(self.box(offset), taken) + 100 * crossed
            return abs(offset[0]) + abs(offset[1]) + self.scale * covered

        offsets = [(side * (NEAR + reach) * self.scale, up * self.scale) for reach, up, side in shifts]
        inside = []
        for offset in offsets:
            left, bottom, right, top = self.box(offset)
            if frame[0] <= left and frame[1] <= bottom and right <= frame[2] and top <= frame[3]:
                inside.append(offset)
        return min(inside or offsets, key=cost)


def _covered(box: Box, taken: Boxes) -> int:
    """How many boxes a box covers in part."""
    left, bottom, right, top = box
    return int(((taken[:, 0] < right) & (taken[:, 2] > left) & (taken[:, 1] < top) & (taken[:, 3] > bottom)).sum())


def _write(axes: Axes, style: Style, point: Point, text: str, offset: tuple[float, float], line: bool) -> None:
    side = "left" if offset[0] > 0 else "right"
    arrow = {
        "arrowstyle": "-",
        "color": style.theme.faint,
        "linewidth": 0.5 * style.scale,
        "shrinkA": 0,
        "shrinkB": 3,
        # The line starts at the side of the label that is nearest to its point.
        "relpos": (0.0 if side == "left" else 1.0, 0.5),
    }
    axes.annotate(
        text,
        (point.x, point.y),
        offset,
        textcoords="offset points",
        ha=side,
        va="center_baseline",
        fontsize=style.small,
        fontweight="bold" if point.bold else "normal",
        arrowprops=arrow if line else None,
    )
