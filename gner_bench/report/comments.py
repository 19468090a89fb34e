"""Markdown for a comment on a pull request: of scores with their gates, and of a report (report.md)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from gner_bench.messages import markdown
from gner_bench.number_text import rounding
from gner_bench.report.contents import Contents
from gner_bench.report.grid import Grid, Section, by_value
from gner_bench.report.render.markdown import code, remarks, sources, table
from gner_bench.report.views.scores import Result, metrics_of, other_intervals, sets_grid, types_grid
from gner_bench.report.views.verdict import lead_grids, statements

VERDICTS = {"passed": "Passed", "failed": "Failed", "not judged": "Not judged", "scored": "Scored (no gate was set)"}
MOST_CHANGES = 3
"""Systems whose changes are shown; those of others are in the folder of tables."""


def score_comment(result: Result, per_type: bool = False) -> str:
    """The verdict on top, the scores, what to know of them, the signature.

    ``per_type`` adds a table of the entity types of every set. Names of people's choosing are code spans, in which
    GitHub neither mentions, links nor formats.
    """
    document = result.document
    metrics, system, resampling = metrics_of(document), document.system, document.resampling
    verdict = VERDICTS[result.verdict] + (f" (exit code {result.exit_code})" if result.exit_code else "")
    gates = [f"{each.status}: {each.reason}" for each in result.outcomes if result.gated or each.exit_code]
    rounded = rounding("Percent", 2).removesuffix(".")
    caption = f"{rounded}; micro in each set, plain mean over sets; P and R by the {metrics[0]} metric"
    if resampling.resamples:
        of = other_intervals(document) or " of sentences"
        caption += f"; intervals from {resampling.resamples:,} bootstrap resamples{of}"
    before, types = result.baseline, []
    for name, part in document.datasets.items() if per_type else ():
        if grid := types_grid(name, part, metrics, ends=True, before=before.datasets[name] if before else None):
            types.append(f"{code(name)}: entity types\n\n{table(grid)}")
    parts = [
        f"### {verdict}: {code(system.name)}" + (f" ({markdown(system.note)})" if system.note else ""),
        "\n".join(f"- {markdown(line)}" for line in gates),
        table(sets_grid(document, ends=True, against=result)),
        f"{caption}.",
        _compared(result),
        "\n".join(f"- {markdown(line)}" for line in result.notes),
        *types,
        f"Signature: {code(document.signature_short)}",
        f"<details><summary>Full signature</summary>\n\n{code(document.signature)}\n\n</details>",
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def report_comment(contents: Contents, main: Sequence[Grid], files: Sequence[str], left_out: str = "") -> str:
    """The verdict and the differences that it rests on, the ``main`` tables, links to ``files``, signatures.

    ``left_out`` says which figures there are none of, and why.
    """
    parts = [f"# {markdown(contents.title) or 'Scores'}"]
    parts += [f"**{markdown(each.head)}:** {markdown(each.text)}" for each in statements(contents)]
    compared = lead_grids(contents)
    for grid in compared[:MOST_CHANGES]:
        parts += [f"## {markdown(grid.title)}", table(grid), *remarks(grid)]
    if len(compared) > MOST_CHANGES:
        parts.append(f"{len(compared) - MOST_CHANGES} more systems are compared in the tables.")
    for grid in main:
        parts += _with_quoted_folded(grid)
    links: dict[str, list[str]] = {}
    for file in map(PurePosixPath, files):
        links.setdefault(str(file.with_suffix("")), []).append(f"[{file.suffix[1:]}]({file})")
    parts += ["## Files", "\n".join(f"- {stem}: {', '.join(formats)}" for stem, formats in links.items())]
    parts.append(markdown(left_out))
    signatures = by_value((system.name, system.signature_short) for system in contents.systems)
    parts += [f"Signature of {markdown(', '.join(names))}: {code(text)}" for text, names in signatures.items()]
    return "\n\n".join(filter(None, parts)) + "\n"


def _with_quoted_folded(grid: Grid) -> Iterable[str]:
    """The table under a heading, its quoted rows folded where it has some beside measured ones."""
    foldable: Sequence[Section] = grid.sections[1:] if grid.sections[0].rows and not grid.quoted_from else ()
    folded = [section for section in foldable if section.title]
    yield f"## {markdown(grid.title)}"
    yield table(grid, [section for section in grid.sections if section not in folded])
    if folded:
        summary = f"<details><summary>{len(folded[0].rows)} rows quoted from publications</summary>"
        yield "\n\n".join([summary, table(grid, folded), *sources(grid), "</details>"])
    yield from remarks(grid)


def _compared(result: Result) -> str:
    """What the differences from a baseline are, empty without one."""
    if result.baseline is None:
        return ""
    name = code(result.baseline.system.name)
    text = f"In brackets the difference from the baseline {name} in points, of unrounded values"
    details = next((gate.details for gate in result.outcomes if "trials" in gate.details), None)
    if details is not None:
        text += (
            f"; p: {details['test']} test, two-sided, {details['trials']:,} trials, corrected after Holm over data sets"
            " (not for the mean)"
        )
    return f"{text}. Signature of the baseline: {code(result.baseline.signature_short)}"
