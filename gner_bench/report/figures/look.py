"""How figures look: sizes for papers and slides, light and dark colours, marks that need no colour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

StyleName = Literal["acl", "neurips", "slides"]
FONT = "DejaVu Sans"
"""It comes with matplotlib."""
SERIES = 7
"""Colours, hatches, markers and lines before they repeat."""


@dataclass(frozen=True)
class Style:
    """Sizes at which a figure is printed: widths in inches, fonts in points.

    ``column`` and ``text`` are the widths of a column and of the page's text; ``height`` is fixed where not None.
    """

    column: float
    text: float
    font: float
    small: float
    height: float | None = None


STYLES: dict[StyleName, Style] = {
    "acl": Style(3.03, 6.3, 8.0, 7.0),
    "neurips": Style(5.5, 5.5, 8.0, 7.0),
    "slides": Style(10.0, 10.0, 17.0, 14.0, 5.6),
}


@dataclass(frozen=True)
class Theme:
    """Colours on a background; ``palette`` is told apart with every common colour blindness."""

    name: Literal["light", "dark"]
    background: str
    text: str
    faint: str
    grid: str
    palette: tuple[str, ...]
    heat: tuple[str, str]


# Okabe and Ito's palette; its yellow is too pale on white, its black and blue too dark on black.
LIGHT = Theme(
    "light",
    "#ffffff",
    "#1a1a1a",
    "#6b6b6b",
    "#e3e3e3",
    ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000"),
    ("#ffffff", "#0072B2"),
)
DARK = Theme(
    "dark",
    "#15181d",
    "#e8e8e8",
    "#a0a4aa",
    "#33383f",
    ("#56B4E9", "#E69F00", "#009E73", "#CC79A7", "#F0E442", "#D55E00", "#ffffff"),
    ("#15181d", "#56B4E9"),
)
HATCHES = ("", "////", "....", "\\\\\\\\", "xxxx", "----", "++++")
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
class Look:
    """A style in the colours of a theme."""

    style: Style
    theme: Theme

    @property
    def scale(self) -> float:
        """Lengths of lines and marks, in those of a paper."""
        return self.style.font / 8

    def size(self, wide: bool, height: float) -> tuple[float, float]:
        """Width and height in inches of a figure that a paper shows with ``height``, over the page if ``wide``."""
        return (self.style.text if wide else self.style.column, self.style.height or height)

    def colour(self, index: int) -> str:
        """The colour of a series."""
        return self.theme.palette[index % SERIES]

    def hatch(self, index: int) -> str:
        """The hatch of a series; past the last colour, colours come back with other hatches."""
        return HATCHES[(index + index // SERIES) % SERIES]

    def marker(self, index: int) -> str:
        """The marker of a series."""
        return MARKERS[(index + index // SERIES) % SERIES]

    def line(self, index: int) -> Any:
        """The line style of a series."""
        return LINES[(index + index // SERIES) % SERIES]

    def bar(self, index: int) -> dict[str, Any]:
        """How bars of a measured series are filled."""
        return {
            "facecolor": self.colour(index),
            "edgecolor": self.theme.background,
            "hatch": self.hatch(index),
            "linewidth": 0.4 * self.scale,
        }

    def settings(self) -> dict[str, Any]:
        """Matplotlib's settings for this look. Names are never read as formulas."""
        theme, style = self.theme, self.style
        inked = ("text.color", "axes.labelcolor", "axes.titlecolor", "xtick.labelcolor", "ytick.labelcolor")
        lines = ("axes.edgecolor", "xtick.color", "ytick.color")
        grounds = ("figure.facecolor", "savefig.facecolor", "axes.facecolor", "hatch.color")
        return {
            **dict.fromkeys(inked, theme.text),
            **dict.fromkeys(lines, theme.faint),
            **dict.fromkeys(grounds, theme.background),
            "font.family": FONT,
            "font.size": style.font,
            "axes.titlesize": style.font,
            "axes.labelsize": style.font,
            **dict.fromkeys(("xtick.labelsize", "ytick.labelsize", "legend.fontsize"), style.small),
            "axes.linewidth": 0.6 * self.scale,
            **dict.fromkeys(("xtick.major.width", "ytick.major.width"), 0.6 * self.scale),
            **dict.fromkeys(("xtick.major.size", "ytick.major.size"), 2.5 * self.scale),
            **dict.fromkeys(("xtick.minor.size", "ytick.minor.size"), 0.0),
            "lines.linewidth": 1.2 * self.scale,
            "lines.markersize": 4.0 * self.scale,
            "hatch.linewidth": 0.5 * self.scale,
            "grid.color": theme.grid,
            "grid.linewidth": 0.5 * self.scale,
            "axes.grid": False,
            "axes.axisbelow": True,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "legend.frameon": False,
            "legend.handlelength": 1.6,
            "legend.columnspacing": 1.2,
            "legend.handletextpad": 0.5,
            "text.parse_math": False,
            "figure.constrained_layout.h_pad": 0.03,
            "figure.constrained_layout.w_pad": 0.03,
            "pdf.fonttype": 42,
            "svg.fonttype": "path",
            "svg.hashsalt": "gner-bench",
        }
