"""A figure before it is drawn, and drawing it into files' bytes. Importing this module does not import matplotlib."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from gner_bench.report.figures.look import Look

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Kind = Literal["png", "svg", "pdf"]
DOTS_PER_INCH = 200
NO_METADATA: dict[Kind, dict[str, Any]] = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}


class NoData(Exception):  # noqa: N818
    """There is nothing to draw; the message says why."""


@dataclass(frozen=True)
class Drawing:
    """``draw`` makes the figure in a look. ``name`` is that of its files; ``wide`` ones need the page's width."""

    name: str
    caption: str
    draw: Callable[[Look], Figure]
    wide: bool = False


def render(drawing: Drawing, look: Look, kinds: Iterable[Kind]) -> dict[Kind, bytes]:
    """The files of a drawing in one look, by kind. The same drawing gives the same bytes."""
    from matplotlib import style

    with style.context(["default", look.settings()]), warnings.catch_warnings():
        # Characters that the font lacks are drawn as boxes, which shows well enough that they are there.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure = drawing.draw(look)
        figure.set_dpi(DOTS_PER_INCH)
        # Places are found once and then hold for every format.
        figure.draw_without_rendering()
        figure.set_layout_engine("none")
        return {kind: _bytes(figure, kind) for kind in kinds}


def _bytes(figure: Figure, kind: Kind) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format=kind, dpi=DOTS_PER_INCH, metadata=NO_METADATA[kind])
    return buffer.getvalue()
