"""The report as one page: index.html, which needs neither network nor server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from gner_bench.files import write_atomic
from gner_bench.report.grid import Grid
from gner_bench.report.page.build import page
from gner_bench.report.page.values import PageFigure, PageSystem

__all__ = ["PageFigure", "PageSystem", "page", "write_page"]


def write_page(
    out: Path,
    systems: Sequence[PageSystem],
    title: str = "GNER-Bench report",
    figures: Sequence[PageFigure] = (),
    tables: Sequence[Grid] = (),
    types: Mapping[str, Sequence[Grid]] | None = None,
    warnings: Sequence[str] = (),
) -> Path:
    """Write the page of ``systems`` to ``out`` (index.html in it, if it is a folder) and return the file written.

    ``tables`` are comparisons of systems, quoted rows among them, and others; ``types`` those of entity types
    by heading, such as the name of a metric. The first two tables are shown, the others unfold. ``warnings`` stand
    beside those of the systems. Raises UsageError without systems, IntegrityError for predictions that are not those
    that were scored, and InputError for what cannot be read or written.
    """
    file = out / "index.html" if out.is_dir() else out
    write_atomic(file, page(systems, title, figures, tables, types or {}, warnings))
    return file
