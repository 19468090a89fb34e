"""A plot before it is drawn, what plots say in words, and drawing one. Importing this does not import matplotlib."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from string import ascii_lowercase
from typing import TYPE_CHECKING, Any, Literal

from gner_bench.report.figures.style import FONT, Style
from gner_bench.report.figures.svg import in_dark
from gner_bench.report.views.table import Row, row_note
from gner_bench.scoring.metrics import METRICS, Metric

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from gner_bench.report.figures.png import Canvas

FileFormat = Literal["png", "svg", "pdf"]
Files = dict[str, bytes]
"""The files of a figure by what follows its name, such as ``_dark.svg``."""
DOTS_PER_INCH = 200
NO_METADATA: dict[FileFormat, dict[str, Any]] = {
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}
"""Dates and versions would make two files of one plot differ."""
GLYPH = r"Glyph (\d+) .*missing from font"
"""What matplotlib says of a letter that it draws as a box."""


class NoData(Exception):  # noqa: N818
    """There is nothing to plot; the message says why."""


@dataclass(frozen=True)
class Plot:
    """``draw`` makes the figure; other processes get it by pickling.

    ``name`` is that of its files; a ``wide`` one needs the width of the page.
    """

    name: str
    caption: str
    draw: Callable[[Style], Figure]
    wide: bool = False


@dataclass(frozen=True)
class Point:
    """A point at (``x``, ``y``) of the axes' data, with an interval of ``y``; ``bold`` labels are placed first."""

    label: str
    x: float
    y: float
    bold: bool
    interval: tuple[float, float] | None = None


def render(plot: Plot, style: Style, formats: Iterable[FileFormat], boxes: set[str] | None = None) -> Files:
    """The files of a plot in ``formats``, PNG and SVG for light pages and dark ones. One plot gives the same bytes.

    Letters that the usual font lacks are taken from other installed fonts; those of none are drawn as boxes and added
    to ``boxes``.
    """
    import matplotlib.style

    from gner_bench.report.figures.drawing import fallback

    with matplotlib.style.context(["default", style.settings()]), warnings.catch_warnings():
        canvas, lacking = _drawn(plot, style)
        if lacking:
            families, boxed = fallback(lacking)
            if boxes is not None:
                boxes |= boxed
            if families:
                matplotlib.rcParams["font.family"] = [FONT, *families]
                canvas, _ = _drawn(plot, style)
        warnings.filterwarnings("ignore", message=GLYPH)  # was noted when it was laid out
        files: Files = {}
        dark: Files = {}
        for name in formats:
            if name == "png":
                canvas.figure.draw(canvas.pictures)
                files[".png"], dark["_dark.png"] = canvas.pictures.files()
            else:
                files[f".{name}"] = _saved(canvas.figure, name)
    if ".svg" in files:
        files["_dark.svg"] = in_dark(files[".svg"].decode()).encode()
    return files | dark


def _drawn(plot: Plot, style: Style) -> tuple[Canvas, set[str]]:
    """The figure of a plot on its canvas, laid out, and the letters that its fonts lack."""
    from gner_bench.report.figures.png import Canvas

    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        figure = plot.draw(style)
        figure.set_dpi(DOTS_PER_INCH)
        canvas = Canvas(figure)
        # The layout is computed once and is then the same in every format. With "none" for None, matplotlib would
        # draw each file twice, the first time for the layout.
        if layout := figure.get_layout_engine():
            layout.execute(figure)
        figure.set_layout_engine(None)
    lacking = set()
    for warning in said:
        if letter := re.match(GLYPH, str(warning.message)):
            lacking.add(chr(int(letter[1])))
        else:
            warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)
    return canvas, lacking


def _saved(figure: Figure, kind: FileFormat) -> bytes:
    """The SVG or PDF of a figure."""
    buffer = io.BytesIO()
    if kind == "pdf":
        from gner_bench.report.figures.pdf import small_fonts

        with small_fonts():
            figure.savefig(buffer, format=kind, dpi=DOTS_PER_INCH, metadata=NO_METADATA[kind])
    else:
        figure.savefig(buffer, format=kind, dpi=DOTS_PER_INCH, metadata=NO_METADATA[kind])
    return buffer.getvalue()


def scored_by(metric: Metric) -> str:
    """What captions call a metric, such as ``F1 (GNER metric)``."""
    return METRICS[metric].label or f"F1 ({metric} metric)"


def names_and_note(rows: Sequence[Row]) -> tuple[list[str], str]:
    """The names of rows for a legend, and what is to be known of measured ones.

    That is one line for each note, before which is the letter that the names of its rows have, unless all have it.
    """
    notes = {
        row.system: "; ".join(filter(None, [row_note(entry.note for entry in row.entries if entry), *row.notes]))
        for row in rows
        if not row.quoted
    }
    shared = len(set(notes.values())) == 1
    different = dict.fromkeys(filter(None, notes.values()))
    marks = {note: f"[{ascii_lowercase[at % 26] * (1 + at // 26)}]" for at, note in enumerate(different)}
    names = []
    for row, name in zip(rows, short_names(rows), strict=True):
        mark = "" if shared or row.quoted else marks.get(notes[row.system], "")
        names.append(f"{name} (quoted)" if row.quoted else " ".join(filter(None, (name, mark))))
    return names, "\n".join(f"measured: {note}" if shared else f"{mark} {note}" for note, mark in marks.items())


def short_names(rows: Sequence[Row]) -> list[str]:
    """The names of rows, those of quoted ones without the remark in brackets after them where they differ without."""
    short = [row.system.partition(" (")[0] if row.quoted else row.system for row in rows]
    return [name if short.count(name) == 1 else row.system for row, name in zip(rows, short, strict=True)]


def quoted_caption(rows: Iterable[Row]) -> str:
    """What a caption says of quoted rows, empty without any."""
    sources = dict.fromkeys(row.origin for row in rows)
    return f" Hollow marks are quoted from publications: {'; '.join(sources)}." if sources else ""


def left_out_caption(systems: int) -> str:
    """What a caption says of systems that the plot has no room for, empty without any."""
    return f" {systems} systems are left out." if systems else ""


def reach(value: float, interval: tuple[float, float] | None) -> tuple[float, float]:
    """How far an interval reaches below and above a value, which an interval by resampling need not contain."""
    low, high = interval or (value, value)
    return max(0.0, value - low), max(0.0, high - value)
