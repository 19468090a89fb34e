"""The terminal's view of the error analysis in one scores.json document."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from gner_bench.records import Json
from gner_bench.report.calibration import calibration_tables
from gner_bench.report.error_figures import (
    Buckets,
    Counted,
    analysed,
    bucket_counts,
    error_counts,
    f1_of,
    grouped,
    oracle_f1,
    paper_counts,
    pooled,
    shares,
    summed,
)
from gner_bench.report.error_structuring import structuring_tables
from gner_bench.report.figure_table import figure_table
from gner_bench.report.plain import heading, plain
from gner_bench.report.rounding import printed
from gner_bench.scoring.errors import PAPER, UNLISTED_NAME
from gner_bench.scoring.metrics import METRICS, Metric
from gner_bench.terminal import console

CONFUSIONS = 15
"""How many of the most frequent are shown."""
ALL, MEAN, NOTHING = "all", "mean", "–"
HEADS = {
    "correct": "correct",
    "wrong_type": "wrong\ntype",
    "wrong_boundary": "wrong\nbounds",
    "wrong_both": "both\nwrong",
    "missed": "missed",
    "spurious": "spurious",
}
POSITIONS = (3, 6, 9, 12)
"""The last position of each group of types but the open one."""
TITLES: dict[Buckets, str] = {
    "by_entity_length": "Strict F1 by length of entities, in words",
    "by_sentence_length": "Strict F1 by length of sentences, in words",
    "by_type_position": "Strict F1 by position of the type in the prompt's list",
}
ORACLE_HEADS = {
    "as_it_is": "as it\nis",
    "perfect_structuring": "perfect\nstructuring",
    "perfect_types": "perfect\ntypes",
}
PAPER_NOTE = (
    "{sums}. This is our reading of the error names of Ding et al. (2024), Table 1: their definitions are not known to "
    "us, so do not compare these shares with theirs."
)


def print_errors(document: Json) -> None:
    """Print the tables of ``error_tables`` on stdout."""
    out = console()
    for each in error_tables(document):
        out.print(each)


def error_tables(document: Json) -> Iterator[RenderableType]:
    """Classes, confusions, F1 by length and position, structuring, oracles and calibration of a document."""
    parts = analysed(document)
    if not parts:
        yield Text("This document holds no error analysis.")
        return
    yield from _classes(parts)
    yield from _paper(parts)
    yield from _confusions(parts)
    for buckets in TITLES:
        yield from _buckets(parts, buckets)
    yield _note(f"F1 in percent, the row {ALL} over the entities of all data sets; {NOTHING} where there are none.")
    yield from structuring_tables(parts)
    for metric in METRICS:
        yield from _oracles(parts, metric)
    yield from calibration_tables(parts)


def _classes(parts: Mapping[str, Json]) -> Iterator[RenderableType]:
    counts = {name: error_counts(part) for name, part in parts.items()}
    rows = counts if len(parts) == 1 else {**counts, ALL: summed(counts.values())}
    yield heading("Entities by class")
    table = figure_table(["data set"], HEADS.values())
    for name, found in rows.items():
        cells = zip(found.values(), shares(found).values(), strict=True)
        _row(table, name, [_counted(count, share) for count, share in cells])
    yield table
    yield _note(
        "Pairs of a gold and a predicted entity, and those without pair, by strict spans; below, percent of all."
    )


def _paper(parts: Mapping[str, Json]) -> Iterator[RenderableType]:
    counts = {name: error_counts(part) for name, part in parts.items()}
    rows = counts if len(parts) == 1 else {**counts, ALL: summed(counts.values())}
    yield heading("Errors as unlabeled, noisy and boundary errors")
    table = figure_table(["data set"], PAPER)
    for name, found in rows.items():
        whole = sum(found.values()) or 1
        _row(table, name, [_counted(count, count / whole) for count in paper_counts(found).values()])
    yield table
    sums = "; ".join(f"{error}: {' + '.join(names)}".replace("_", " ") for error, names in PAPER.items())
    yield _note(PAPER_NOTE.format(sums=sums[0].upper() + sums[1:]))


def _confusions(parts: Mapping[str, Json]) -> Iterator[RenderableType]:
    wrong = [
        (count, name, gold, predicted)
        for name, part in parts.items()
        for gold, predicted, count in part["errors"]["confusion"]
        if gold != predicted and gold is not None and predicted is not None
    ]
    if not wrong:
        return
    yield heading("Types taken for others, most frequent first")
    table = figure_table(["data set", "gold", "predicted"], ["pairs"])
    for count, name, gold, predicted in sorted(wrong, key=lambda row: (-row[0], row[1:]))[:CONFUSIONS]:
        table.add_row(plain(name), plain(gold), plain(predicted), f"{count:,}")
    yield table
    if len(wrong) > CONFUSIONS:
        yield _note(f"{CONFUSIONS} of {len(wrong):,}.")


def _buckets(parts: Mapping[str, Json], buckets: Buckets) -> Iterator[RenderableType]:
    counts = {name: bucket_counts(part, buckets) for name, part in parts.items()}
    together = pooled(counts.values())
    groups = _positions(together) if buckets == "by_type_position" else {name: [name] for name in together}
    rows = counts if len(parts) == 1 else {**counts, ALL: together}
    yield heading(TITLES[buckets])
    table = figure_table(["data set"], groups)
    for name, found in rows.items():
        _row(table, name, [_f1_text(counted) for counted in grouped(found, groups).values()])
    gold = [f"{counted[2]:,}" for counted in grouped(together, groups).values()]
    table.add_section()
    _row(table, "gold entities", gold)
    yield table


def _positions(names: Iterable[str]) -> dict[str, list[str]]:
    """The positions of each group that occurs."""
    starts = [1, *(last + 1 for last in POSITIONS)]
    titles = [*(f"{start}-{last}" for start, last in zip(starts, POSITIONS, strict=False)), f"{starts[-1]}+"]
    found: defaultdict[str, list[str]] = defaultdict(list)
    for name in names:
        position = None if name == UNLISTED_NAME else int(name.rstrip("+"))
        place = len(titles) if position is None else sum(position > last for last in POSITIONS)
        found[[*titles, UNLISTED_NAME][place]].append(name)
    return {title: found[title] for title in [*titles, UNLISTED_NAME] if title in found}


def _oracles(parts: Mapping[str, Json], metric: Metric) -> Iterator[RenderableType]:
    rows = {name: found for name, part in parts.items() if (found := oracle_f1(part, metric))}
    if not rows:
        return
    keys = [key for key in ORACLE_HEADS if any(key in found for found in rows.values())]
    heads = [ORACLE_HEADS[key] for key in keys]
    yield heading(f"F1 by {metric} if one step made no mistakes")
    table = figure_table(["data set"], heads)
    for name, found in rows.items():
        _row(table, name, [_percent(found.get(key)) for key in keys])
    if len(rows) > 1 and all(len(found) == len(keys) for found in rows.values()):
        table.add_section()
        _row(table, MEAN, [_percent(sum(found[key] for found in rows.values()) / len(rows)) for key in keys])
    yield table


def _row(table: Table, name: str, cells: Sequence[str]) -> None:
    table.add_row(plain(name, "bold" if name in (ALL, MEAN) else ""), *cells)


def _counted(count: int, share: float) -> str:
    return f"{count:,}\n{printed(100 * share)}"


def _f1_text(counts: Counted) -> str:
    return _percent(f1_of(counts))


def _percent(share: float | None) -> str:
    return NOTHING if share is None else printed(100 * share)


def _note(text: str) -> Text:
    return Text(text, "dim")
