"""What PDF needs of fonts. Importing this imports matplotlib's PDF and fontTools."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import matplotlib.backends.backend_pdf  # noqa: F401  before processes are forked, which then have it
from fontTools.subset import Options

NOT_READ = ("GDEF", "GPOS", "GSUB", "kern")
"""Tables by which letters are placed; in PDF each letter has its place."""


@contextmanager
def small_fonts() -> Iterator[None]:
    """Fonts that are put into PDF are without the tables that it does not read.

    Most of the time of a PDF would go into cutting them to the letters that are used. Matplotlib has no setting for it,
    so this is one of fontTools; without it PDFs would be right, too.
    """
    usual = Options._drop_tables_default
    Options._drop_tables_default = [*usual, *NOT_READ]
    try:
        yield
    finally:
        Options._drop_tables_default = usual
