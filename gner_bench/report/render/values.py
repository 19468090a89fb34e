"""The figures of grids for programs: CSV, and what becomes JSON."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from gner_bench.records import Json
from gner_bench.report.escape import csv_text
from gner_bench.report.grid import Grid, Value


def to_csv(*grids: Grid) -> str:
    """The values of grids of the same columns under one head.

    Figures have all digits, quoted ones those of the publication; an empty field is no figure. Text is on one line.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    for index, grid in enumerate(grids):
        if not index:
            writer.writerow(map(_field, grid.columns))
        writer.writerows(map(_field, row) for row in grid.values)
    return out.getvalue()


def _field(value: Value) -> str:
    if value is None:
        return ""
    return csv_text(value) if isinstance(value, str) else repr(value)


def to_records(grid: Grid) -> Json:
    """As JSON: title, remarks, footnotes, columns and rows of values."""
    return {
        "name": grid.name,
        "title": grid.title,
        "remarks": list(grid.remarks),
        "footnotes": list(grid.footnotes),
        "warnings": list(grid.warnings),
        "signatures": _names(grid.signatures.items()),
        "sources": _names(grid.sources.items()),
        "columns": list(grid.columns),
        "rows": [list(row) for row in grid.values],
    }


def _names(origins: Iterable[tuple[str, Iterable[str]]]) -> Json:
    return {text: list(names) for text, names in origins}
