"""Tables of the terminal in which names may be folded and figures never are."""

from __future__ import annotations

from collections.abc import Iterable

from rich.table import Table

from gner_bench.report.plain import table_of


def figure_table(names: Iterable[str], figures: Iterable[str]) -> Table:
    """An empty table with columns of names and then of figures."""
    heads, right = list(names), list(figures)
    table = table_of([*heads, *right], right=right)
    for column in table.columns[len(heads) :]:
        column.no_wrap = True
    return table
