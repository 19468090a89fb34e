"""What PDF needs of fonts. Importing this imports matplotlib's PDF and fontTools."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib.backends.backend_pdf  # noqa: F401  before processes are forked, which then have it
from fontTools import subset

NOT_READ = ("GDEF", "GPOS", "GSUB", "MATH", "kern")
"""Tables by which letters are placed; in PDF each letter has its place."""


@contextmanager
def small_fonts() -> Iterator[None]:
    """Fonts go into PDF without the tables that are ``NOT_READ`` there.

    Without this PDFs would be right, too, but most of their time would go into cutting these to the letters that are
    used. Matplotlib has no setting for it.
    """
    usual = subset.load_font

    def load_font(*arguments: Any, **settings: Any) -> Any:
        font = usual(*arguments, **settings)
        for table in NOT_READ:
            if table in font:
                del font[table]
        return font

    subset.load_font = load_font
    try:
        yield
    finally:
        subset.load_font = usual
