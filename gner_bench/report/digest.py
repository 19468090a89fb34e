"""report.md: what a pull request needs to see."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from gner_bench.report.contents import Contents
from gner_bench.report.escape import markdown
from gner_bench.report.grid import Grid, Section, by_value
from gner_bench.report.render.markdown import code, remarks, sources, table
from gner_bench.report.verdict import verdict

MOST_CHANGES = 3
"""Systems whose changes are shown; those of others stand in the tables' folder."""


def digest(contents: Contents, main: Sequence[Grid], changes: Sequence[Grid], files: Sequence[str]) -> str:
    """The verdict, the ``main`` tables, the first ``changes`` against the baseline, links to ``files``, signatures."""
    shown = [grid for grid in changes if grid.name == f"differences_{contents.metric}"]
    parts = [
        "# Scores",
        *_verdicts(contents),
        *(part for grid in main for part in _scores(grid)),
        *(part for grid in shown[:MOST_CHANGES] for part in _changes(grid)),
        *_more(len(shown) - MOST_CHANGES),
        "## Files",
        "\n".join(_links(files)),
        *_signatures(contents),
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def _verdicts(contents: Contents) -> Iterable[str]:
    baseline = contents.baseline
    if baseline is None:
        return
    for changes in contents.changes(contents.metric):
        word, figures = verdict(baseline, changes, contents.metric)
        yield f"**{word[0].upper()}{word[1:]}:** {markdown(figures)}."


def _scores(grid: Grid) -> Iterable[str]:
    """The table, its quoted rows folded where it has some beside measured ones."""
    folded: Sequence[Section] = grid.sections[1:] if grid.sections[0].rows and not grid.quoted_from else ()
    titled = [section for section in folded if section.title]
    yield f"## {markdown(grid.title)}"
    yield table(grid, [section for section in grid.sections if section not in titled])
    if titled:
        summary = f"<details><summary>{len(titled[0].rows)} rows quoted from publications</summary>"
        yield "\n\n".join([summary, table(grid, titled), *sources(grid), "</details>"])
    yield from remarks(grid)


def _changes(grid: Grid) -> Iterable[str]:
    yield f"## {markdown(grid.title)}"
    yield table(grid)
    yield from remarks(grid)


def _signatures(contents: Contents) -> Iterable[str]:
    found = by_value((system.name, system.signature_short) for system in contents.systems)
    return (f"Signature of {markdown(', '.join(names))}: {code(text)}" for text, names in found.items())


def _more(systems: int) -> Iterable[str]:
    if systems > 0:
        yield f"{systems} more systems are compared in the tables."


def _links(files: Sequence[str]) -> Iterable[str]:
    """A line for each file with all its formats."""
    formats: dict[str, list[str]] = {}
    for file in files:
        path = PurePosixPath(file)
        formats.setdefault(str(path.with_suffix("")), []).append(file)
    for stem, found in formats.items():
        yield f"- {stem}: " + ", ".join(f"[{PurePosixPath(file).suffix[1:]}]({file})" for file in found)
