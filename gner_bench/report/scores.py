"""The terminal's view of one scores.json document."""

from __future__ import annotations

from typing import Any

from rich.markup import escape
from rich.table import Table
from rich.text import Text

from gner_bench.structure.matching import STEPS
from gner_bench.terminal import console


def print_scores(document: dict[str, Any], per_type: bool) -> None:
    """Print the tables of ``document`` (F1 in percent) and its signature on stdout."""
    out = console()
    out.print(score_table(document))
    if per_type:
        for name, part in document["datasets"].items():
            out.print(type_table(name, part))
    out.print(Text(document["signature"], style="dim"), soft_wrap=True)


def score_table(document: dict[str, Any]) -> Table:
    system = document["system"]
    title = system["name"] + (f" ({system['note']})" if system["note"] else "")
    table = Table(title=escape(title), caption="percent; micro in each set, plain mean over sets")
    for heading in ("data set", "sentences", "P", "R", "F1", "strict F1", "exact", "subseq.", "LCS"):
        table.add_column(heading, justify="left" if heading == "data set" else "right", no_wrap=heading == "data set")
    for name, part in document["datasets"].items():
        steps = [str(part["matched_by"][step]) for step in STEPS]
        table.add_row(escape(name), str(part["sentences"]), *_figures(part), *steps)
    table.add_section()
    total = sum(part["sentences"] for part in document["datasets"].values())
    table.add_row("mean", str(total), *_figures(document["average"]), "", "", "", style="bold")
    return table


def _figures(scores: dict[str, Any]) -> list[str]:
    gner = scores["gner"]
    return [f"{100 * value:.2f}" for value in (gner["precision"], gner["recall"], gner["f1"], scores["strict"]["f1"])]


def type_table(name: str, part: dict[str, Any]) -> Table:
    table = Table(title=escape(f"{name}: entity types"))
    for heading in ("type", "gold", "predicted", "P", "R", "F1", "strict F1"):
        table.add_column(heading, justify="left" if heading == "type" else "right")
    for kind, scores in sorted(part["types"].items(), key=lambda item: -item[1]["gner"]["gold"]):
        table.add_row(escape(kind), str(scores["gner"]["gold"]), str(scores["gner"]["predicted"]), *_figures(scores))
    return table
