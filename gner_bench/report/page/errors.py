"""Tables of the error analysis in scores.json (see ``gner_bench.scoring.errors``).

Parts that this version does not know are shown too, as far as they hold counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gner_bench.number_text import ROUNDING, decimal
from gner_bench.report.grid import Cell, Grid, Section
from gner_bench.report.page.content import Content
from gner_bench.report.page.html import Html, element, join, table
from gner_bench.report.views.table import title
from gner_bench.scoring.metrics import METRICS, Metric, prf

MOST = 30
"""Pairs of types that are shown."""
TITLES = {
    "classes": "Entities by class",
    "by_entity_length": "Strict F1 by the length of entities, in words",
    "by_sentence_length": "Strict F1 by the length of sentences, in words",
    "by_type_position": "Strict F1 by the place of the type in the prompt's list",
    "oracle": "F1 if one step made no mistakes",
    "paper": "Errors as Ding et al. (2024) name them, by our reading",
}
TRIPLE = f"{ROUNDING} In brackets: entities in the gold."
OURS = "Shares computed from our reading are not comparable with those of the paper."
Analysis = Mapping[str, Any]
Row = dict[str, Cell]
"""Cells by the key of their column."""


def errors(content: Content) -> Html:
    """Sums over data sets, then what is known of each data set; empty where nothing is."""
    analysed: dict[str, dict[str, Analysis]] = {}
    for system in content.systems:
        sets = system.document["datasets"]
        analysed[system.title] = {name: scores["errors"] for name, scores in sets.items() if scores.get("errors")}
    sums = _sums({system: list(sets.values()) for system, sets in analysed.items() if sets})
    parts = [table(grid, folded=at > 0) for at, grid in enumerate(sums)]
    for dataset in dict.fromkeys(name for sets in analysed.values() for name in sets):
        of_set = {name: sets[dataset] for name, sets in analysed.items() if dataset in sets}
        tables = [table(grid) for grid in _sums({name: [analysis] for name, analysis in of_set.items()})]
        for name, analysis in of_set.items():
            tables += [table(grid, folded=True) for grid in _by_type(name, analysis)]
        parts.append(element("details", element("summary", f"Errors on {title(dataset)}"), *tables))
    return join(*parts)


def _sums(analyses: Mapping[str, Sequence[Analysis]]) -> list[Grid]:
    """A table for each part that holds counts: a row for each system, its analyses summed; F1 of triples."""
    grids = []
    for part in dict.fromkeys(part for several in analyses.values() for analysis in several for part in analysis):
        rows: dict[str, Row] = {}
        for system, several in analyses.items():
            values: dict[tuple[str, Metric], list[Any]] = {}
            for analysis in several:
                for key, value, metric in _counts(analysis.get(part)):
                    values.setdefault((key, metric), []).append(value)
            rows[system] = {}
            for (key, metric), counts in values.items():
                if isinstance(counts[0], int):
                    text = f"{sum(counts):,}"
                else:
                    right, predicted, gold = map(sum, zip(*counts, strict=True))
                    text = f"{decimal(100 * prf(right, predicted, gold, metric).f1)} ({gold:,})"
                rows[system][key] = Cell(text)
        if any(rows.values()):
            grids.append(_grid(part, TITLES.get(part, _words(part)), rows, "System"))
    return grids


def _counts(part: Any) -> Iterator[tuple[str, int | Sequence[int], Metric]]:
    """Each count or triple of a part by its key, with the metric that a triple is of.

    A part may be ``{key: 3}``, ``{key: {"count": 3}}``, ``{key: [1, 2, 3]}`` and ``{key: {metric: [1, 2, 3]}}``; what
    is neither is passed over.
    """
    for key, value in part.items() if isinstance(part, Mapping) else ():
        if isinstance(value, int) or _is_triple(value):
            yield key, value, "strict"
        elif isinstance(value, Mapping) and "count" in value:
            yield key, value["count"], "strict"
        elif isinstance(value, Mapping):
            for metric, triple in value.items():
                if _is_triple(triple):
                    yield f"{key} {metric}", triple, metric if metric in METRICS else "strict"


def _is_triple(value: Any) -> bool:
    return isinstance(value, Sequence) and len(value) == 3 and all(isinstance(count, int) for count in value)


def _grid(part: str, caption: str, rows: Mapping[str, Row], head: str) -> Grid:
    keys = list(dict.fromkeys(key for row in rows.values() for key in row))
    cells = tuple((Cell(name), *(row.get(key, Cell("–")) for key in keys)) for name, row in rows.items())
    remarks = (OURS,) if part == "paper" else (TRIPLE,) if "F1" in caption else ()
    heads = (Cell(head), *(Cell(_words(key)) for key in keys))
    return Grid(f"errors_{part}", caption, heads, (Section(cells),), remarks)


def _by_type(system: str, analysis: Analysis) -> Iterator[Grid]:
    """Classes by type, and which types are taken for which."""
    types: Mapping[str, Mapping[str, int]] = analysis.get("types", {})
    if types:
        rows = {name: {key: Cell(f"{count:,}") for key, count in classes.items()} for name, classes in types.items()}
        yield _grid("types", f"{system}: classes by type", rows, "Type")
    if pairs := analysis.get("confusion"):
        wrong = [pair for pair in pairs if pair[0] != pair[1]]
        cells = tuple(
            (*(Cell("(none)" if name is None else name) for name in (gold, predicted)), Cell(f"{count:,}"))
            for gold, predicted, count in wrong[:MOST]
        )
        caption = f"{system}: types taken for others, missed and spurious"
        heads = (Cell("Gold type"), Cell("Predicted type"), Cell("Entities"))
        remarks = (f"The {MOST} most frequent of {len(wrong):,} pairs.",) if len(wrong) > MOST else ()
        yield Grid("confusion", caption, heads, (Section(cells),), remarks)


def _words(key: str) -> str:
    return "wrong type and boundary" if key == "wrong_both" else key.replace("_", " ")
