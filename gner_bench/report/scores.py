"""The terminal's view of one scores.json document."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from gner_bench.records import Json
from gner_bench.report.escape import one_line
from gner_bench.report.formats import Result, part_note, sentences_of
from gner_bench.report.formats.columns import Column, fitting, table_of
from gner_bench.scoring.metrics import DEFINITIONS, METRICS, Metric
from gner_bench.structure.matching import STEPS
from gner_bench.terminal import console

STYLES = {"passed": "green", "failed": "bold red", "error": "bold red"}
STEP_HEADS = {"exact": "exact", "subsequence": "subseq.", "lcs": "LCS"}


def print_scores(document: Json, per_type: bool = False, errors: bool = False) -> None:
    """Print the tables of ``document`` (in percent), its error analysis if asked, and its signature on stdout."""
    out = console()
    _print_tables(out, score_tables(document, out.width))
    if per_type:
        for name, part in document["datasets"].items():
            _print_tables(out, type_tables(name, part, metrics_of(document), out.width))
    if errors:
        from gner_bench.report.errors import print_errors

        print_errors(document)
    if note := part_note(document):
        out.print(Text(one_line(note)), soft_wrap=True)
    out.print(Text(one_line(document["signature"]), style="dim"), soft_wrap=True)


def print_verdict(result: Result) -> None:
    """Print what each gate says on stdout, where any was asked for."""
    out = console()
    for outcome in result.outcomes if result.gated else ():
        said = Text.assemble((outcome.status, STYLES[outcome.status]), f": {one_line(outcome.reason)}")
        out.print(said, soft_wrap=True)
    if result.gated:
        code = f" (exit code {result.exit_code})" if result.exit_code else ""
        out.print(Text(f"{result.verdict.capitalize()}{code}", style=STYLES[result.verdict]))


def _print_tables(out: Console, tables: Sequence[Table]) -> None:
    for table in tables:
        # Where not even the narrowest table fits, the terminal wraps its lines, which loses no digit.
        width = out.width
        out.width = max(width, Measurement.get(out, out.options.update(max_width=10_000), table).maximum)
        out.print(table, crop=False)
        out.width = width


def metrics_of(document: Json) -> list[Metric]:
    """The metrics of a document, in the order of tables."""
    return [metric for metric in METRICS if metric in document["metrics"]]


def score_tables(document: Json, width: int) -> list[Table]:
    """The data sets and their mean, in a table of at most ``width`` cells, or several for many metrics."""
    system, sets, metrics = document["system"], document["datasets"], metrics_of(document)
    title = system["name"] + (f" ({system['note']})" if system["note"] else "")
    total = sum(part["sentences"] for part in sets.values())
    rows = [*sets.values(), document["average"]]
    columns = [
        Column("name", "data set", [*sets, "mean"]),
        Column("count", "sentences", [*map(sentences_of, sets.values()), str(total)]),
        *_figures(rows, metrics),
        *_steps(list(sets.values())),
    ]
    parts = fitting(columns, width)
    return [table_of(part, title, _caption(document, part, len(columns)), total=True) for part in parts]


def type_tables(name: str, part: Json, metrics: Sequence[Metric], width: int) -> list[Table]:
    """The entity types of a data set, most frequent in the gold first; none by metrics blind to types."""
    typed = [metric for metric in metrics if DEFINITIONS[metric].typed]
    if not typed:
        return []
    kinds = dict(sorted(part["types"].items(), key=lambda item: -item[1][typed[0]]["gold"]))
    rows = list(kinds.values())
    columns = [
        Column("name", "type", list(kinds)),
        *(Column("count", key, [str(row[typed[0]][key]) for row in rows]) for key in ("gold", "predicted")),
        *_figures(rows, typed),
    ]
    return [table_of(found, f"{name}: entity types", "") for found in fitting(columns, width)]


def _figures(rows: Sequence[Json], metrics: Sequence[Metric]) -> list[Column]:
    """Precision and recall by the first metric, then F1 by each with half its interval."""
    first = [row[metrics[0]] for row in rows]
    columns = [
        Column("share", head, [_percent(figures[key]) for figures in first])
        for head, key in (("P", "precision"), ("R", "recall"))
    ]
    for metric in metrics:
        columns.append(Column("figure", DEFINITIONS[metric].title, [_percent(row[metric]["f1"]) for row in rows]))
        if all("interval" in row[metric] for row in rows):
            halves = [(high - low) / 2 for low, high in (row[metric]["interval"]["f1"] for row in rows)]
            columns.append(Column("margin", "±", [_percent(half) for half in halves]))
    return columns


def _percent(figure: float) -> str:
    return f"{100 * figure:.2f}"


def _steps(sets: Sequence[Json]) -> list[Column]:
    if not any(sum(part["matched_by"].values()) for part in sets):
        return []
    return [Column("step", STEP_HEADS[step], [*(str(part["matched_by"][step]) for part in sets), ""]) for step in STEPS]


def _caption(document: Json, columns: Sequence[Column], all_columns: int) -> str:
    metrics, resampling = metrics_of(document), document["resampling"]
    kinds = {column.kind for column in columns}
    parts = ["percent; micro in each set, plain mean over sets"]
    if "share" in kinds and len(metrics) > 1:
        parts.append(f"P and R by the {metrics[0]} metric")
    if "margin" in kinds:
        parts.append(f"± half the {resampling['confidence']:.0%} interval of {resampling['resamples']:,} resamples")
    if len(columns) < all_columns:
        parts.append("a wider terminal shows more")
    return "; ".join(parts)
