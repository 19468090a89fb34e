"""The values of grids as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from gner_bench.report.escape import csv_text
from gner_bench.report.grid import Grid


def render(grids: Sequence[Grid]) -> str:
    """The values of grids of the same columns under one head, for spreadsheets: text is on one line and no formula.

    Numbers have all digits, quoted ones those of the publication; an empty field is no number.
    """
    return _written(grids, "\n", guarded=True)


def verbatim(grid: Grid) -> str:
    """The values of a grid as RFC 4180 says (CRLF, quotes doubled), text as it is.

    Spreadsheets run text that begins with ``=`` as a formula; import such columns as text.
    """
    return _written([grid], "\r\n", guarded=False)


def _written(grids: Sequence[Grid], end: str, guarded: bool) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator=end)
    for row in (grids[0].columns, *(values for grid in grids for values in grid.values)):
        # Text alone is guarded: the minus of a number must stay one.
        fields = [csv_text(value) if guarded and isinstance(value, str) else value for value in row]
        writer.writerow("" if value is None else value if isinstance(value, str) else repr(value) for value in fields)
    return out.getvalue()
