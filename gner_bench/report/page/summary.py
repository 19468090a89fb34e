"""The first part of the page: who was measured on what, the means, the warnings."""

from __future__ import annotations

from collections.abc import Sequence

from gner_bench.documents.scores import SetDocument
from gner_bench.number_text import decimal, rounding
from gner_bench.report.grid import Cell, Grid, Section, by_value
from gner_bench.report.page.content import Content, PageSystem
from gner_bench.report.page.html import Html, element, join, join_names, name, table
from gner_bench.report.views.table import title
from gner_bench.scoring.metrics import METRICS

MEAN = "A mean is over the system's own data sets; its interval is over sentences, of a group of runs over runs, too."


def summary(content: Content) -> Html:
    """Means with intervals, warnings, data and signatures."""
    signatures = []
    for system in content.systems:
        line = element("code", system.document.signature_short)
        head = element("summary", "Signature of ", name(system.title), ": ", line)
        whole = element("p", element("code", system.document.signature))
        signatures.append(element("details", head, whole, class_="signature"))
    means, data = table(_means(content.systems)), table(data_grid(content.systems), folded=True)
    checklist = element("p", "Reproducibility checklist: ", element("code", "checklist.md"), " beside this page.")
    return join(means, _warnings(content), data, *signatures, checklist)


def _means(systems: Sequence[PageSystem]) -> Grid:
    """A row for each system."""
    metrics = [metric for metric in METRICS if any(metric in system.document.metrics for system in systems)]
    confidences = {f"{system.document.resampling.confidence:.0%} " for system in systems}
    interval = f"({confidences.pop() if len(confidences) == 1 else ''}interval)"
    means = [f"Mean {METRICS[metric].title} {interval}" for metric in metrics]
    rows = []
    for system in systems:
        document, note = system.document, system.document.system.note
        sets, parameters = document.datasets, document.system.parameters
        averages = []
        for average in map(document.average.get, metrics):
            mean = decimal(100 * average.f1) if average else "–"
            if average and average.interval:
                low, high = (decimal(100 * end) for end in average.interval["f1"])
                mean += f" ({low} to {high})"
            averages.append(Cell(mean))
        row = [
            Cell(system.title, notes=(note,) if note else ()),
            *averages,
            Cell(f"{parameters / 1e6:,.0f}" if parameters else "–"),
            Cell(f"{sum(scores.sentences for scores in sets.values()):,}"),
            Cell(f"{len(sets)}"),
            Cell(document.origin.decoding),
        ]
        rows.append(tuple(row))
    return Grid(
        "summary",
        "Systems, and the mean over their data sets",
        tuple(map(Cell, ("System", *means, "Parameters (M)", "Sentences", "Data sets", "Decoding"))),
        (Section(tuple(rows)),),
        (rounding(), MEAN),
    )


def _warnings(content: Content) -> Html:
    """Each warning once, with the systems that it is about where it is not about all."""
    about = by_value((system.title, warning) for system in content.systems for warning in system.warnings)
    lines = [element("li", line) for line in dict.fromkeys(content.warnings)]
    for warning, titles in about.items():
        systems = () if len(titles) == len(content.systems) else (join_names(titles), ": ")
        lines.append(element("li", *systems, warning))
    if not lines:
        return Html("")
    count = "1 warning" if len(lines) == 1 else f"{len(lines)} warnings"
    return element("details", element("summary", count), element("ul", *lines), class_="warnings", open=True)


def data_grid(systems: Sequence[PageSystem]) -> Grid:
    """A row for each data set, and for each version of it where systems were scored on different sentences."""
    versions: dict[tuple[str, str], tuple[SetDocument, list[str]]] = {}
    for system in systems:
        for dataset, scores in system.document.datasets.items():
            versions.setdefault((dataset, scores.content_hash), (scores, []))[1].append(system.title)
    rows = []
    for (dataset, content_hash), (scores, titles) in versions.items():
        # Any metric tells the gold entities; strict ones where there are some, as in the analysis of errors.
        counted = scores.values.get("strict") or next(
            scores.values[metric] for metric in METRICS if metric in scores.values
        )
        row = [
            *(title(dataset), dataset, scores.split),
            *(f"{scores.sentences:,}", f"{scores.planned:,}" if scores.planned else "–"),
            # Groups of runs have no counts.
            *(f"{len(scores.label_list)}", "–" if counted.gold is None else f"{counted.gold:,}", content_hash[:12]),
            "all" if len(titles) == len(systems) else ", ".join(titles),
        ]
        rows.append(tuple(map(Cell, row)))
    heads = ("Data set", "Name", "Split", "Sentences", "Of", "Types", "Gold entities", "Content hash", "Systems")
    return Grid("data", "Data", tuple(map(Cell, heads)), (Section(tuple(rows)),))
