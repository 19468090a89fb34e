"""Systems by data sets; transposed where the data sets are too many for a page's width."""

from __future__ import annotations

from collections.abc import Iterable

from gner_bench.report.grid import Cell, Grid, Section, Value, by_value
from gner_bench.report.rounding import ROUNDING, printed
from gner_bench.report.table import Entry, Row, Table, ranks
from gner_bench.scoring.metrics import Metric

METRIC_TITLES: dict[Metric, str] = {
    "gner": "F1 by the GNER metric (the set of text and type of a sentence)",
    "strict": "F1 by the strict metric (spans by position and type)",
    "exact": "F1 of boundaries (spans by position, whatever their type)",
    "partial": "F1 with half credit for overlapping spans, whatever their type",
    "type": "F1 of spans that overlap one of their type",
    "token": "F1 of words by type",
}
METRIC_NAMES: dict[Metric, str] = {
    "gner": "F1 (GNER metric)",
    "strict": "strict F1",
    "exact": "boundary F1",
    "partial": "partial F1",
    "type": "type F1",
    "token": "token F1",
}
LAYOUT_TITLES = {"zero-shot": "", "supervised": ", supervised setting", "other": ", other data sets"}
RANKED = "Best measured figure of a column in bold, second underlined; what prints alike ranks alike."
RANKED_TRANSPOSED = RANKED.replace("column", "row")
MOST_COLUMNS = 12
"""Columns of figures that the width of a page holds."""
QUOTED = "quoted from publications"


def comparison_grid(table: Table, intervals: bool = False, transposed: bool | None = None) -> Grid:
    """The table with data sets as columns or, ``transposed``, as rows; None chooses by their numbers.

    Transposed it is when the data sets do not fit a page and outnumber the systems. ``intervals`` adds half their
    width.
    """
    if transposed is None:
        transposed = len(table.heads) > MOST_COLUMNS and len(table.heads) > len(table.rows)
    cells = _cells(table, intervals)
    systems = list(map(_system_cell, table.rows))
    columns, values = _values(table, intervals)
    heads, sections = (_by_dataset if transposed else _by_system)(table, systems, cells)
    quoted = len(table.measured) + 1 if transposed and table.measured and table.quoted else 0
    return Grid(
        name=f"f1_{table.metric}" + ("" if table.layout == "zero-shot" else f"_{table.layout}"),
        title=METRIC_TITLES[table.metric] + LAYOUT_TITLES[table.layout],
        heads=heads,
        sections=sections,
        remarks=tuple(_remarks(table, cells, intervals, transposed)),
        warnings=table.warnings,
        signatures=by_value((row.system, row.origin) for row in table.measured),
        sources=by_value((row.system, row.origin) for row in table.quoted),
        columns=columns,
        values=values,
        quoted_from=quoted,
    )


def _by_system(
    table: Table, systems: list[Cell], cells: list[list[Cell]]
) -> tuple[tuple[Cell, ...], tuple[Section, ...]]:
    rows = [(system, *each) for system, each in zip(systems, cells, strict=True)]
    measured, quoted = rows[: len(table.measured)], rows[len(table.measured) :]
    sections = [Section(tuple(measured)), Section(tuple(quoted), QUOTED if measured else "")]
    return (Cell("System"), *map(Cell, table.heads)), tuple(each for each in sections if each.rows)


def _by_dataset(
    table: Table, systems: list[Cell], cells: list[list[Cell]]
) -> tuple[tuple[Cell, ...], tuple[Section, ...]]:
    rows = [(Cell(head), *each) for head, *each in zip(table.heads, *cells, strict=True)]
    return (Cell("Data set"), *systems), (Section(tuple(rows[:-1])), Section(tuple(rows[-1:])))


def _cells(table: Table, intervals: bool) -> list[list[Cell]]:
    """The cells of figures, by row; a footnote that all figures of a row share stands at the system instead."""
    placed = ranks(table)
    return [
        [
            Cell(
                printed(entry.f1),
                half_width(entry) if intervals else "",
                (entry.note,) if entry.note and not _shared(row) else (),
                placed.get((index, column), ""),
                entry.star,
            )
            if entry
            else Cell("–" if column == len(row.entries) - 1 and row.no_mean else "", notes=_why(row, column))
            for column, entry in enumerate(row.entries)
        ]
        for index, row in enumerate(table.rows)
    ]


def _why(row: Row, column: int) -> tuple[str, ...]:
    return (row.no_mean,) if row.no_mean and column == len(row.entries) - 1 else ()


def _shared(row: Row) -> str:
    """The footnote that all figures of a row share, empty where they differ."""
    notes = {entry.note for entry in row.entries if entry}
    return notes.pop() if len(notes) == 1 else ""


def _system_cell(row: Row) -> Cell:
    """The name; what stands in brackets after that of a quoted row becomes a footnote."""
    name, _, remark = row.system.partition(" (") if row.quoted and row.system.endswith(")") else (row.system, "", "")
    notes = (remark.removesuffix(")"), *row.notes, _shared(row))
    return Cell(f"{name} (quoted)" if row.quoted else name, notes=tuple(filter(None, notes)))


def half_width(entry: Entry) -> str:
    """Half the width of the interval, empty where there is none."""
    return printed((entry.interval[1] - entry.interval[0]) / 2) if entry.interval else ""


def _remarks(table: Table, cells: list[list[Cell]], intervals: bool, transposed: bool) -> Iterable[str]:
    flat = [cell for row in cells for cell in row]
    yield ROUNDING
    if any(cell.rank for cell in flat):
        yield RANKED_TRANSPOSED if transposed else RANKED
    if intervals and any(cell.half for cell in flat):
        yield "± is half the width of the bootstrap interval over sentences, with the settings of the signature."
    if any(cell.star for cell in flat):
        yield star_remark(table.baseline)


def star_remark(baseline: str) -> str:
    """What a star says."""
    test = "paired approximate randomization, p < 0.05, corrected after Holm over data sets"
    return f"* differs from {baseline} ({test})."


def _values(table: Table, intervals: bool) -> tuple[tuple[str, ...], tuple[tuple[Value, ...], ...]]:
    parts = ("", " low", " high") if intervals else ("",)
    starred = bool(table.baseline)
    names = (*table.datasets, "mean")
    columns = [name + part for name in names for part in (*parts, *((" differs",) if starred else ()))]
    return ("system", "kind", *columns, "note"), tuple(
        (
            row.system,
            "quoted" if row.quoted else "measured",
            *(value for entry in row.entries for value in _figures(entry, intervals, starred)),
            _note(row, names),
        )
        for row in table.rows
    )


def _figures(entry: Entry | None, intervals: bool, starred: bool) -> list[Value]:
    low, high = (entry.interval or (None, None)) if entry else (None, None)
    found: list[Value] = [entry.f1 if entry else None, *([low, high] if intervals else [])]
    return found + (["yes" if entry and entry.star else ""] if starred else [])


def _note(row: Row, names: Iterable[str]) -> str:
    marks = [f"{name}: {entry.note}" for name, entry in zip(names, row.entries, strict=True) if entry and entry.note]
    return "; ".join([*row.notes, *marks])
