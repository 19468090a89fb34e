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
from PIL import Image

from gner_bench.report.figures.svg import DARK_OF

COLOURS: dict[str, tuple[int, Collection[int]]] = {
    "draw_path": (0, (3,)),
    "draw_markers": (0, (5,)),
    "draw_path_collection": (0, (6, 7)),
    "draw_quad_mesh": (0, (7, 9)),
    "draw_image": (0, ()),
    "draw_text_image": (4, ()),
}
"""What a picture draws: which of the arguments is the graphics context, and which are colours."""
NAMED = ("rgbFace", "facecolors", "edgecolors", "hatchcolors")
COMPRESSION = 3
"""Of zlib. The usual 6 takes 1.6 times as long for files that are 7% smaller."""


class Pictures(RendererAgg):  # type: ignore[misc, unused-ignore]
    """Draws everything in a light picture and, in the colours of dark pages, in a dark one.

    What takes time is to find out what is drawn where, not to draw it.
    """

    def __init__(self, width: float, height: float, dpi: float) -> None:
        super().__init__(width, height, dpi)  # type: ignore[no-untyped-call]
        self._light = self._renderer
        self._dark = RendererAgg(width, height, dpi)._renderer  # type: ignore[no-untyped-call]
        self._renderer = _Both(self._light, self._dark)
        self._update_methods()  # type: ignore[no-untyped-call]

    def files(self) -> tuple[bytes, bytes]:
        """The light PNG and the dark one, without the opacity of their points: figures have a background."""
        light, dark = io.BytesIO(), io.BytesIO()
        for file, picture in ((light, self._light), (dark, self._dark)):
            image = Image.fromarray(np.asarray(picture)[..., :3])
            image.save(file, format="png", dpi=(self.dpi, self.dpi), compress_level=COMPRESSION)
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


class _Both:
    """Two pictures as one."""

    def __init__(self, light: Any, dark: Any) -> None:
        self._light = light
        for name, (context, colours) in COLOURS.items():
            setattr(self, name, _in_both(getattr(light, name), getattr(dark, name), context, colours))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._light, name)


def _in_both(
    light: Callable[..., None], dark: Callable[..., None], context: int, colours: Collection[int]
) -> Callable[..., None]:
    def draw(*arguments: Any, **named: Any) -> None:
        light(*arguments, **named)
        gc: GraphicsContextBase = arguments[context]
        usual, hatch = gc.get_rgb(), gc.get_hatch_color()
        gc.set_foreground(_dark(usual), isRGBA=True)
        if gc.get_hatch():
            gc.set_hatch_color(_dark(hatch))
        dark(
            *(_dark(value) if place in colours else value for place, value in enumerate(arguments)),
            **{key: _dark(value) if key in NAMED else value for key, value in named.items()},
        )
        gc.set_foreground(usual, isRGBA=True)
        if gc.get_hatch():
            gc.set_hatch_color(hatch)

    return draw


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
