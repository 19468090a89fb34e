"""What several figures share: canvas, plain axes, legends that fit, names cut to a width. Imports matplotlib."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import accumulate, pairwise

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font

from gner_bench.report.escape import one_line
from gner_bench.report.figures.look import FONT, Look

LONGEST_TICK = 12
"""How many font sizes a name under an axis may be wide."""
CUT = "…"
MISSING = 1.3
"""The width of the box for a letter that the font lacks, in font sizes."""
HANDLE = 4.0
"""Width of a legend's handle and its gaps, in font sizes."""


def canvas(look: Look, wide: bool, height: float) -> Figure:
    """An empty figure that arranges its axes itself; ``height`` in inches."""
    return Figure(figsize=look.size(wide, height), layout="constrained")


def figure_of(axes: Axes) -> Figure:
    """The figure that the axes stand in."""
    found = axes.get_figure(root=True)
    assert found is not None
    return found


def percent_axis(axes: Axes, label: str = "F1 in percent", low: float = 0, high: float = 100) -> None:
    """Percent upwards, with lines across."""
    axes.set(ylabel=label, ylim=(low, high))
    axes.grid(axis="y")


def name_ticks(axes: Axes, look: Look, names: Sequence[str]) -> None:
    """Names under the places 0, 1, …, turned where they would touch."""
    size = look.style.small
    room = 0.88 * 72 * float(figure_of(axes).get_figwidth()) / len(names)
    turned = max(text_width(name, size) for name in names) > 0.95 * room
    shown = [cut(name, size, LONGEST_TICK * size) for name in names]
    axes.set_xticks(range(len(names)), shown)
    axes.tick_params(axis="x", length=0)
    if turned:
        for label in axes.get_xticklabels():
            label.set(rotation=40, ha="right", rotation_mode="anchor")


def text_width(text: str, size: float) -> float:
    """The width of a line of text in points; letters that the font lacks are drawn as wide boxes."""
    return size * sum(map(_advance, text))


@cache
def _advance(character: str) -> float:
    """How far a character moves on, in font sizes."""
    font = get_font(findfont(FontProperties(family=FONT)))
    if not font.get_char_index(ord(character)):
        return MISSING
    font.set_size(100, 72)
    advance: int = font.load_char(ord(character)).linearHoriAdvance
    return advance / 65536 / 100


def cut(text: str, size: float, width: float) -> str:
    """``text`` on one line, cut in its middle so that it is no wider than ``width`` points."""
    line = one_line(text)
    if text_width(line, size) <= width:
        return line
    reach = list(accumulate(map(_advance, line), initial=_advance(CUT)))
    for kept in range(len(line) - 1, 1, -1):
        head, tail = (kept + 1) // 2, len(line) - kept // 2
        if size * (reach[head] + reach[-1] - reach[tail]) <= width:
            return line[:head] + CUT + line[tail:]
    return CUT


def legend(
    figure: Figure, look: Look, handles: Sequence[Artist], names: Sequence[str], note: str = "", above: bool = False
) -> None:
    """A legend below (or above) all axes, in as many columns as fit; names too long for the width are cut.

    A ``note`` stands over the names.
    """
    if not handles:
        return
    size, width = look.style.small, 72 * float(figure.get_figwidth())
    shown = [cut(name, size, width - (HANDLE + 1) * size) for name in names]
    columns = next(n for n in range(len(shown), 0, -1) if n == 1 or _legend_width(shown, n, size) <= 0.97 * width)
    figure.legend(
        handles,
        shown,
        loc="outside upper center" if above else "outside lower center",
        ncols=columns,
        title=cut(note, size, 0.95 * width) or None,
        title_fontsize=size,
    )


def _legend_width(names: Sequence[str], columns: int, size: float) -> float:
    """The width in points of a legend; the first columns hold one name more where they do not divide evenly."""
    rows, longer = divmod(len(names), columns)
    starts = [column * rows + min(column, longer) for column in range(columns + 1)]
    return sum(
        max(text_width(name, size) for name in names[start:end]) + HANDLE * size for start, end in pairwise(starts)
    )
