"""The values of grids as JSON."""

from __future__ import annotations

from collections.abc import Sequence

from gner_bench.documents.fields import Json
from gner_bench.files import to_json
from gner_bench.report.grid import Grid


def render(grids: Sequence[Grid]) -> str:
    """A document with a list of tables."""
    return to_json({"tables": list(map(to_records, grids))}) + "\n"


def to_records(grid: Grid) -> Json:
    """As JSON: title, remarks, footnotes, columns and rows of values."""
    return {
        "name": grid.name,
        "title": grid.title,
        "remarks": list(grid.remarks),
        "footnotes": list(grid.footnotes),
        "warnings": list(grid.warnings),
        "signatures": {text: list(names) for text, names in grid.signatures.items()},
        "sources": {text: list(names) for text, names in grid.sources.items()},
        "columns": list(grid.columns),
        "rows": [list(row) for row in grid.values],
    }
