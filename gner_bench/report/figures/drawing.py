"""What several figures draw: axes, legends that fit, names cut to a width, and fonts for the letters that theirs lacks.

Importing this imports matplotlib.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from functools import cache
from itertools import count, pairwise, takewhile
from pathlib import Path

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, fontManager, get_font
from matplotlib.patches import PathPatch
from matplotlib.path import Path as Outline

from gner_bench.messages import one_line
from gner_bench.report.figures.style import FONT, Style

LONGEST_TICK = 12
"""How many font sizes a name under an axis may be wide."""
ELLIPSIS = "…"
WORD = 4
"""As many characters on both sides of what two names differ in are kept, so that its word can be read."""
MISSING = 1.3
"""The width of the box for a letter that the font lacks, in font sizes."""
HANDLE = 4.0
"""Width of a legend's handle and its gaps, in font sizes."""
LINE = 1.55
"""Height of a legend's line and the gap after it, in font sizes."""
LEGEND_SHARE = 0.35
BOXES = "Last Resort"
"""A font that comes with matplotlib and has a box for every letter."""


def canvas(style: Style, wide: bool, height: float) -> Figure:
    """An empty figure, as wide as a column or, ``wide``, as the page's text, and of a ``height`` in inches in papers.

    Its axes get their places when it is drawn.
    """
    width = style.sizes.text if wide else style.sizes.column
    return Figure(figsize=(width, style.sizes.height or height), layout="constrained")


def percent_axis(axes: Axes, label: str = "F1 in percent", low: float = 0, high: float = 100) -> None:
    """Percent upwards, with lines across."""
    axes.set(ylabel=label, ylim=(low, high))
    axes.grid(axis="y")


def bars(axes: Axes, style: Style, index: int, boxes: Iterable[tuple[float, float, float, float]]) -> PathPatch:
    """The bars of a series (left, bottom, width, height) as one outline: its hatch takes most of the time to draw."""
    corners = [
        ((x, y), (x + width, y), (x + width, y + height), (x, y + height), (x, y)) for x, y, width, height in boxes
    ]
    drawn = PathPatch(
        Outline.make_compound_path(*(Outline(points, closed=True) for points in corners)), **style.bar(index)
    )
    drawn.sticky_edges.x[:] = [x for (x, _), *_ in corners]
    axes.add_patch(drawn)
    axes.autoscale_view()
    return drawn


def name_ticks(axes: Axes, style: Style, names: Sequence[str]) -> None:
    """Names under the places 0, 1, …, turned where they would touch."""
    room = 0.88 * 72 * float(figure_of(axes).get_figwidth()) / len(names)
    turned = max(text_width(name, style.small) for name in names) > 0.95 * room
    axes.set_xticks(range(len(names)), labels(names, style.small, LONGEST_TICK * style.small))
    axes.tick_params(axis="x", length=0)
    if turned:
        for label in axes.get_xticklabels():
            label.set(rotation=40, ha="right", rotation_mode="anchor")


def name_rows(axes: Axes, style: Style, names: Sequence[str], width: float) -> None:
    """Names cut to a ``width`` in points beside the places 0, 1, …, and lines for the values across."""
    axes.set_yticks(range(len(names)), labels(names, style.small, width))
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x")


def figure_of(axes: Axes) -> Figure:
    figure = axes.get_figure(root=True)
    assert figure is not None
    return figure


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
    return labels([text], size, width)[0]


def labels(names: Sequence[str], size: float, width: float) -> list[str]:
    """Each of ``names`` on one line, cut so that it is no wider than ``width`` points; other names get other labels.

    A name is cut in its middle. Names that would then read alike keep what they differ in and are cut around it; those
    that still do, such as a long row of one letter and a longer one, are numbered. Labels are other ones for other
    names as long as the width has room for a number.
    """
    lines = {name: one_line(name) for name in names}
    shown = {name: _kept(line, size, width) for name, line in lines.items()}
    if len(set(shown.values())) < len(set(lines.values())):
        _tell_apart(lines, shown, [name for name, line in lines.items() if shown[name] != line], size, width)
    taken = {label for label, times in Counter(shown.values()).items() if times == 1}
    for name, label in shown.items():
        if label not in taken:
            numbers = (f" ({number})" for number in count(1))
            new = (_kept(lines[name], size, width - text_width(end, size)) + end for end in numbers)
            shown[name] = next(label for label in new if label not in taken)
            taken.add(shown[name])
    return [shown[name] for name in names]


def _tell_apart(
    lines: Mapping[str, str], shown: dict[str, str], names: Sequence[str], size: float, width: float
) -> None:
    """Cut ``names`` around what they differ in, and those that then read alike again."""
    texts = [lines[name] for name in names]
    if len(set(texts)) < 2:
        return
    start = _shared(texts)
    end = _shared([text[start:][::-1] for text in texts])
    alike: dict[str, list[str]] = {}
    for name in names:
        shown[name] = _kept(lines[name], size, width, (start, len(lines[name]) - end))
        alike.setdefault(shown[name], []).append(name)
    if len(alike) > 1:
        for group in alike.values():
            _tell_apart(lines, shown, group, size, width)


def _shared(texts: Sequence[str]) -> int:
    """How many characters all of ``texts`` begin with."""
    return sum(1 for _ in takewhile(lambda letters: len(set(letters)) == 1, zip(*texts, strict=False)))


def _kept(line: str, size: float, width: float, middle: tuple[int, int] | None = None) -> str:
    """A line cut to a ``width``: its ``middle`` (from, to) is kept first, then a little around it, then the ends."""
    if text_width(line, size) <= width:
        return line
    start, end = middle or (0, 0)
    order = [*_from_both_ends(range(start, end))]
    for reach in range(1, WORD + 1) if middle else ():
        order += [place for place in (end + reach - 1, start - reach) if 0 <= place < len(line)]
    kept: set[int] = set()
    label = ELLIPSIS
    for place in dict.fromkeys([*order, *_from_both_ends(range(len(line)))]):
        kept.add(place)
        longer = "".join(
            line[at] if at in kept else ELLIPSIS for at in range(len(line)) if at in kept or at == 0 or at - 1 in kept
        )
        if text_width(longer, size) > width:
            break
        label = longer
    return label


def _from_both_ends(places: Sequence[int]) -> Iterator[int]:
    """The first, the last, the second, the last but one, …"""
    for at in range((len(places) + 1) // 2):
        yield places[at]
        if (other := len(places) - 1 - at) != at:
            yield places[other]


def legend(
    figure: Figure, style: Style, handles: Sequence[Artist], names: Sequence[str], note: str = "", above: bool = False
) -> None:
    """A legend below (or above) all axes, in as many columns as fit; names too long for the width are cut (``labels``).

    The lines of a ``note`` are written over the names. A legend that would take more than ``LEGEND_SHARE`` of the
    height makes the figure higher, so that the axes keep theirs.
    """
    if not handles:
        return
    size, width = style.small, 72 * float(figure.get_figwidth())
    shown = labels(names, size, width - (HANDLE + 1) * size)

    def width_of(columns: int) -> float:
        # Matplotlib gives the first columns one name more where the names do not divide evenly.
        rows, longer = divmod(len(shown), columns)
        starts = [column * rows + min(column, longer) for column in range(columns + 1)]
        parts = [shown[start:end] for start, end in pairwise(starts)]
        return sum(max(text_width(name, size) for name in part) + HANDLE * size for part in parts)

    columns = next(n for n in range(len(shown), 0, -1) if n == 1 or width_of(n) <= 0.97 * width)
    said = [line for part in note.splitlines() for line in _wrapped(part, size, 0.95 * width)]
    height, lines = float(figure.get_figheight()), -(-len(shown) // columns) + len(said)
    figure.set_figheight(height + max(0.0, lines * LINE * size / 72 - LEGEND_SHARE * height))
    figure.legend(
        handles,
        shown,
        loc="outside upper center" if above else "outside lower center",
        ncols=columns,
        title="\n".join(said) or None,
        title_fontsize=size,
    )


def _wrapped(text: str, size: float, width: float) -> list[str]:
    """The text on lines that are no wider than ``width`` points; a longer word is cut."""
    lines = [""]
    for word in one_line(text).split():
        longer = f"{lines[-1]} {word}".strip()
        if text_width(longer, size) <= width:
            lines[-1] = longer
        else:
            lines.append(cut(word, size, width))
    return lines[1:] if lines[0] == "" else lines


def fallback(letters: Set[str]) -> tuple[tuple[str, ...], frozenset[str]]:
    """The families that have ``letters``, as few as will do, and the letters that no installed font has."""
    left, families = frozenset(letters), []
    upright = sorted((entry.name, entry.fname) for entry in fontManager.ttflist if entry.style == "normal")
    fonts = {name: path for name, path in upright if name != FONT and not name.startswith(BOXES)}
    while left:
        # Sans serif first, as the other text is, and by name: the same machine draws the same figure.
        reach = {family: len(left & _letters(path)) for family, path in fonts.items()}
        best = max(reach, key=lambda family: (reach[family], "Sans" in family, family), default="")
        if not reach.get(best):
            break
        families.append(best)
        left -= _letters(fonts[best])
    return tuple(families), left


@cache
def _letters(path: str) -> frozenset[str]:
    try:
        return frozenset(map(chr, get_font(Path(path)).get_charmap()))
    except (OSError, RuntimeError):  # a damaged or removed file
        return frozenset()
