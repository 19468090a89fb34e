"""What ``gner-bench score`` prints: a table, JSON, Markdown, CSV or JUnit XML; and the summary of a step."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from gner_bench.documents.fields import Json
from gner_bench.documents.scores import ScoresDocument
from gner_bench.files import to_json
from gner_bench.messages import one_line
from gner_bench.report.comments import score_comment
from gner_bench.report.grid import Line, Part, line
from gner_bench.report.render import csv, junit
from gner_bench.report.views.scores import Result, metrics_of, part_note, sets_grid, suites, types_grid, values_grid

SUMMARY = "GITHUB_STEP_SUMMARY"
"""The variable that names the file of a step's summary page in GitHub Actions."""
MOST_SUMMARY = 1024 * 1024
"""Bytes that GitHub takes for a step."""
TEXTS: dict[str, Callable[[Result, bool], str]] = {
    "json": lambda result, _: to_json(as_json(result)) + "\n",
    "markdown": score_comment,
    "csv": lambda result, _: csv.verbatim(values_grid(result.document)),
    "junit": lambda result, _: junit.render(suites(result)),
}
"""The text of each format; a table of entity types is added to Markdown on request."""


def text_of(result: Result, format_: str, per_type: bool = False) -> str:
    """What is printed in one of ``TEXTS``. Raises KeyError for another format."""
    return TEXTS[format_](result, per_type)


def as_json(result: Result) -> Json:
    """The document; where gates were asked for, with their verdict under ``gates``."""
    if not result.gated:
        return result.document.json()
    outcomes = [outcome.document() for outcome in result.outcomes]
    gates = {"verdict": result.verdict, "exit_code": result.exit_code, "outcomes": outcomes}
    return {**result.document.json(), "gates": gates}


def print_scores(document: ScoresDocument, per_type: bool = False, errors: bool = False) -> None:
    """Print the tables of ``document`` (in percent), its error analysis if asked, and its signature on stdout."""
    from gner_bench.report.render.terminal import show

    show(_scores(document, per_type, errors))


def _scores(document: ScoresDocument, per_type: bool, errors: bool) -> Iterator[Part]:
    yield sets_grid(document)
    for name, part in document.datasets.items() if per_type else ():
        if grid := types_grid(name, part, metrics_of(document)):
            yield grid
    if errors:
        from gner_bench.report.views.analysis import analysis_view

        yield from analysis_view(document)
    if note := part_note(document):
        yield line(one_line(note), soft=True)
    yield line(one_line(document.signature), "dim", soft=True)


def print_verdict(result: Result) -> None:
    """Print what each gate says on stdout, where any was asked for."""
    from gner_bench.report.render.terminal import show

    if result.gated:
        lines = [
            Line(((outcome.status, outcome.status), (f": {one_line(outcome.reason)}", "")), soft=True)
            for outcome in result.outcomes
        ]
        code = f" (exit code {result.exit_code})" if result.exit_code else ""
        show([*lines, line(f"{result.verdict.capitalize()}{code}", result.verdict)])


def append_summary(markdown: str, environment: Mapping[str, str]) -> str:
    """Append to the file that the environment names, if any, in one write; returns a warning, empty when it worked."""
    path = Path(environment.get(SUMMARY, ""))
    if not path.name:
        return ""
    content = markdown.encode("utf-8", "replace") + b"\n"
    try:
        size = path.stat().st_size if path.exists() else 0
        if size + len(content) > MOST_SUMMARY:
            return f"{path}: no step summary was written: it would be over {MOST_SUMMARY:,} bytes"
        with path.open("ab") as file:
            file.write(content)
    except OSError as error:
        return f"{path}: no step summary was written ({error.strerror or error})"
    return ""
