"""``gner-bench report``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from gner_bench.cli import options as shared
from gner_bench.cli.command import Command, section
from gner_bench.cli.completion import of, offer, quoted_names
from gner_bench.cli.values import Names, SystemFile, Text, grouped
from gner_bench.extras import require
from gner_bench.messages import one_line, warn
from gner_bench.report.figures.style import StyleName
from gner_bench.report.render import FORMATS

if TYPE_CHECKING:
    from gner_bench.files import NamedPath
    from gner_bench.report.contents import Contents
    from gner_bench.report.write import Written

quoted = click.option(
    "--quoted",
    multiple=True,
    default=("all",),
    show_default=True,
    metavar="all|NAME,…|none",
    shell_complete=offer(quoted_names, of("all", "none"), several=True),
    help="Published rows in tables and figures: all, none or some of `gner-bench list published`, * for anything"
    " (GNER-*). Repeatable.",
)
trained_on = click.option(
    "--trained-on",
    type=SystemFile(),
    multiple=True,
    metavar="[NAME=]PATH",
    help="As of `score`, of all systems or of the one that is called NAME here. Repeatable.",
)


@click.command("report", cls=Command)
@click.argument("systems", nargs=-1, type=SystemFile(), metavar="[NAME=]FILE…")
@section("Systems")
@shared.group
@click.option(
    "--baseline",
    multiple=True,
    metavar="NAME|FILE",
    help="Compare all others with this system, by paired tests. Repeatable: tables mark what differs from the first by"
    " †, from the second by ‡ and so on; figures and verdict are about the first.",
)
@section("Tables and figures")
@click.option(
    "--metric",
    multiple=True,
    type=shared.METRIC,
    show_default="all that the scores hold; gner and strict for predictions",
    help="What tables show; may be repeated. Figures show the first.",
)
@click.option("--intervals", is_flag=True, help="Half the interval beside each figure of the tables.")
@shared.decimals(usual=1)
@quoted
@click.option(
    "--formats",
    type=Names(),
    default=",".join(FORMATS),
    show_default=True,
    metavar="NAME,…",
    shell_complete=offer(of(*FORMATS), several=True),
    help="Formats of tables and figures; html also gives a page, tex a document.",
)
@click.option(
    "--style",
    type=click.Choice(get_args(StyleName)),
    default="acl",
    show_default=True,
    help="Sizes of figures: columns of ACL or NeurIPS papers, or slides.",
)
@section("Scores of predictions")
@trained_on
@shared.familiarity
@shared.tokenizer
@shared.clean_up_spaces
@shared.answers
@section("Output")
@click.option("--out", type=shared.PATH, required=True, metavar="DIR", help="Folder of the report.")
@click.option("--title", type=Text(), default="", metavar="TEXT", help="Of the page and of report.md.")
@click.option("--json", "as_json", is_flag=True, help="Print report.json instead of the table.")
def report_command(
    systems: tuple[NamedPath, ...],
    groups: tuple[tuple[str, tuple[Path, ...]], ...],
    out: Path,
    baseline: tuple[str, ...],
    metric: tuple[str, ...],
    intervals: bool,
    title: str,
    quoted: tuple[str, ...],
    formats: tuple[str, ...],
    style: StyleName,
    trained_on: tuple[NamedPath, ...],
    familiarity: str | None,
    tokenizer: tuple[str, ...],
    clean_up_spaces: bool,
    answers: Any,
    as_json: bool,
) -> None:
    """Compare systems in tables and figures for papers and slides.

    FILE is a scores.json, the folder of a run or a prediction file, which is scored first; NAME is what the system is
    called in all that is written. DIR gets report.md (short enough for a comment), report.json, tables/, figures/,
    index.html and report.tex, for papers figures.tex, notes.tex and quoted.bib. Published rows are quoted, marked so,
    and never in bold.

    \b
    Examples:
      gner-bench report base=base.json large=large.json --out reports/sizes --baseline base --intervals
      gner-bench report prediction_results/base --out reports/base --quoted 'GNER-*' --style slides
    """
    from gner_bench.report.contents import prepare
    from gner_bench.report.views.differences import noise
    from gner_bench.report.write import painter, write_report
    from gner_bench.scoring.scores import warnings_of_all
    from gner_bench.scoring.tokenizers import read_tokenizers

    if not systems and not groups:
        raise click.UsageError(
            "Missing argument '[NAME=]FILE…' (or --group NAME=RUN,RUN…)", click.get_current_context()
        )
    chosen = known_formats(formats)
    require(*libraries_of(chosen))
    with painter(chosen) as ready:
        tokenizers = read_tokenizers(tokenizer, clean_up_spaces)
        contents = prepare(
            *(systems, metric, quoted, baseline, intervals, tokenizers, answers, title.strip(), grouped(groups)),
            trained_on=trained_on,
            encoder=familiarity,
        )
        written = write_report(contents, out, chosen, style, ready)
    if quoted != ("all",) and contents.out_of_place:
        warn(
            f"no table has quoted scores of {', '.join(contents.out_of_place)} (on other data sets, by the GNER metric)"
        )
    pairs = [(each, changes) for each in contents.baselines for changes in contents.changes(contents.metric, each)]
    for line in dict.fromkeys(filter(None, (noise(*pair) for pair in pairs))):
        warn(line, always=True)
    for warning in warnings_of_all([(system.name, system.scores) for system in contents.systems]):
        warn(warning)
    _print(contents, written, as_json)


def print_report(
    scores: Sequence[Path],
    out: Path,
    quoted: Sequence[str],
    baseline: str | None = None,
    formats: tuple[str, ...] = FORMATS,
    title: str = "",
    groups: Mapping[str, Sequence[Path]] | None = None,
) -> None:
    """Write the report of ``scores`` and of ``groups`` of them by name to ``out``.

    Its table is printed on stdout, where it lies on stderr.
    """
    from gner_bench.report.contents import prepare
    from gner_bench.report.write import painter, write_report

    with painter(formats) as ready:
        contents = prepare(scores, published=quoted, baseline=baseline, title=title, groups=groups)
        written = write_report(contents, out, formats, painter=ready)
    _print(contents, written, as_json=False)


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
    if written.left_out:
        click.echo(written.said_left_out, err=True)
    for name, reason in written.unseen.items():
        click.echo(f"no sentences of {one_line(name)} on the page: {one_line(reason)}", err=True)
    folders = {"tables": len(written.stems("tables")), "figures": len(written.stems("figures"))}
    top = [file for file in written.files if "/" not in file]
    counted = [f"{count} {name}" for name, count in folders.items() if count]
    click.echo(f"{written.out}: {', '.join([*sorted(top), *counted])}", err=True)


def _print_tables(contents: Contents) -> None:
    from gner_bench.report.render.terminal import show
    from gner_bench.report.views.systems import systems_grid
    from gner_bench.report.views.verdict import statements

    show(systems_grid(table, contents.intervals) for table in contents.tables[contents.metric])
    for statement in statements(contents):
        click.echo(one_line(str(statement)))
