"""What the page shows, as values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gner_bench.documents.scores import ScoresDocument
from gner_bench.report.grid import Grid
from gner_bench.scoring.predictions import Predictions


@dataclass(frozen=True)
class PageSystem:
    """One measured system: the ``document`` of its scores.json and ``warnings`` about its scores.

    ``predictions``, where given, are those that were scored; its sentences can then be looked at. ``name``, where
    given, replaces that of the document.
    """

    document: ScoresDocument
    predictions: Predictions | None = None
    warnings: tuple[str, ...] = ()
    name: str = ""

    @property
    def title(self) -> str:
        """The name in tables."""
        return self.name or self.document.system.name


@dataclass(frozen=True)
class PageFigure:
    """A plot: SVG documents for light and, where there is one, for ``dark`` pages.

    ``alt`` says what it shows to those who cannot see it; without it the caption does.
    """

    svg: str
    caption: str
    dark: str = ""
    alt: str = ""


@dataclass(frozen=True)
class Content:
    """The whole page.

    ``tables`` are comparisons of systems, quoted rows among them, and others; ``types`` those of entity types by
    heading, such as the name of a metric. ``warnings`` are shown beside those of the systems.
    """

    systems: Sequence[PageSystem]
    title: str
    figures: Sequence[PageFigure]
    tables: Sequence[Grid]
    types: Mapping[str, Sequence[Grid]]
    warnings: Sequence[str]
