"""Light and dark PNG of one figure, drawn in one go. Importing this imports matplotlib."""

from __future__ import annotations

import io
from collections.abc import Callable, Collection
from functools import cache, cached_property
from typing import Any

import numpy as np
from matplotlib.backend_bases import GraphicsContextBase
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.colors import to_hex, to_rgb
from matplotlib.image import imsave

from gner_bench.report.figures.svg import DARK_OF

COLOURS: dict[str, tuple[int, ...]] = {
    "draw_path": (2,),
    "draw_markers": (4,),
    "draw_path_collection": (5, 6),
    "draw_quad_mesh": (6, 8),
    "draw_image": (),
    "draw_text": (),
}
"""What a renderer draws, and which of the arguments after the graphics context are colours."""
NAMED = ("rgbFace", "facecolors", "edgecolors", "hatchcolors")


class Pictures(RendererAgg):  # type: ignore[misc, unused-ignore]
    """Draws everything in its own picture and, in the colours of dark pages, in that of ``dark``.

    What takes time is to find out what is drawn where, not to draw it.
    """

    def __init__(self, width: float, height: float, dpi: float) -> None:
        super().__init__(width, height, dpi)  # type: ignore[no-untyped-call]
        self.dark = RendererAgg(width, height, dpi)  # type: ignore[no-untyped-call]
        for name, places in COLOURS.items():
            setattr(self, name, _in_both(getattr(self, name), getattr(self.dark, name), places))

    def files(self, metadata: dict[str, Any]) -> tuple[bytes, bytes]:
        """The light PNG and the dark one."""
        light, dark = io.BytesIO(), io.BytesIO()
        for file, picture in ((light, self), (dark, self.dark)):
            imsave(file, picture.buffer_rgba(), format="png", origin="upper", dpi=self.dpi, metadata=metadata)  # type: ignore[no-untyped-call]
        return light.getvalue(), dark.getvalue()


class Canvas(FigureCanvasAgg):
    """That of a figure whose size and dots per inch change no more.

    Layout and drawing have one renderer, so that each text is measured once.
    """

    @cached_property
    def pictures(self) -> Pictures:
        return Pictures(*self.get_width_height(physical=True), self.figure.dpi)

    def get_renderer(self) -> Pictures:
        return self.pictures


def _in_both(light: Callable[..., None], dark: Callable[..., None], places: Collection[int]) -> Callable[..., None]:
    def draw(gc: GraphicsContextBase, *arguments: Any, **named: Any) -> None:
        light(gc, *arguments, **named)
        others = (_dark(value) if place in places else value for place, value in enumerate(arguments))
        dark(
            _dark_context(gc), *others, **{key: _dark(value) if key in NAMED else value for key, value in named.items()}
        )

    return draw


def _dark_context(gc: GraphicsContextBase) -> GraphicsContextBase:
    context = GraphicsContextBase()
    context.copy_properties(gc)
    context.set_foreground(_dark(gc.get_rgb()), isRGBA=True)
    if gc.get_hatch():
        context.set_hatch_color(_dark(gc.get_hatch_color()))
    return context


def _dark(colours: Any) -> Any:
    """A colour, or colours in the rows of an array, on dark pages; None stays."""
    if colours is None:
        return None
    if np.ndim(colours) == 1:
        return _dark_colour(tuple(colours))
    rows = [_dark_colour(tuple(row)) for row in np.reshape(colours, (-1, np.shape(colours)[-1]))]
    return np.reshape(rows, np.shape(colours))


@cache
def _dark_colour(colour: tuple[float, ...]) -> tuple[float, ...]:
    """Red, green, blue and, as it was, how much they cover."""
    red, green, blue = colour[:3]
    dark = DARK_OF.get(to_hex((red, green, blue)))
    return (*to_rgb(dark), *colour[3:]) if dark else colour
