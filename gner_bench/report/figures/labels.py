"""Labels beside points, placed so that they cover neither points nor each other. Imports matplotlib."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from math import hypot

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from gner_bench.report.figures.look import Look
from gner_bench.report.figures.parts import cut, figure_of, text_width

Floats = NDArray[np.float64]
Box = tuple[float, float, float, float]
"""Left, bottom, right and top in points of the page."""
SIDEWAYS = (0, 12, 30, 50, 75)
UPWARDS = (0, 9, -9, 18, -18, 30, -30, 42, -42, 54, -54, 70, -70)
NEAR = 6.0
STEPS = 15
"""Places at which the line to a label is looked at."""
LONGEST = 22
"""How many font sizes a label may be wide."""


@dataclass(frozen=True)
class Point:
    """A point at (``x``, ``y``) of the axes' data, with an interval of ``y``; ``bold`` labels are placed first."""

    label: str
    x: float
    y: float
    bold: bool
    interval: tuple[float, float] | None = None


def label_points(axes: Axes, look: Look, points: Sequence[Point]) -> None:
    """Write the label of each point where it covers least, as near as can be; far ones get a line to their point.

    The axes must have their final place and limits. A label that is not bold and has no free place is left out.
    """
    taken = [_mark(axes, look, point) for point in points]
    frame = (axes.bbox.get_points() * _points_per_dot(axes)).ravel()
    for point in sorted(points, key=lambda each: not each.bold):
        size = look.style.small
        label = cut(point.label, size, LONGEST * size)
        # Bold letters are wider than those measured, by about an eighth.
        width = text_width(label, size) * (1.14 if point.bold else 1.02)
        box = _Label(*_place(axes, point.x, point.y), width, size, look.scale)
        offset = box.best_offset(frame, np.array(taken))
        if not point.bold and _covers(box.at(offset), np.array(taken)):
            continue
        taken += [box.at(offset), *box.leader(offset)]
        _write(axes, look, point, label, offset, bool(box.leader(offset)))


def _points_per_dot(axes: Axes) -> float:
    return 72 / float(figure_of(axes).dpi)


def _place(axes: Axes, x: float, y: float) -> tuple[float, float]:
    """Where data stand on the page, in points."""
    right, up = axes.transData.transform((x, y)) * _points_per_dot(axes)
    return float(right), float(up)


def _mark(axes: Axes, look: Look, point: Point) -> Box:
    """What the mark of a point and its interval cover."""
    half = 3.2 * look.scale
    x, y = _place(axes, point.x, point.y)
    low, high = (_place(axes, point.x, end)[1] for end in point.interval or (point.y, point.y))
    return x - half, min(low, y - half), x + half, max(high, y + half)


def _write(axes: Axes, look: Look, point: Point, label: str, offset: tuple[float, float], far: bool) -> None:
    line = {"arrowstyle": "-", "color": look.theme.faint, "linewidth": 0.5 * look.scale, "shrinkA": 0, "shrinkB": 3}
    side = "left" if offset[0] > 0 else "right"
    axes.annotate(
        label,
        (point.x, point.y),
        offset,
        textcoords="offset points",
        ha=side,
        va="center_baseline",
        fontsize=look.style.small,
        fontweight="bold" if point.bold else "normal",
        # The line starts at the side of the label that is nearest to its point.
        arrowprops={**line, "relpos": (0.0 if side == "left" else 1.0, 0.5)} if far else None,
    )


@dataclass(frozen=True)
class _Label:
    """A label of a ``width`` for a point at (``x``, ``y``), all in points of the page."""

    x: float
    y: float
    width: float
    size: float
    scale: float

    def at(self, offset: tuple[float, float]) -> Box:
        """What the label covers."""
        right, up = offset
        left = self.x + right if right > 0 else self.x + right - self.width
        return left, self.y + up - 0.6 * self.size, left + self.width, self.y + up + 0.6 * self.size

    def leader(self, offset: tuple[float, float]) -> list[Box]:
        """Small boxes along the line from a far label to its point, less the end at the point."""
        length, near = hypot(*offset), NEAR * self.scale
        if length <= 1.5 * near:
            return []
        steps = (near + (length - near) * step / STEPS for step in range(STEPS + 1))
        ends = ((self.x + offset[0] * step / length, self.y + offset[1] * step / length) for step in steps)
        return [(x - 0.5, y - 0.5, x + 0.5, y + 0.5) for x, y in ends]

    def best_offset(self, frame: Floats, taken: Floats) -> tuple[float, float]:
        """The offset inside the frame that covers least, of those the nearest."""
        shifts = product(SIDEWAYS, UPWARDS, (1, -1))
        offsets = [(side * (NEAR + reach) * self.scale, up * self.scale) for reach, up, side in shifts]
        inside = [offset for offset in offsets if _within(frame, self.at(offset))] or offsets
        return min(inside, key=lambda offset: self._cost(offset, taken))

    def _cost(self, offset: tuple[float, float], taken: Floats) -> float:
        crossed = sum(_covers(box, taken) > 0 for box in self.leader(offset))
        return abs(offset[0]) + abs(offset[1]) + self.scale * (1000 * _covers(self.at(offset), taken) + 100 * crossed)


def _covers(box: Box, taken: Floats) -> int:
    left, bottom, right, top = box
    return int(((taken[:, 0] < right) & (taken[:, 2] > left) & (taken[:, 1] < top) & (taken[:, 3] > bottom)).sum())


def _within(frame: Floats, box: Box) -> bool:
    return bool(frame[0] <= box[0] and frame[1] <= box[1] and box[2] <= frame[2] and box[3] <= frame[3])
