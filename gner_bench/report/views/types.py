"""F1 by entity type, one table for each data set."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from gner_bench.documents.scores import Value as Scored
from gner_bench.number_text import NOTHING, decimal, rounding
from gner_bench.report.grid import Cell, Grid, Section, Value, by_value
from gner_bench.report.load import SystemScores
from gner_bench.report.views.systems import HALF
from gner_bench.report.views.table import title
from gner_bench.scoring.metrics import METRICS, Metric

COLUMNS = (
    *("dataset", "type", "system", "metric", "true_positives", "predicted", "gold"),
    *("precision", "recall", "f1", "f1 low", "f1 high"),
)
GOLD = "Gold: entities of the type in the gold."
BEST = "Best of a row in bold; what prints alike ranks alike."
MOST_NARROW = 3
"""Columns of systems that half the width of a page holds."""

Types = Mapping[str, Scored]
"""Values by type."""


def type_grids(systems: Sequence[SystemScores], metric: Metric, intervals: bool = False) -> list[Grid]:
    """A table for each data set: F1 of every system by type, those with the most gold entities first.

    Empty for metrics blind to types.
    """
    scored = [system for system in systems if metric in system.scores.metrics]
    names = dict.fromkeys(name for system in scored for name in system.scores.sets)
    if not METRICS[metric].typed:
        return []
    return [
        _grid([system for system in scored if name in system.scores.sets], metric, name, intervals) for name in names
    ]


def _grid(systems: Sequence[SystemScores], metric: Metric, name: str, intervals: bool) -> Grid:
    by_system = {system.name: system.values.sets[name].types(metric) for system in systems}
    gold = gold_of(by_system.values())
    kinds = sorted(gold, key=lambda kind: -gold[kind])
    rows = []
    for kind in kinds:
        cells = [_cell(types.get(kind), intervals) for types in by_system.values()]
        texts = {cell.text for cell in cells if cell.text != NOTHING}
        top = max(texts, key=float) if len(texts) > 1 else None
        ranked = (Cell(cell.text, cell.half, rank="best" if cell.text == top else "") for cell in cells)
        rows.append((Cell(kind), Cell(f"{gold[kind]:g}"), *ranked))
    shown = [cell for row in rows for cell in row]
    meant = {GOLD: True, BEST: any(cell.rank for cell in shown), HALF: any(cell.half for cell in shown)}
    legend = tuple(text for text, needed in meant.items() if needed)
    return Grid(
        name=f"types_{metric}",
        title=f"{title(name)}: {METRICS[metric].title} by entity type",
        heads=(Cell("Type"), Cell("Gold"), *(Cell(system.name) for system in systems)),
        sections=(Section(tuple(rows)),),
        remarks=(rounding(), *legend),
        legend=legend,
        signatures=by_value((system.name, system.signature_short) for system in systems),
        columns=COLUMNS,
        values=tuple(
            _values(name, kind, system, metric, types[kind])
            for kind in kinds
            for system, types in by_system.items()
            if kind in types
        ),
        subject=name,
        wide=len(systems) > MOST_NARROW - intervals,
    )


def gold_of(by_system: Iterable[Types]) -> dict[str, float]:
    """Gold entities by type; of systems scored on different gold the greatest number."""
    gold: dict[str, float] = {}
    for types in by_system:
        for kind, value in types.items():
            gold[kind] = max(gold.get(kind, 0), value.gold or 0)
    return gold


def _cell(value: Scored | None, intervals: bool) -> Cell:
    """A dash for a type that neither gold nor predictions hold."""
    if value is None or not (value.gold or value.predicted):
        return Cell(NOTHING)
    ends = value.interval["f1"] if intervals and value.interval else None
    return Cell(decimal(100 * value.f1), decimal(50 * (ends[1] - ends[0])) if ends else "")


def _values(name: str, kind: str, system: str, metric: Metric, value: Scored) -> tuple[Value, ...]:
    ends = [100 * end for end in value.interval["f1"]] if value.interval else [None, None]
    counts = (value.true_positives or 0, value.predicted or 0, value.gold or 0)
    ratios = (100 * value.precision, 100 * value.recall, 100 * value.f1)
    return (name, kind, system, metric, *counts, *ratios, *ends)
