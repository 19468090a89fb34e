"""Tables of the error analysis in scores.json (see ``gner_bench.scoring.errors``)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from gner_bench.documents.scores import Errors, Triple
from gner_bench.number_text import ROUNDING, decimal
from gner_bench.report.analysis import added
from gner_bench.report.grid import Cell, Grid, Section
from gner_bench.report.page.content import Content
from gner_bench.report.page.html import Html, element, join, table
from gner_bench.report.views.table import title
from gner_bench.scoring.metrics import METRICS, Metric, prf

MOST = 30
"""Pairs of types that are shown."""
CLASSES = "Entities by class"
PAPER = "Errors as Ding et al. (2024) name them, by our reading"
F1 = {
    "by_entity_length": "Strict F1 by the length of entities, in words",
    "by_sentence_length": "Strict F1 by the length of sentences, in words",
    "by_type_position": "Strict F1 by the place of the type in the prompt's list",
    "oracle": "F1 if one step made no mistakes",
}
TRIPLE = f"{ROUNDING} In brackets: entities in the gold."
OURS = "Shares computed from our reading are not comparable with those of the paper."
Row = dict[str, Cell]
"""Cells by the key of their column."""


def errors(content: Content) -> Html:
    """Sums over data sets, then what is known of each data set; empty where nothing is."""
    analysed: dict[str, dict[str, Errors]] = {}
    for system in content.systems:
        parts = {name: part.analysis.errors for name, part in system.document.datasets.items()}
        analysed[system.title] = {name: errors for name, errors in parts.items() if errors is not None}
    sums = _sums({system: list(sets.values()) for system, sets in analysed.items() if sets})
    tables = [table(grid, folded=at > 0) for at, grid in enumerate(sums)]
    for dataset in dict.fromkeys(name for sets in analysed.values() for name in sets):
        of_set = {name: sets[dataset] for name, sets in analysed.items() if dataset in sets}
        inner = [table(grid) for grid in _sums({name: [errors] for name, errors in of_set.items()})]
        for name, errors in of_set.items():
            inner += [table(grid, folded=True) for grid in _by_type(name, errors)]
        tables.append(element("details", element("summary", f"Errors on {title(dataset)}"), *inner))
    return join(*tables)


def _sums(analyses: Mapping[str, Sequence[Errors]]) -> Iterator[Grid]:
    """Tables with a row for each system, its analyses summed: counts of entities, then F1."""
    classes: dict[str, Counter[str]] = {system: Counter() for system in analyses}
    paper: dict[str, Counter[str]] = {system: Counter() for system in analyses}
    for system, several in analyses.items():
        for errors in several:
            classes[system].update(errors.classes)
            paper[system].update({name: part.count for name, part in errors.paper.items()})
    for name, caption, counts, remark in (("classes", CLASSES, classes, ""), ("paper", PAPER, paper, OURS)):
        yield from _grid(name, caption, {system: _counted(row) for system, row in counts.items()}, "System", remark)
    for name, caption in F1.items():
        rows = {system: _f1([_triples(errors, name) for errors in several]) for system, several in analyses.items()}
        yield from _grid(name, caption, rows, "System", TRIPLE)


def _counted(counts: Mapping[str, int]) -> Row:
    return {key: Cell(f"{count:,}") for key, count in counts.items()}


def _triples(errors: Errors, name: str) -> dict[tuple[str, Metric], Triple]:
    """Right, predicted and gold by the key of their column and the metric that counted them."""
    if name == "oracle":
        by_oracle = errors.oracle.items()
        return {
            (f"{key} {m}", m): triple for key, by_metric in by_oracle for m, triple in by_metric.items() if m in METRICS
        }
    buckets: dict[str, Triple] = getattr(errors, name)
    return {(key, "strict"): triple for key, triple in buckets.items()}


def _f1(parts: Sequence[Mapping[tuple[str, Metric], Triple]]) -> Row:
    cells = {}
    for column in dict.fromkeys(column for part in parts for column in part):
        sums = added(part[column] for part in parts if column in part)
        cells[column[0]] = Cell(f"{decimal(100 * prf(*sums, column[1]).f1)} ({sums[2]:,})")
    return cells


def _grid(name: str, caption: str, rows: Mapping[str, Row], head: str, remark: str = "") -> Iterator[Grid]:
    """The table, none where no row has a cell."""
    keys = list(dict.fromkeys(key for row in rows.values() for key in row))
    cells = tuple((Cell(row_name), *(row.get(key, Cell("–")) for key in keys)) for row_name, row in rows.items())
    heads = (Cell(head), *(Cell(_words(key)) for key in keys))
    if keys:
        yield Grid(f"errors_{name}", caption, heads, (Section(cells),), (remark,) if remark else ())


def _by_type(system: str, errors: Errors) -> Iterator[Grid]:
    """Classes by type, and which types are taken for which."""
    rows = {name: _counted(classes) for name, classes in errors.types.items()}
    yield from _grid("types", f"{system}: classes by type", rows, "Type")
    if errors.confusion:
        wrong = [pair for pair in errors.confusion if pair[0] != pair[1]]
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
