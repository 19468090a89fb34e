"""What figures say in words: legends and captions."""

from __future__ import annotations

from collections.abc import Sequence

from gner_bench.report.table import Row, row_note
from gner_bench.scoring.metrics import Metric


def scored_by(metric: Metric) -> str:
    """Such as ``F1 (GNER metric)``."""
    return f"F1 ({'GNER' if metric == 'gner' else metric} metric)"


def said(row: Row) -> str:
    """The name of a row with what a reader must know before comparing it."""
    if row.quoted:
        return f"{short(row)} (quoted)"
    return f"{row.system} ({notes})" if (notes := _notes(row)) else row.system


def names_and_note(rows: Sequence[Row]) -> tuple[list[str], str]:
    """The names of rows for a legend, and what a reader must know of all measured ones alike."""
    shared = shared_note(rows)
    if not shared:
        return list(map(said, rows)), ""
    return [said(row) if row.quoted else row.system for row in rows], f"measured: {shared}"


def shared_note(rows: Sequence[Row]) -> str:
    """What a reader must know of all measured rows alike, empty where they differ."""
    notes = {_notes(row) for row in rows if not row.quoted}
    return notes.pop() if len(notes) == 1 else ""


def _notes(row: Row) -> str:
    return "; ".join(filter(None, [row_note(entry.note for entry in row.entries if entry), *row.notes]))


def short(row: Row) -> str:
    """The name of a quoted row without what stands in brackets after it."""
    return row.system.partition(" (")[0] if row.quoted else row.system


def quoted_caption(rows: Sequence[Row]) -> str:
    """What a caption says of quoted rows, empty without any."""
    sources = dict.fromkeys(row.origin for row in rows)
    return f" Hollow marks are quoted from publications: {'; '.join(sources)}." if sources else ""
