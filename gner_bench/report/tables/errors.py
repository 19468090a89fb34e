"""Errors by kind, and the types that are taken for others most often."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from gner_bench.report.grid import Cell, Grid, Section
from gner_bench.report.load import SystemScores
from gner_bench.report.mistakes import TITLES, Mistakes, mistakes_by_set, pooled
from gner_bench.report.table import title
from gner_bench.scoring.errors import ERROR_CLASSES

ALL = "All"
MOST_CONFUSIONS = 10
"""How many pairs of types are shown of each system; values hold all."""
STRICT = "Counted on strict spans, pooled over data sets in the last row."


def error_grids(systems: Sequence[SystemScores]) -> list[Grid]:
    """Entities by class for each system, and confused types; empty where no scores hold an error analysis.

    Raises InputError for an analysis of another form.
    """
    found = {system.name: mistakes_by_set(system) for system in systems}
    there = {name: parts for name, parts in found.items() if parts}
    return [*(_classes(name, parts) for name, parts in there.items()), *([_confusions(there)] if there else [])]


def _classes(name: str, parts: Mapping[str, Mistakes]) -> Grid:
    heads = ("Data set", "gold", "predicted", *TITLES.values())
    return Grid(
        name="errors",
        title=f"Entities by kind of error: {name}",
        heads=tuple(map(Cell, heads)),
        sections=(Section(tuple(_rows(parts))),),
        remarks=(STRICT,),
        columns=("system", "dataset", "gold", "predicted", *ERROR_CLASSES),
        values=tuple((name, key, *_numbers(each)) for key, each in parts.items()),
    )


def _rows(parts: Mapping[str, Mistakes]) -> Iterable[tuple[Cell, ...]]:
    named = [(title(name), each) for name, each in parts.items()]
    for name, each in [*named, *([(ALL, pooled(parts.values()))] if len(parts) > 1 else [])]:
        yield Cell(name), *(Cell(f"{number:,}") for number in _numbers(each))


def _numbers(part: Mistakes) -> list[int]:
    predicted = part.classes.total() - part.classes["missed"]
    return [part.gold, predicted, *(part.classes[name] for name in ERROR_CLASSES)]


def _confusions(found: Mapping[str, Mapping[str, Mistakes]]) -> Grid:
    top = {name: _wrong(pooled(parts.values()))[:MOST_CONFUSIONS] for name, parts in found.items()}
    return Grid(
        name="confusions",
        title="Types taken for others most often",
        heads=tuple(map(Cell, ("Gold type", "predicted type", "entities"))),
        sections=tuple(
            Section(tuple((Cell(gold), Cell(predicted), Cell(f"{count:,}")) for gold, predicted, count in rows), name)
            for name, rows in top.items()
        ),
        remarks=("Pairs of a gold and a predicted strict span that share a word; all data sets together.",),
        columns=("system", "dataset", "gold type", "predicted type", "count"),
        values=tuple(
            (name, key, gold, predicted, count)
            for name, parts in found.items()
            for key, part in parts.items()
            for (gold, predicted), count in part.confusion.items()
        ),
        wide=False,
    )


def _wrong(part: Mistakes) -> list[tuple[str, str, int]]:
    """Pairs of types that differ, most frequent first."""
    rows = [
        (gold, predicted, count)
        for (gold, predicted), count in part.confusion.items()
        if gold is not None and predicted is not None and gold != predicted
    ]
    return sorted(rows, key=lambda row: (-row[2], row[0], row[1]))
