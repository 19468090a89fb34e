"""The first part of the page: who was measured on what, the means, the warnings."""

from __future__ import annotations

from collections.abc import Sequence

from gner_bench.records import Json
from gner_bench.report.grid import Cell, Grid, Section
from gner_bench.report.page.html import Html, element, join, name
from gner_bench.report.page.tables import join_names, table
from gner_bench.report.page.values import PageSystem
from gner_bench.report.rounding import ROUNDING, printed
from gner_bench.report.table import title
from gner_bench.scoring.metrics import DEFINITIONS, METRICS, Metric


def summary(systems: Sequence[PageSystem], warnings: Sequence[str]) -> Html:
    """Means with intervals, warnings, data and signatures."""
    return join(
        table(_means(systems)),
        _warnings(systems, warnings),
        table(_data(systems), folded=True),
        *map(_signature, systems),
    )


def _means(systems: Sequence[PageSystem]) -> Grid:
    metrics = [metric for metric in METRICS if any(metric in system.document["metrics"] for system in systems)]
    heads = ("System", *_heads(systems, metrics), "Parameters (M)", "Sentences", "Data sets", "Decoding")
    return Grid(
        "summary",
        "Systems, and the mean over their data sets",
        tuple(map(Cell, heads)),
        (Section(tuple((_system(system), *_facts(system.document, metrics)) for system in systems)),),
        (ROUNDING, "A mean is over the system's own data sets; its interval is by resampling sentences."),
    )


def _heads(systems: Sequence[PageSystem], metrics: Sequence[Metric]) -> list[str]:
    confidences = {f"{system.document['resampling']['confidence']:.0%} " for system in systems}
    interval = f"({confidences.pop() if len(confidences) == 1 else ''}interval)"
    return [f"Mean {DEFINITIONS[metric].title} {interval}" for metric in metrics]


def _system(system: PageSystem) -> Cell:
    note = str(system.document["system"]["note"])
    return Cell(system.title, notes=(note,) if note else ())


def _facts(document: Json, metrics: Sequence[Metric]) -> list[Cell]:
    sets, parameters = document["datasets"], document["system"].get("parameters")
    return [
        *(_mean(document["average"].get(metric)) for metric in metrics),
        Cell(f"{parameters / 1e6:,.0f}" if parameters else "–"),
        Cell(f"{sum(each['sentences'] for each in sets.values()):,}"),
        Cell(f"{len(sets)}"),
        Cell(document["origin"]["decoding"]),
    ]


def _mean(found: Json | None) -> Cell:
    if found is None:
        return Cell("–")
    mean = printed(100 * found["f1"])
    if "interval" not in found:
        return Cell(mean)
    low, high = (printed(100 * end) for end in found["interval"]["f1"])
    return Cell(f"{mean} ({low} to {high})")


def _warnings(systems: Sequence[PageSystem], warnings: Sequence[str]) -> Html:
    """Each warning once, with the systems that it is about where it is not about all."""
    about: dict[str, list[str]] = {}
    for system in systems:
        for warning in dict.fromkeys(system.warnings):
            about.setdefault(warning, []).append(system.title)
    lines = [element("li", warning) for warning in dict.fromkeys(warnings)]
    for warning, titles in about.items():
        whom = () if len(titles) == len(systems) else (join_names(titles), ": ")
        lines.append(element("li", *whom, warning))
    if not lines:
        return Html("")
    count = "1 warning" if len(lines) == 1 else f"{len(lines)} warnings"
    return element("details", element("summary", count), element("ul", *lines), class_="warnings", open=True)


def _data(systems: Sequence[PageSystem]) -> Grid:
    """A row for each data set, and for each version of it where systems were scored on different sentences."""
    found: dict[tuple[str, str], tuple[Json, list[str]]] = {}
    for system in systems:
        for dataset, scores in system.document["datasets"].items():
            found.setdefault((dataset, scores["content_hash"]), (scores, []))[1].append(system.title)
    heads = ("Data set", "Name", "Split", "Sentences", "Of", "Types", "Gold entities", "Content hash", "Systems")
    rows = (
        _data_row(dataset, scores, "all" if len(titles) == len(systems) else ", ".join(titles))
        for (dataset, _), (scores, titles) in found.items()
    )
    return Grid("data", "Data", tuple(map(Cell, heads)), (Section(tuple(rows)),))


def _data_row(dataset: str, scores: Json, systems: str) -> tuple[Cell, ...]:
    planned = scores.get("planned")
    counted = scores.get("strict") or next(scores[metric] for metric in METRICS if metric in scores)
    texts = (
        *(title(dataset), dataset, scores["split"], f"{scores['sentences']:,}", f"{planned:,}" if planned else "–"),
        *(f"{len(scores['label_list'])}", f"{counted['gold']:,}", scores["content_hash"][:12], systems),
    )
    return tuple(map(Cell, texts))


def _signature(system: PageSystem) -> Html:
    document = system.document
    return element(
        "details",
        element("summary", "Signature of ", name(system.title), ": ", element("code", document["signature_short"])),
        element("p", element("code", document["signature"])),
        class_="signature",
    )
