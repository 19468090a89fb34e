"""Tables of the error analysis in scores.json (see ``gner_bench.scoring.errors``)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gner_bench.documents.scores import Errors, Triple
from gner_bench.number_text import decimal, rounding
from gner_bench.report.analysis import Mistakes, mistakes_of, pooled
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
TRIPLE = "In brackets: entities in the gold."
OURS = "Shares computed from our reading are not comparable with those of the paper."
Row = dict[str, Cell]
"""Cells by the key of their column."""


def errors(content: Content) -> Html:
    """Sums over data sets, then what is known of each data set; empty where nothing is."""
    analysed: dict[str, dict[str, Errors]] = {}
    for system in content.systems:
        parts = {name: part.analysis.errors for name, part in system.document.datasets.items()}
        analysed[system.title] = {name: errors for name, errors in parts.items() if errors is not None}
    sums = _sums({system: pooled(map(mistakes_of, sets.values())) for system, sets in analysed.items() if sets})
    tables = [table(grid, folded=at > 0) for at, grid in enumerate(sums)]
    for dataset in dict.fromkeys(name for sets in analysed.values() for name in sets):
        of_set = {name: sets[dataset] for name, sets in analysed.items() if dataset in sets}
        inner = [table(grid) for grid in _sums({name: mistakes_of(errors) for name, errors in of_set.items()})]
        for name, errors in of_set.items():
            inner += [table(grid, folded=True) for grid in _by_type(name, errors)]
        tables.append(element("details", element("summary", f"Errors on {title(dataset)}"), *inner))
    return join(*tables)


def _sums(by_system: Mapping[str, Mistakes]) -> Iterator[Grid]:
    """Tables with a row for each system: counts of entities, then F1."""
    classes = {system: _counted(mistakes.classes) for system, mistakes in by_system.items()}
    yield from _grid("classes", CLASSES, classes, "System")
    paper = {system: _counted(mistakes.paper) for system, mistakes in by_system.items()}
    yield from _grid("paper", PAPER, paper, "System", OURS)
    for name, caption in F1.items():
        rows: dict[str, Row] = {}
        for system, mistakes in by_system.items():
            triples: dict[str, tuple[Metric, Triple]] = {}
            if name == "oracle":
                for oracle, by_metric in mistakes.oracle.items():
                    triples |= {f"{oracle} {m}": (m, triple) for m, triple in by_metric.items() if m in METRICS}
            else:
                triples = {key: ("strict", triple) for key, triple in getattr(mistakes, name).items()}
            rows[system] = {
                key: Cell(f"{decimal(100 * prf(*triple, metric).f1)} ({triple[2]:,})")
                for key, (metric, triple) in triples.items()
            }
        yield from _grid(name, caption, rows, "System", f"{rounding()} {TRIPLE}")


def _counted(counts: Mapping[str, int]) -> Row:
    return {key: Cell(f"{count:,}") for key, count in counts.items()}


def _grid(name: str, caption: str, rows: Mapping[str, Row], head: str, remark: str = "") -> Iterator[Grid]:
    """The table, none where no row has a cell."""
    keys = list(dict.fromkeys(key for row in rows.values() for key in row))
    cells = tuple((Cell(row_name), *(row.get(key, Cell("–")) for key in keys)) for row_name, row in rows.items())
    words = ("wrong type and boundary" if key == "wrong_both" else key.replace("_", " ") for key in keys)
    heads = tuple(map(Cell, (head, *words)))
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
