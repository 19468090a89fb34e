"""What the page shows, as values: systems and figures."""

from __future__ import annotations

from dataclasses import dataclass

from gner_bench.records import Json
from gner_bench.scoring.predictions import Predictions


@dataclass(frozen=True)
class PageSystem:
    """One measured system: the ``document`` of its scores.json (version 2) and ``warnings`` about its scores.

    ``predictions``, where given, are those that were scored; its sentences can then be looked at. ``name`` stands for
    the document's.
    """

    document: Json
    predictions: Predictions | None = None
    warnings: tuple[str, ...] = ()
    name: str = ""

    @property
    def title(self) -> str:
        """The name in tables."""
        return self.name or str(self.document["system"]["name"])


@dataclass(frozen=True)
class PageFigure:
    """A plot: SVG documents for light and, where there is one, for ``dark`` pages.

    ``alt`` tells what it shows to those who cannot see it; without it the caption does.
    """

    svg: str
    caption: str
    dark: str = ""
    alt: str = ""
