"""Fonts for the letters that the font of figures lacks, among those that are installed."""

from __future__ import annotations

from collections.abc import Set
from functools import cache
from pathlib import Path

from matplotlib.font_manager import fontManager, get_font

from gner_bench.report.figures.style import FONT

BOXES = "Last Resort"
"""A font that comes with matplotlib and has a box for every letter."""


def fallback(letters: Set[str]) -> tuple[tuple[str, ...], frozenset[str]]:
    """The families that have ``letters``, as few as will do, and the letters that no installed font has."""
    left, families = frozenset(letters), []
    while left:
        # Sans serif first, as the other text is, and by name: the same machine draws the same figure.
        reach = {family: len(left & covered) for family, covered in _families().items()}
        best = max(reach, key=lambda family: (reach[family], "Sans" in family, family), default="")
        if not reach.get(best):
            break
        families.append(best)
        left -= _families()[best]
    return tuple(families), left


def _families() -> dict[str, frozenset[str]]:
    """The letters of every family in its upright, regular cut."""
    upright = sorted((entry.name, entry.fname) for entry in fontManager.ttflist if entry.style == "normal")
    fonts = {name: path for name, path in upright if name != FONT and not name.startswith(BOXES)}
    return {name: _letters(path) for name, path in fonts.items()}


@cache
def _letters(path: str) -> frozenset[str]:
    try:
        return frozenset(map(chr, get_font(Path(path)).get_charmap()))
    except (OSError, RuntimeError):  # a damaged or removed file
        return frozenset()
