"""What the page shows, as values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from gner_bench.documents.scores import ScoresDocument
from gner_bench.report.grid import Grid
from gner_bench.report.views.verdict import Statement
from gner_bench.scoring.predictions import Predictions


@dataclass(frozen=True)
class PageSystem:
    """One measured system: the ``document`` of its scores.json and ``warnings`` about its scores.

    ``predictions``, where given, are those that were scored; its sentences can then be looked at. Without them
    ``missing`` says why and what to do. ``name``, where given, replaces that of the document.
    """

    document: ScoresDocument
    predictions: Predictions | None = None
    warnings: tuple[str, ...] = ()
    name: str = ""
    missing: str = "its predictions were not given"

    @property
    def title(self) -> str:
        """The name in tables."""
        return self.name or self.document.system.name


@dataclass(frozen=True)
class PageFigure:
    """A plot of a ``name`` of its own: the SVG document that matplotlib makes with our light theme."""

    name: str
    svg: str
    caption: str


@dataclass(frozen=True)
class Content:
    """The whole page.

    ``verdict`` are findings in words and ``changes`` tables of the differences that they rest on, which come first.
    ``tables`` are comparisons of systems, quoted rows among them, and others; the first ones are shown, the others
    unfold. ``types`` are those of entity types by heading, such as the name of a metric. ``warnings`` are shown beside
    those of the systems. ``figures`` are taken last, so that they can be drawn while the rest is made; ``left_out``
    says which are not there, and why.
    """

    systems: Sequence[PageSystem]
    title: str = "GNER-Bench report"
    figures: Iterable[PageFigure] = ()
    tables: Sequence[Grid] = ()
    types: Mapping[str, Sequence[Grid]] = field(default_factory=dict)
    warnings: Sequence[str] = ()
    verdict: Sequence[Statement] = ()
    changes: Sequence[Grid] = ()
    left_out: str = ""
