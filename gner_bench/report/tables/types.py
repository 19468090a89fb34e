"""F1 by entity type, one table for each data set."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from gner_bench.report.grid import Cell, Grid, Section, Value, by_value
from gner_bench.report.load import SystemScores
from gner_bench.report.rounding import ROUNDING, printed
from gner_bench.report.table import title
from gner_bench.scoring.counts import Counts
from gner_bench.scoring.figures import Figure
from gner_bench.scoring.metrics import DEFINITIONS, Metric

COLUMNS = (
    *("dataset", "type", "system", "metric", "true_positives", "predicted", "gold"),
    *("precision", "recall", "f1", "f1 low", "f1 high"),
)
MOST_NARROW = 3
"""Columns of systems that half the width of a page holds."""

Types = Mapping[str, Figure]
"""Figures by type."""


def type_grids(systems: Sequence[SystemScores], metric: Metric, intervals: bool = False) -> list[Grid]:
    """A table for each data set: F1 of every system by type, those with the most gold entities first.

    Empty for metrics blind to types.
    """
    scored = [system for system in systems if metric in system.scores.metrics]
    names = dict.fromkeys(name for system in scored for name in system.scores.sets)
    if not DEFINITIONS[metric].typed:
        return []
    return [
        _grid([system for system in scored if name in system.scores.sets], metric, name, intervals) for name in names
    ]


def _grid(systems: Sequence[SystemScores], metric: Metric, name: str, intervals: bool) -> Grid:
    found = {system.name: system.figures.sets[name].types(metric) for system in systems}
    gold = gold_of(found.values())
    kinds = sorted(gold, key=lambda kind: -gold[kind])
    rows = [(Cell(kind), Cell(f"{gold[kind]:g}"), *_cells(kind, list(found.values()), intervals)) for kind in kinds]
    return Grid(
        name=f"types_{metric}",
        title=f"{title(name)}: {DEFINITIONS[metric].title} by entity type",
        heads=(Cell("Type"), Cell("Gold"), *(Cell(system.name) for system in systems)),
        sections=(Section(tuple(rows)),),
        remarks=(ROUNDING, "Gold: entities of the type in the gold."),
        signatures=by_value((system.name, system.signature_short) for system in systems),
        columns=COLUMNS,
        values=tuple(
            _values(name, kind, system, metric, types[kind])
            for kind in kinds
            for system, types in found.items()
            if kind in types
        ),
        wide=len(systems) > MOST_NARROW - intervals,
    )


def gold_of(found: Iterable[Types]) -> dict[str, float]:
    """Gold entities by type; of systems scored on different gold the greatest number."""
    gold: dict[str, float] = {}
    for types in found:
        for kind, figure in types.items():
            gold[kind] = max(gold.get(kind, 0), (figure.counts or Counts()).gold)
    return gold


def _cells(kind: str, found: Sequence[Types], intervals: bool) -> list[Cell]:
    cells = [_cell(types.get(kind), intervals) for types in found]
    texts = [cell.text for cell in cells if cell.text != "–"]
    top = max(texts, key=float) if len(set(texts)) > 1 else None
    return [Cell(cell.text, cell.half, rank="best" if cell.text == top else "") for cell in cells]


def _cell(figure: Figure | None, intervals: bool) -> Cell:
    """A dash for a type that neither gold nor predictions hold."""
    if figure is None or figure.counts is None or not (figure.counts.gold or figure.counts.predicted):
        return Cell("–")
    ends = figure.intervals["f1"] if intervals and figure.intervals else None
    return Cell(printed(100 * figure.prf.f1), printed(50 * (ends[1] - ends[0])) if ends else "")


def _values(name: str, kind: str, system: str, metric: Metric, figure: Figure) -> tuple[Value, ...]:
    counts, ends = figure.counts or Counts(), figure.intervals["f1"] if figure.intervals else (None, None)
    prf = [100 * value for value in (figure.prf.precision, figure.prf.recall, figure.prf.f1)]
    interval = [None if end is None else 100 * end for end in ends]
    return (name, kind, system, metric, counts.true_positives, counts.predicted, counts.gold, *prf, *interval)
