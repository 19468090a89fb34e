"""Systems by data sets; transposed where the data sets are too many for a page's width."""

from __future__ import annotations

from collections.abc import Iterable

from gner_bench.number_text import decimal, quoted_decimal, rounding
from gner_bench.report.grid import Cell, Grid, Section, Value, by_value
from gner_bench.report.views.table import Table, ranks
from gner_bench.scoring.metrics import METRICS

LAYOUT_TITLES = {"zero-shot": "", "supervised": ", supervised setting", "other": ", other data sets"}
RANKED = "Best measured figure of a column in bold, second underlined; what prints alike ranks alike."
RANKED_TRANSPOSED = RANKED.replace("column", "row")
HALF = "± is half the width of the bootstrap interval over sentences, with the settings of the signature."
RUNS = "n: runs whose mean is shown; their intervals and tests are over sentences and runs (Student's t)."
TEST = "paired approximate randomization, p < 0.05, corrected after Holm over data sets"
MOST_COLUMNS = 12
"""Columns of figures that the width of a page holds."""
QUOTED = "quoted from publications"


def systems_grid(table: Table, intervals: bool = False, transposed: bool | None = None) -> Grid:
    """The table with data sets as columns or, ``transposed``, as rows; None chooses by their numbers.

    Transposed it is when the data sets do not fit a page and outnumber the systems. ``intervals`` adds half their
    width.
    """
    if transposed is None:
        transposed = len(table.heads) > MOST_COLUMNS and len(table.heads) > len(table.rows)
    systems, cells = _cells(table, intervals)
    legend = tuple(_legend(table, cells, intervals, transposed))
    columns, values = _values(table, intervals)
    measured, quoted = len(table.measured), 0
    if transposed:
        heads = (Cell("Data set"), *systems)
        rows = [(Cell(head), *row) for head, *row in zip(table.heads, *cells, strict=True)]
        sections = [Section(tuple(rows[:-1])), Section(tuple(rows[-1:]))]
        quoted = measured + 1 if measured and table.quoted else 0
    else:
        heads = (Cell("System"), *map(Cell, table.heads))
        rows = [(system, *row) for system, row in zip(systems, cells, strict=True)]
        parts = Section(tuple(rows[:measured])), Section(tuple(rows[measured:]), QUOTED if measured else "")
        sections = [section for section in parts if section.rows]
    return Grid(
        name=f"f1_{table.metric}{table.suffix}",
        title=METRICS[table.metric].long_title + LAYOUT_TITLES[table.layout],
        heads=heads,
        sections=tuple(sections),
        remarks=(rounding(), *legend),
        warnings=tuple(table.unlike.values()),
        unlike=tuple(table.unlike),
        signatures=by_value((row.system, row.origin) for row in table.measured),
        sources=by_value((row.system, row.origin) for row in table.quoted),
        columns=columns,
        values=values,
        quoted_from=quoted,
        legend=legend,
    )


def _cells(table: Table, intervals: bool) -> tuple[list[Cell], list[list[Cell]]]:
    """The cell of each row's system and those of its values; a footnote that all these share is at the system."""
    placed, systems, rows = ranks(table), [], []
    for index, row in enumerate(table.rows):
        of_values = {entry.note for entry in row.entries if entry}
        shared = of_values.pop() if len(of_values) == 1 else ""
        name, remark = row.system, ""
        if row.quoted and row.system.endswith(")"):
            name, _, remark = row.system.partition(" (")  # which becomes a footnote
        of_system = (remark.removesuffix(")"), *row.notes, shared)
        notes = tuple(filter(None, of_system))
        beside = " (quoted)" if row.quoted else f" (n = {row.runs})" if row.runs > 1 else ""
        systems.append(Cell(name + beside, notes=notes, cite=row.cite))
        cells = []
        for column, entry in enumerate(row.entries):
            if entry is None:
                no_mean = row.no_mean if column == len(row.entries) - 1 else ""
                cells.append(Cell("–" if no_mean else "", notes=(no_mean,) if no_mean else ()))
                continue
            ends = entry.interval if intervals else None
            half = decimal((ends[1] - ends[0]) / 2) if ends else ""
            notes = (entry.note,) if entry.note and not shared else ()
            star = "".join(table.baselines[name] for name in entry.differs)
            text = quoted_decimal(entry.f1) if row.quoted else decimal(entry.f1)
            cells.append(Cell(text, half, notes, placed.get((index, column), ""), star))
        rows.append(cells)
    return systems, rows


def _legend(table: Table, cells: list[list[Cell]], intervals: bool, transposed: bool) -> Iterable[str]:
    """What the marks in a table mean."""
    flat = [cell for row in cells for cell in row]
    if any(cell.rank for cell in flat):
        yield RANKED_TRANSPOSED if transposed else RANKED
    if intervals and any(cell.half for cell in flat):
        yield HALF
    if any(row.runs > 1 for row in table.rows):
        yield RUNS
    if any(cell.star for cell in flat) or len(table.baselines) > 1:
        told = [f"{mark} differs from {name}" for name, mark in table.baselines.items()]
        pairs = " of each pair of systems, not over pairs" if len(told) > 1 else ""
        yield f"{', '.join(told)} ({TEST}{pairs})."


def _values(table: Table, intervals: bool) -> tuple[tuple[str, ...], tuple[tuple[Value, ...], ...]]:
    """The columns and rows for programs: each value in full digits, with the ends of its interval and its star."""
    names, first = (*table.datasets, "mean"), next(iter(table.baselines), "")
    differs = (" differs" if name == first else f" differs from {name}" for name in table.baselines)
    parts = ("", *((" low", " high") if intervals else ()), *differs)
    columns = ("system", "kind", *(name + part for name in names for part in parts), "note")
    rows, of_runs = [], any(row.runs > 1 for row in table.rows)
    for row in table.rows:
        values: list[Value] = []
        for entry in row.entries:
            low, high = (entry.interval or (None, None)) if entry else (None, None)
            values += [entry.f1 if entry else None, *([low, high] if intervals else [])]
            values += ["yes" if entry and name in entry.differs else "" for name in table.baselines]
        noted = zip(names, row.entries, strict=True)
        marks = [f"{name}: {entry.note}" for name, entry in noted if entry and entry.note]
        kind = "quoted" if row.quoted else "measured"
        spreads = [row.runs, *(entry.sd if entry else None for entry in row.entries)] if of_runs else []
        rows.append((row.system, kind, *values, "; ".join([*row.notes, *marks]), *spreads))
    return columns + (("runs", *(f"{name} sd" for name in names)) if of_runs else ()), tuple(rows)
