"""Scores in long form: a line for each figure, as RFC 4180 says (CRLF, quotes doubled), text as it is.

Precision, recall, F1 and the ends of its interval are from 0 to 1 at full precision, empty where there is none.
``scope`` tells what a line is about: ``set`` or ``type`` (micro), ``mean`` (over sets), ``pooled`` (micro over all
sets), ``set-macro`` and ``mean-macro`` (the mean of F1 over types). Spreadsheets run text that begins with ``=`` as a
formula; import such columns as text.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from gner_bench.records import Json
from gner_bench.report.formats import Result

KEYS = ("precision", "recall", "f1")
COUNTS = ("true_positives", "predicted", "gold")
HEAD = (
    *("system", "scope", "dataset", "split", "type", "metric", *KEYS, "low", "high", *COUNTS),
    *("sentences", "planned", "signature"),
)


def to_csv(result: Result) -> str:
    """The figures of every set and type, then of all sets together."""
    out = io.StringIO()
    writer = csv.DictWriter(out, HEAD, restval="", lineterminator="\r\n")
    writer.writeheader()
    document = result.document
    same = {"system": document["system"]["name"], "signature": document["signature_short"]}
    for row in (*_sets(document), *_whole(document)):
        writer.writerow({**same, **row})
    return out.getvalue()


def _sets(document: Json) -> Iterator[Json]:
    for name, part in document["datasets"].items():
        planned = part.get("planned")
        place = {"dataset": name, "split": part["split"], "sentences": part["sentences"]}
        place["planned"] = "" if planned is None else planned
        yield from ({**place, **row} for row in _scopes({"set": part, "set-macro": part["macro"]}, document["metrics"]))
        for kind, scores in part["types"].items():
            kinds = [metric for metric in document["metrics"] if metric in scores]
            yield from ({**place, "type": kind, **row} for row in _scopes({"type": scores}, kinds))


def _whole(document: Json) -> Iterator[Json]:
    sentences = sum(part["sentences"] for part in document["datasets"].values())
    plans = [part.get("planned") for part in document["datasets"].values()]
    place = {"sentences": sentences, "planned": "" if None in plans else sum(plans)}
    scopes = {"mean": document["average"], "mean-macro": document["macro"], "pooled": document["pooled"]}
    yield from ({**place, **row} for row in _scopes(scopes, document["metrics"]))


def _scopes(scopes: dict[str, Json], metrics: list[str]) -> Iterator[Json]:
    for metric in metrics:
        for scope, scores in scopes.items():
            figures = scores[metric]
            low, high = figures.get("interval", {}).get("f1", ("", ""))
            found = {key: figures[key] for key in (*KEYS, *COUNTS) if key in figures}
            yield {"scope": scope, "metric": metric, "low": low, "high": high, **found}
