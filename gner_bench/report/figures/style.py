"""Styles of figures: sizes for papers and slides, light and dark colours, marks that need no colour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

StyleName = Literal["acl", "neurips", "slides"]
FONT = "DejaVu Sans"
"""It comes with matplotlib."""
SERIES = 7
"""Colours, hatches, markers and lines before they repeat."""


@dataclass(frozen=True)
class Sizes:
    """Sizes at which a figure is printed: widths in inches, fonts in points.

    ``column`` and ``text`` are the widths of a column and of the page's text; ``height`` is fixed where not None.
    """

    column: float
    text: float
    font: float
    small: float
    height: float | None = None


SIZES: dict[StyleName, Sizes] = {
    "acl": Sizes(3.03, 6.3, 8.0, 7.0),
    "neurips": Sizes(5.5, 5.5, 8.0, 7.0),
    "slides": Sizes(10.0, 10.0, 17.0, 14.0, 5.6),
}


@dataclass(frozen=True)
class Theme:
    """Colours on a background; ``palette`` is told apart with every common colour blindness.

    ``heat`` is that of full cells, through which the background shows where they are less full. One colour of a theme
    has one counterpart in the other, whatever it is used for (``svg.DARK_OF``).
    """

    name: Literal["light", "dark"]
    background: str
    text: str
    faint: str
    grid: str
    palette: tuple[str, ...]
    heat: str


# Okabe and Ito's palette; its yellow is too pale on white, its black and blue too dark on black.
LIGHT = Theme(
    "light",
    "#ffffff",
    "#1a1a1a",
    "#6b6b6b",
    "#e3e3e3",
    ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000"),
    "#0072B2",
)
DARK = Theme(
    "dark",
    "#15181d",
    "#e8e8e8",
    "#a0a4aa",
    "#33383f",
    ("#56B4E9", "#E69F00", "#009E73", "#CC79A7", "#F0E442", "#D55E00", "#ffffff"),
    "#56B4E9",
)
# Lines alone: a page of dots is a quarter of a megabyte of SVG.
HATCHES = ("", "////", "----", "\\\\\\\\", "xxxx", "||||", "++++")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
LINES: tuple[Any, ...] = (
    "-",
    (0, (4, 1.5)),
    (0, (1, 1)),
    (0, (4, 1, 1, 1)),
    (0, (7, 2)),
    (0, (2, 2)),
    (0, (6, 1, 1, 1, 1, 1)),
)


@dataclass(frozen=True)
class Style:
    """Sizes in the colours of a theme. The ``index`` of a series is its place among those of its kind in a figure."""

    sizes: Sizes
    theme: Theme

    @property
    def scale(self) -> float:
        """Widths of lines and marks as a multiple of those in a paper."""
        return self.sizes.font / 8

    @property
    def small(self) -> float:
        """The font size in points of ticks, legends and labels."""
        return self.sizes.small

    def colour(self, index: int) -> str:
        return self.theme.palette[index % SERIES]

    # Past the last colour, colours come back with other hatches, markers and lines.

    def marker(self, index: int) -> str:
        return MARKERS[(index + index // SERIES) % SERIES]

    def line_and_marker(self, index: int) -> dict[str, Any]:
        """The arguments of ``Axes.plot`` for a series."""
        line = LINES[(index + index // SERIES) % SERIES]
        return {"color": self.colour(index), "linestyle": line, "marker": self.marker(index)}

    def bar(self, index: int) -> dict[str, Any]:
        """The arguments of ``Axes.bar`` for a measured series."""
        return {
            "facecolor": self.colour(index),
            "edgecolor": self.theme.background,
            "hatch": HATCHES[(index + index // SERIES) % SERIES],
            "linewidth": 0.4 * self.scale,
        }

    def settings(self) -> dict[str, Any]:
        """The rcParams of matplotlib."""
        text = ("text.color", "axes.labelcolor", "axes.titlecolor", "xtick.labelcolor", "ytick.labelcolor")
        faint = ("axes.edgecolor", "xtick.color", "ytick.color")
        background = ("figure.facecolor", "savefig.facecolor", "axes.facecolor", "hatch.color")
        return {
            **dict.fromkeys(text, self.theme.text),
            **dict.fromkeys(faint, self.theme.faint),
            **dict.fromkeys(background, self.theme.background),
            "font.family": FONT,
            **dict.fromkeys(("font.size", "axes.titlesize", "axes.labelsize"), self.sizes.font),
            **dict.fromkeys(("xtick.labelsize", "ytick.labelsize", "legend.fontsize"), self.small),
            **dict.fromkeys(("axes.linewidth", "xtick.major.width", "ytick.major.width"), 0.6 * self.scale),
            **dict.fromkeys(("xtick.major.size", "ytick.major.size"), 2.5 * self.scale),
            **dict.fromkeys(("xtick.minor.size", "ytick.minor.size"), 0.0),
            "lines.linewidth": 1.2 * self.scale,
            "lines.markersize": 4.0 * self.scale,
            "hatch.linewidth": 0.5 * self.scale,
            "grid.color": self.theme.grid,
            "grid.linewidth": 0.5 * self.scale,
            "axes.grid": False,
            "axes.axisbelow": True,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "legend.frameon": False,
            "legend.handlelength": 1.6,
            "legend.columnspacing": 1.2,
            "legend.handletextpad": 0.5,
            # Names of systems and types are text, also those with two dollar signs.
            "text.parse_math": False,
            "figure.constrained_layout.h_pad": 0.03,
            "figure.constrained_layout.w_pad": 0.03,
            # TrueType in PDF, which ACL's checks ask for, and outlines in SVG, which then need no font.
            "pdf.fonttype": 42,
            "svg.fonttype": "path",
            # Identifiers in SVG are random without a salt.
            "svg.hashsalt": "gner-bench",
        }
