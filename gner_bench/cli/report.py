"""``gner-bench report``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from gner_bench.cli import options as shared
from gner_bench.cli.values import Names
from gner_bench.extras import require
from gner_bench.messages import warn
from gner_bench.report.figures.style import StyleName
from gner_bench.report.render import FORMATS

if TYPE_CHECKING:
    from gner_bench.report.contents import Contents
    from gner_bench.report.write import Written


@click.command("report")
@click.argument("scores", nargs=-1, required=True, type=shared.PATH, metavar="SCORES|RUN…")
@click.option("--out", type=shared.PATH, required=True, metavar="DIR", help="Folder of the report.")
@click.option("--baseline", metavar="NAME|FILE", help="Compare all others with this system, by paired tests.")
@click.option(
    "--metric",
    multiple=True,
    type=shared.METRIC,
    show_default="all that the scores hold; gner and strict for predictions",
    help="What tables show; may be repeated. Figures show the first.",
)
@click.option("--intervals", is_flag=True, help="Half the interval beside each figure of the tables.")
@click.option(
    "--published",
    type=Names(),
    default="all",
    show_default=True,
    metavar="NAME,…",
    help="Quoted published rows to add, * for anything (GNER-*).",
)
@click.option("--no-published", is_flag=True, help="No quoted rows.")
@click.option(
    "--formats",
    type=Names(),
    default=",".join(FORMATS),
    show_default=True,
    metavar="NAME,…",
    help="Formats of tables and figures; html also gives a page, tex a document.",
)
@click.option(
    "--style",
    type=click.Choice(get_args(StyleName)),
    default="acl",
    show_default=True,
    help="Sizes of figures: columns of ACL or NeurIPS papers, or slides.",
)
@shared.tokenizer
@shared.clean_up_spaces
@shared.answers
@click.option("--json", "as_json", is_flag=True, help="Print report.json instead of the table.")
def report_command(
    scores: tuple[Path, ...],
    out: Path,
    baseline: str | None,
    metric: tuple[str, ...],
    intervals: bool,
    published: tuple[str, ...],
    no_published: bool,
    formats: tuple[str, ...],
    style: StyleName,
    tokenizer: tuple[str, ...],
    clean_up_spaces: bool,
    answers: Any,
    as_json: bool,
) -> None:
    """Compare systems in tables and figures for papers, slides and pull requests.

    Takes scores.json files, run folders and prediction files, which are scored first. DIR gets report.md (short enough
    for a comment), report.json, tables/, figures/, index.html and report.tex. Published rows are quoted, marked so, and
    never in bold.

    \b
    Examples:
      gner-bench report base.json large.json --out reports/sizes --baseline base.json --intervals
      gner-bench report prediction_results/base --out reports/base --published 'GNER-*' --style slides
    """
    from gner_bench.report.contents import prepare
    from gner_bench.report.write import write_report
    from gner_bench.scoring.scores import warnings_of_all
    from gner_bench.scoring.tokenizers import read_tokenizers

    chosen = known_formats(formats)
    require(*libraries_of(chosen))
    quoted, tokenizers = () if no_published else published, read_tokenizers(tokenizer, clean_up_spaces)
    contents = prepare(scores, metric, quoted, baseline, intervals, tokenizers, answers)
    written = write_report(contents, out, chosen, style)
    for warning in warnings_of_all([(system.name, system.scores) for system in contents.systems]):
        warn(warning)
    _print(contents, written, as_json)


def print_report(
    scores: tuple[Path, ...],
    out: Path,
    published: bool,
    baseline: str | None = None,
    formats: tuple[str, ...] = FORMATS,
) -> None:
    """Write the report of ``scores`` to ``out``, print its table on stdout and where it lies on stderr."""
    from gner_bench.report.contents import prepare
    from gner_bench.report.write import write_report

    contents = prepare(scores, published=("all",) if published else (), baseline=baseline)
    _print(contents, write_report(contents, out, formats), as_json=False)


def known_formats(names: tuple[str, ...]) -> tuple[str, ...]:
    """The formats of these names, in our order. Raises UsageError with the nearest name for an unknown one."""
    from gner_bench.errors import UsageError, did_you_mean

    for name in names:
        if name not in FORMATS:
            raise UsageError(f"unknown format {name!r}; {did_you_mean(name, list(FORMATS))}")
    return tuple(known for known in FORMATS if known in names)


def libraries_of(formats: tuple[str, ...]) -> tuple[str, ...]:
    """What must be installed for a report in these formats."""
    return ("matplotlib",) if {"html", "png", "svg", "pdf"}.intersection(formats) else ()


def _print(contents: Contents, written: Written, as_json: bool) -> None:
    """The table and the verdict on stdout; what was written and left out on stderr."""
    if as_json:
        click.echo((written.out / "report.json").read_bytes(), nl=False)
    else:
        _print_tables(contents)
    for name, reason in written.left_out.items():
        click.echo(f"no figure of {name}: {reason}", err=True)
    folders = {name: sum(file.startswith(f"{name}/") for file in written.files) for name in ("tables", "figures")}
    top = [file for file in written.files if "/" not in file]
    counted = [f"{count} {name}" for name, count in folders.items() if count]
    click.echo(f"{written.out}: {', '.join([*sorted(top), *counted])}", err=True)


def _print_tables(contents: Contents) -> None:
    from gner_bench.report.render.terminal import show
    from gner_bench.report.views.differences import verdict
    from gner_bench.report.views.systems import systems_grid

    show(systems_grid(table, contents.intervals) for table in contents.tables[contents.metric])
    for changes in contents.changes(contents.metric):
        word, values = verdict(contents, changes)
        click.echo(f"{word}: {values}")
