"""Grids as text: one module a format, each with a function ``render`` from grids to the text of a file.

The terminal (``render.terminal``) and JUnit XML (``render.junit``) have functions of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module

from gner_bench.report.grid import Grid

RENDERS = {"md": "markdown", "tex": "latex", "csv": "csv", "json": "json", "html": "html"}
"""The module of each format that the tables of a report are written in. A new format is a line here."""
FORMATS = (*RENDERS, "png", "svg", "pdf")
"""The formats of a report: of its tables, then of its figures."""


def render(format_: str, grids: Sequence[Grid]) -> str:
    """The text of a file with tables of one kind. Raises KeyError for a format that is not in ``RENDERS``."""
    text: str = import_module(f"{__name__}.{RENDERS[format_]}").render(grids)
    return text
