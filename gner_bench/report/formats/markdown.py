"""Markdown for a comment on a pull request: the verdict on top, the scores, what to know of them, the signature.

Names of people are code spans, in which GitHub neither mentions, links nor formats.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from gner_bench.records import Json
from gner_bench.report.escape import markdown, one_line
from gner_bench.report.formats import Result, sentences_of
from gner_bench.report.scores import metrics_of
from gner_bench.scoring.metrics import DEFINITIONS, Metric

VERDICTS = {"passed": "Passed", "failed": "Failed", "scored": "Scored (no gate was set)"}
ROUNDING = "Percent, rounded to two decimals (half to even, on the binary value)"


def to_markdown(result: Result, per_type: bool = False) -> str:
    """The page; ``per_type`` adds a table of the entity types of every set."""
    document = result.document
    parts = [
        f"### {_verdict(result)}: {code(document['system']['name'])}{_note(document)}",
        _list(f"{each.status}: {each.reason}" for each in result.outcomes if result.gated or each.exit_code),
        _table(document),
        _caption(document),
        _list(result.notes),
        *(_types(name, part, metrics_of(document)) for name, part in document["datasets"].items() if per_type),
        f"Signature: {code(document['signature_short'])}",
        _details("Full signature", code(document["signature"])),
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def code(text: str) -> str:
    """A code span of ``text`` on one line, with longer ticks around the ticks in it; in a table it needs ``cell``."""
    line = one_line(text) or "�"
    ticks = "`" * (max((len(run) for run in re.findall("`+", line)), default=0) + 1)
    space = " " if "`" in line else ""
    return f"{ticks}{space}{line}{space}{ticks}"


def cell(text: str) -> str:
    """A code span of ``text`` for a table, which takes the backslash before a bar away."""
    return code(text).replace("|", "\\|")


def _verdict(result: Result) -> str:
    return VERDICTS[result.verdict] + (f" (exit code {result.exit_code})" if result.exit_code else "")


def _note(document: Json) -> str:
    note = document["system"]["note"]
    return f" ({markdown(note)})" if note else ""


def _list(lines: Iterable[str]) -> str:
    return "\n".join(f"- {markdown(line)}" for line in lines)


def _details(title: str, content: str) -> str:
    return f"<details><summary>{title}</summary>\n\n{content}\n\n</details>"


def _table(document: Json) -> str:
    metrics = metrics_of(document)
    interval = f"{document['resampling']['confidence']:.0%} interval"
    rows = [[cell(name), sentences_of(part), *_figures(part, metrics)] for name, part in document["datasets"].items()]
    total = str(sum(part["sentences"] for part in document["datasets"].values()))
    last = ["mean", total, *_figures(document["average"], metrics)]
    rows.append([f"**{each}**" for each in last])
    return _grid(["data set", "sentences", *_heads(metrics, document["average"], interval)], rows)


def _types(name: str, part: Json, metrics: Sequence[Metric]) -> str:
    typed = [metric for metric in metrics if DEFINITIONS[metric].typed]
    if not typed:
        return ""
    kinds = sorted(part["types"].items(), key=lambda item: -item[1][typed[0]]["gold"])
    rows = [
        [cell(kind), *(f"{scores[typed[0]][key]}" for key in ("gold", "predicted")), *_figures(scores, typed)]
        for kind, scores in kinds
    ]
    heads = _heads(typed, kinds[0][1] if kinds else {}, "interval")
    return f"{code(name)}: entity types\n\n{_grid(['type', 'gold', 'predicted', *heads], rows)}"


def _heads(metrics: Sequence[Metric], scores: Json, interval: str) -> list[str]:
    shown = [metric for metric in metrics if "interval" in scores.get(metric, {})]
    titles = [(DEFINITIONS[metric].title, *((interval,) if metric in shown else ())) for metric in metrics]
    return ["P", "R", *(head for heads in titles for head in heads)]


def _figures(scores: Json, metrics: Sequence[Metric]) -> list[str]:
    first = scores[metrics[0]]
    found = [f"{100 * first[key]:.2f}" for key in ("precision", "recall")]
    for metric in metrics:
        figures = scores[metric]
        found.append(f"{100 * figures['f1']:.2f}")
        if "interval" in figures:
            found.append("–".join(f"{100 * end:.2f}" for end in figures["interval"]["f1"]))
    return found


def _grid(head: list[str], rows: list[list[str]]) -> str:
    rule = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rule, *rows))


def _caption(document: Json) -> str:
    first, resampling = metrics_of(document)[0], document["resampling"]
    said = f"{ROUNDING}; micro in each set, plain mean over sets; P and R by the {first} metric"
    if not resampling["resamples"]:
        return f"{said}."
    return f"{said}; intervals from {resampling['resamples']:,} bootstrap resamples of sentences."
