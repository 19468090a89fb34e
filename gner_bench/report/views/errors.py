"""Errors by kind, the types that are taken for others most often, and how generated text became tags."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gner_bench.report.analysis import TITLES, Mistakes, conflict_note, mistakes_by_set, pooled
from gner_bench.report.grid import Cell, Grid, Section
from gner_bench.report.load import SystemScores
from gner_bench.report.views.table import title
from gner_bench.scoring.errors import ERROR_CLASSES
from gner_bench.structure.matching import STEPS

ALL = "All"
MOST_CONFUSIONS = 10
"""How many pairs of types are shown of each system; values hold all."""
ASTRAY = {
    "omitted_words": "words omitted",
    "added_words": "words added",
    "unknown_labels": "labels unknown",
    "cut_outputs": "outputs cut",
    "empty_outputs": "without text",
    "unlabelled_outputs": "unread",
}
STRUCTURING = "Sentences by the step that placed their labels; then words, labels and outputs that went astray."
STRICT = "Counted on strict spans, pooled over data sets in the last row."


def error_grids(systems: Sequence[SystemScores]) -> list[Grid]:
    """Entities by class for each system, and confused types; empty where no scores hold an error analysis."""
    by_system = {system.name: parts for system in systems if (parts := mistakes_by_set(system))}
    grids = [_classes(name, parts) for name, parts in by_system.items()]
    return [*grids, _confusions(by_system)] if by_system else []


def _classes(name: str, parts: Mapping[str, Mistakes]) -> Grid:
    named = [(title(key), part) for key, part in parts.items()]
    if len(parts) > 1:
        named.append((ALL, pooled(parts.values())))
    rows = (tuple(map(Cell, (key, *(f"{number:,}" for number in _numbers(part))))) for key, part in named)
    return Grid(
        name="errors",
        title=f"Entities by kind of error: {name}",
        heads=tuple(map(Cell, ("Data set", "gold", "predicted", *TITLES.values()))),
        sections=(Section(tuple(rows)),),
        remarks=tuple(filter(None, (STRICT, conflict_note(parts)))),
        columns=("system", "dataset", "gold", "predicted", *ERROR_CLASSES),
        values=tuple((name, key, *_numbers(part)) for key, part in parts.items()),
        subject=name,
    )


def _numbers(part: Mistakes) -> list[int]:
    return [part.gold, part.predicted, *(part.classes[name] for name in ERROR_CLASSES)]


def _confusions(by_system: Mapping[str, Mapping[str, Mistakes]]) -> Grid:
    sections, values = [], []
    for name, parts in by_system.items():
        top = pooled(parts.values()).taken_for_others[:MOST_CONFUSIONS]
        rows = ((Cell(gold), Cell(predicted), Cell(f"{count:,}")) for gold, predicted, count in top)
        sections.append(Section(tuple(rows), name))
        for key, part in parts.items():
            values += [(name, key, gold, predicted, count) for (gold, predicted), count in part.confusion.items()]
    return Grid(
        name="confusions",
        title="Types taken for others most often",
        heads=tuple(map(Cell, ("Gold type", "predicted type", "entities"))),
        sections=tuple(sections),
        remarks=("Pairs of a gold and a predicted strict span that share a word; all data sets together.",),
        columns=("system", "dataset", "gold type", "predicted type", "count"),
        values=tuple(values),
        wide=False,
    )


def structuring_grids(systems: Sequence[SystemScores]) -> list[Grid]:
    """Sentences by matching step and what was counted astray, for each system whose text was structured."""
    grids = []
    for system in systems:
        rows = []
        for name, scores in system.scores.sets.items():
            steps, structuring = scores.analysis.placed_by or {}, scores.analysis.structuring
            if any(steps.values()):
                counts = [None if structuring is None else getattr(structuring, key) for key in ASTRAY]
                rows.append((name, [*(steps.get(step, 0) for step in STEPS), *counts]))
        if rows:
            cells = (
                (Cell(title(name)), *(Cell("" if count is None else f"{count:,}") for count in counts))
                for name, counts in rows
            )
            grid = Grid(
                name="structuring",
                title=f"From generated text to tags: {system.name}",
                heads=tuple(map(Cell, ("Data set", *STEPS, *ASTRAY.values()))),
                sections=(Section(tuple(cells)),),
                remarks=(STRUCTURING,),
                columns=("system", "dataset", *STEPS, *ASTRAY),
                values=tuple((system.name, name, *counts) for name, counts in rows),
                subject=system.name,
            )
            grids.append(grid)
    return grids
