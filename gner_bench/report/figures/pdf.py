"""What PDF needs of fonts. Importing this imports matplotlib's PDF and fontTools."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib.backends.backend_pdf  # noqa: F401  before processes are forked, which then have it
from fontTools import subset

NOT_READ = ("GDEF", "GPOS", "GSUB", "MATH", "kern")
"""Tables by which letters are placed; in PDF each letter has its place."""
NAMES = ("cmap", "post", "name", "OS/2")
"""Tables by which the glyphs of a TrueType font are found and named; in PDF each has its number."""


@contextmanager
def small_fonts() -> Iterator[None]:
    """Fonts go into PDF without the tables that are ``NOT_READ`` there and, of TrueType, without ``NAMES``.

    Without this PDFs would be right, too, but most of their time would go into cutting these to the letters that are
    used. Matplotlib has no setting for it.
    """
    usual = subset.load_font

    def load_font(*arguments: Any, **settings: Any) -> Any:
        font = usual(*arguments, **settings)
        truetype = "glyf" in font
        if truetype:  # names are of fontTools alone, so that numbers do
            font.setGlyphOrder([f"glyph{number:05d}" for number in range(font["maxp"].numGlyphs)])
        for table in (*NOT_READ, *(NAMES if truetype else ())):
            if table in font:
                del font[table]
        return font

    subset.load_font = load_font
    try:
        yield
    finally:
        subset.load_font = usual
