"""How generated text became tags: sentences by matching step, and what went astray."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gner_bench.report.grid import Cell, Grid, Section
from gner_bench.report.load import SystemScores
from gner_bench.report.table import title
from gner_bench.scoring.scores import SetScores
from gner_bench.structure.matching import STEPS

ASTRAY = {
    "omitted_words": "words omitted",
    "added_words": "words added",
    "unknown_labels": "labels unknown",
    "cut_outputs": "outputs cut",
}


def structuring_grids(systems: Sequence[SystemScores]) -> list[Grid]:
    """Sentences by matching step and what was counted astray, for each system whose text was structured."""
    there = {system.name: [s for s in system.scores.sets.values() if any(_steps(s).values())] for system in systems}
    return [_grid(name, sets) for name, sets in there.items() if sets]


def _grid(name: str, sets: Sequence[SetScores]) -> Grid:
    return Grid(
        name="structuring",
        title=f"From generated text to tags: {name}",
        heads=tuple(map(Cell, ("Data set", *STEPS, *ASTRAY.values()))),
        sections=(Section(tuple(map(_row, sets))),),
        remarks=("Sentences by the step that placed their labels; then words, labels and outputs that went astray.",),
        columns=("system", "dataset", *STEPS, *ASTRAY),
        values=tuple((name, each.name, *_numbers(each)) for each in sets),
    )


def _row(scores: SetScores) -> tuple[Cell, ...]:
    return Cell(title(scores.name)), *(Cell("" if each is None else f"{each:,}") for each in _numbers(scores))


def _steps(scores: SetScores) -> dict[str, int]:
    steps = scores.details.get("matched_by")
    return {step: _count(steps, step) or 0 for step in STEPS}


def _numbers(scores: SetScores) -> list[int | None]:
    counted = scores.details.get("structuring")
    return [*_steps(scores).values(), *(_count(counted, key) for key in ASTRAY)]


def _count(counts: object, key: str) -> int | None:
    """A number of an object read from a file, None where it is not there or is none."""
    found = counts.get(key) if isinstance(counts, Mapping) else None
    return found if type(found) is int else None
