"""What scores are at other thresholds: a row for each, and every number by data set."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import starmap

from gner_bench.documents.fields import Json
from gner_bench.documents.scores import ScoresDocument
from gner_bench.documents.scores import Value as Measured
from gner_bench.number_text import percent
from gner_bench.report.grid import Cell, Column, Grid, Section, Value
from gner_bench.report.views.scores import COUNTS, RATIOS, metrics_of
from gner_bench.scoring.metrics import METRICS

NOTE = (
    "A threshold that is chosen on these sentences is no result on them: choose it on others, such as the dev split,"
    " and report the test split at that one."
)
COLUMNS = ("system", "threshold", "scope", "dataset", "split", "metric", *RATIOS, *COUNTS, "signature")
Swept = Mapping[float, ScoresDocument]


def thresholds_grid(swept: Swept) -> Grid:
    """Precision and recall by the first metric, F1 by each, at every threshold: the mean over data sets, in percent."""
    documents = list(swept.values())
    first, metrics = documents[0], metrics_of(documents[0])
    heads = ["threshold", "predicted", "P", "R", *(METRICS[metric].title for metric in metrics)]
    rows = []
    for least, document in swept.items():
        value = document.average[metrics[0]]
        predicted = sum(part.values[metrics[0]].predicted or 0 for part in document.datasets.values())
        ratios = [value.precision, value.recall, *(document.average[metric].f1 for metric in metrics)]
        rows.append(tuple(map(Cell, (f"{least:g}", str(predicted), *map(percent, ratios)))))
    return Grid(
        "thresholds",
        f"{first.system.name}: entities of at least a confidence",
        tuple(map(Cell, heads)),
        (Section(tuple(rows)),),
        (f"percent; micro in each set, plain mean over sets; P, R and predicted by the {metrics[0]} metric", NOTE),
        columns=COLUMNS,
        values=tuple(tuple(row.get(column) for column in COLUMNS) for row in _rows(swept)),
        layout=tuple(Column(whole=False) for _ in heads),
        frame="scores",
    )


def _rows(swept: Swept) -> list[dict[str, Value]]:
    rows: list[dict[str, Value]] = []
    for least, document in swept.items():
        every: dict[str, Value] = {"system": document.system.name, "threshold": least}
        every["signature"] = document.signature_short
        scopes: list[tuple[dict[str, Value], Mapping[str, Measured]]] = [
            ({"scope": "set", "dataset": name, "split": part.split}, part.values)
            for name, part in document.datasets.items()
        ]
        scopes.append(({"scope": "mean"}, document.average))
        for place, values in scopes:
            for metric in metrics_of(document):
                numbers: dict[str, Value] = {key: getattr(values[metric], key, None) for key in (*RATIOS, *COUNTS)}
                rows.append({**every, **place, "metric": metric, **numbers})
    return rows


def thresholds_document(swept: Swept) -> Json:
    """Every number as JSON: those of sets and their mean, by threshold."""

    def at(least: float, document: ScoresDocument) -> Json:
        sets = {
            name: {"split": part.split, "sentences": part.sentences} | {m: v.json() for m, v in part.values.items()}
            for name, part in document.datasets.items()
        }
        average = {metric: value.json() for metric, value in document.average.items()}
        return {"threshold": least, "average": average, "datasets": sets, "signature": document.signature}

    return {"note": NOTE, "thresholds": list(starmap(at, swept.items()))}
