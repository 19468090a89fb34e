"""Tables of the error analysis in scores.json (see ``gner_bench.scoring.errors``)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gner_bench.records import Json
from gner_bench.report.grid import Cell, Grid, Section
from gner_bench.report.page.html import Html, element, join
from gner_bench.report.page.tables import table
from gner_bench.report.page.values import PageSystem
from gner_bench.report.rounding import ROUNDING, printed
from gner_bench.report.table import title
from gner_bench.scoring.metrics import prf

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
Errors = Mapping[str, Any]
Columns = dict[str, Cell]


def errors(systems: Sequence[PageSystem]) -> Html:
    """Sums over data sets, then what is known of each data set; empty where nothing is."""
    analysed = {system.title: _analysed(system.document) for system in systems}
    names = dict.fromkeys(name for sets in analysed.values() for name in sets)
    summed = _flat_grids({system: list(sets.values()) for system, sets in analysed.items() if sets})
    tables = (table(grid, folded=at > 0) for at, grid in enumerate(summed))
    return join(*tables, *(_set(name, analysed) for name in names))


def _analysed(document: Json) -> dict[str, Errors]:
    return {name: scores["errors"] for name, scores in document["datasets"].items() if scores.get("errors")}


def _set(name: str, analysed: Mapping[str, Mapping[str, Errors]]) -> Html:
    """All of one data set, folded."""
    there = {system: sets[name] for system, sets in analysed.items() if name in sets}
    grids = _flat_grids({system: [each] for system, each in there.items()})
    details = (grid for system, each in there.items() for grid in _details(system, each))
    tables = [*map(table, grids), *(table(grid, folded=True) for grid in details)]
    return element("details", element("summary", f"Errors on {title(name)}"), *tables)


def _flat_grids(analyses: Mapping[str, Sequence[Errors]]) -> list[Grid]:
    """A table for each part that holds flat figures: a row for each system, its analyses summed."""
    parts = dict.fromkeys(part for several in analyses.values() for each in several for part in each)
    rows = {
        part: {
            system: _columns([each[part] for each in several if part in each]) for system, several in analyses.items()
        }
        for part in parts
    }
    there = {part: each for part, each in rows.items() if any(each.values())}
    return [_grid(part, TITLES.get(part, _words(part)), each, "System") for part, each in there.items()]


def _grid(part: str, caption: str, rows: Mapping[str, Columns], head: str) -> Grid:
    keys = list(dict.fromkeys(key for columns in rows.values() for key in columns))
    cells = ((Cell(row), *(columns.get(key, Cell("–")) for key in keys)) for row, columns in rows.items())
    return Grid(
        f"errors_{part}",
        caption,
        (Cell(head), *(Cell(_words(key)) for key in keys)),
        (Section(tuple(cells)),),
        (OURS,) if part == "paper" else (TRIPLE,) if "F1" in caption else (),
    )


def _columns(values: Sequence[Any]) -> Columns:
    """The figures of one part, summed: counts, or F1 of counts; empty for what is neither."""
    flat = [dict(_flat(value)) for value in values]
    keys = dict.fromkeys(key for each in flat for key in each)
    return {key: _cell(key, [each[key] for each in flat if key in each]) for key in keys}


def _flat(value: Any) -> Iterator[tuple[str, int | list[int]]]:
    """Counts and triples by key, such as ``{key: 3}``, ``{key: {"count": 3}}`` and ``{key: {metric: [1, 2, 3]}}``."""
    for key, each in value.items() if isinstance(value, Mapping) else ():
        if isinstance(each, int) or _is_triple(each):
            yield key, each
        elif isinstance(each, Mapping) and "count" in each:
            yield key, each["count"]
        elif isinstance(each, Mapping):
            yield from ((f"{key} {inner}", triple) for inner, triple in each.items() if _is_triple(triple))


def _is_triple(value: Any) -> bool:
    return isinstance(value, Sequence) and len(value) == 3 and all(isinstance(each, int) for each in value)


def _cell(key: str, values: Sequence[Any]) -> Cell:
    if isinstance(values[0], int):
        return Cell(f"{sum(values):,}")
    right, predicted, gold = map(sum, zip(*values, strict=True))
    f1 = prf(right, predicted, gold, "gner" if key.endswith("gner") else "strict").f1
    return Cell(f"{printed(100 * f1)} ({gold:,})")


def _details(system: str, errors: Errors) -> Iterator[Grid]:
    """Classes by type, and which types are taken for which."""
    types: Mapping[str, Mapping[str, int]] = errors.get("types", {})
    if types:
        rows = {kind: {key: Cell(f"{count:,}") for key, count in found.items()} for kind, found in types.items()}
        yield _grid("types", f"{system}: classes by type", rows, "Type")
    if errors.get("confusion"):
        yield _confusion(system, errors["confusion"])


def _confusion(system: str, pairs: Sequence[Sequence[Any]]) -> Grid:
    wrong = [(gold, predicted, count) for gold, predicted, count in pairs if gold != predicted]
    rows = [(_type(gold), _type(predicted), Cell(f"{count:,}")) for gold, predicted, count in wrong[:MOST]]
    more = f"The {MOST} most frequent of {len(wrong):,} pairs." if len(wrong) > MOST else ""
    heads = (Cell("Gold type"), Cell("Predicted type"), Cell("Entities"))
    caption = f"{system}: types taken for others, missed and spurious"
    return Grid("confusion", caption, heads, (Section(tuple(rows)),), tuple(filter(None, [more])))


def _type(kind: str | None) -> Cell:
    return Cell("(none)" if kind is None else kind)


def _words(key: str) -> str:
    return "wrong type and boundary" if key == "wrong_both" else key.replace("_", " ")
