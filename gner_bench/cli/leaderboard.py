"""``gner-bench leaderboard``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gner_bench.cli import options as shared
from gner_bench.cli.command import Command, section
from gner_bench.cli.report import quoted as quoted_option
from gner_bench.cli.report import trained_on as trained_on_option
from gner_bench.cli.values import SystemFile, Text, grouped
from gner_bench.messages import one_line, warn

if TYPE_CHECKING:
    from gner_bench.files import NamedPath
    from gner_bench.scoring.tokenizers import Tokenizers

FILES = ("all", "scores", "none")


@click.command("leaderboard", cls=Command)
@click.argument("systems", nargs=-1, type=SystemFile(), metavar="[NAME=]RUN…")
@section("Page")
@click.option("--out", type=shared.PATH, metavar="DIR", help="Folder of the page.")
@click.option("--title", type=Text(), default="", metavar="TEXT", help="Of the page.  [default: Leaderboard]")
@click.option(
    "--metric",
    multiple=True,
    type=shared.METRIC,
    show_default="all that the scores hold; gner and strict for predictions",
    help="What the page shows; may be repeated.",
)
@shared.decimals(usual=1)
@quoted_option
@click.option(
    "--files",
    type=click.Choice(FILES),
    default="all",
    show_default=True,
    help="Files of each run that are copied to DIR and linked: all, scores.json and run.json, or none. Predictions hold"
    " the sentences of the data, which not everyone may publish.",
)
@click.option("--json", "as_json", is_flag=True, help="Print leaderboard.json instead of the tables.")
@section("Runs")
@shared.group
@trained_on_option
@shared.tokenizer
@shared.clean_up_spaces
@shared.answers
@section("Check")
@click.option(
    "--check",
    is_flag=True,
    help="First check each RUN, a folder with scores.json and predictions: hashes of files and data, and that its"
    " predictions, scored again, give its scores.json. Nothing is written unless all pass.",
)
def leaderboard_command(
    systems: tuple[NamedPath, ...],
    out: Path | None,
    title: str,
    metric: tuple[str, ...],
    quoted: tuple[str, ...],
    files: Any,
    as_json: bool,
    groups: tuple[tuple[str, tuple[Path, ...]], ...],
    trained_on: tuple[NamedPath, ...],
    tokenizer: tuple[str, ...],
    clean_up_spaces: bool,
    answers: Any,
    check: bool,
) -> None:
    """Rank many systems on one page for a static host.

    RUN is a scores.json, the folder of a run or a prediction file, which is scored first; NAME is what the system is
    called. DIR gets index.html, leaderboard.json with the same figures, and the files of the runs. Systems are in one
    group, and ranked, only where they were scored on the same sentences by the same rules.

    --check ends with the exit code of what is wrong first: 5 where a hash does not match, 1 where scores do not follow
    from the predictions, 6 for an unfinished run, 2 for what cannot be read.

    \b
    Examples:
      gner-bench leaderboard base=base.json large=large.json --out site --title 'Zero-shot NER'
      gner-bench leaderboard --check prediction_results/base
    """
    from gner_bench.errors import UsageError
    from gner_bench.report.contents import prepare
    from gner_bench.report.leaderboard.write import write_leaderboard
    from gner_bench.scoring.scores import warnings_of_all
    from gner_bench.scoring.tokenizers import read_tokenizers

    of_runs = grouped(groups)
    if not systems and not of_runs:
        raise UsageError("Missing argument '[NAME=]RUN…' (or --group NAME=RUN,RUN…)")
    if out is None and not check:
        raise UsageError("Missing option '--out DIR' (or --check alone)")
    tokenizers = read_tokenizers(tokenizer, clean_up_spaces)
    if check:
        _check(
            [*(source.path for source in systems), *(path for paths in of_runs.values() for path in paths)], tokenizers
        )
    if out is None:
        return
    contents = prepare(
        *(systems, metric, quoted, None, True, tokenizers, answers, title.strip(), of_runs), trained_on=trained_on
    )
    written = write_leaderboard(contents, out, files, of_runs)
    for warning in warnings_of_all([(system.name, system.scores) for system in contents.systems]):
        warn(warning)
    if as_json:
        click.echo((out / "leaderboard.json").read_bytes(), nl=False)
    else:
        from gner_bench.report.render.terminal import show
        from gner_bench.report.views.leaderboard import parts_view

        show(parts_view(written.parts))
    click.echo(f"{out}: index.html, leaderboard.json, {written.files} files of runs", err=True)


def _check(paths: list[Path], tokenizers: Tokenizers) -> None:
    """Check each run and say of each what was found on stdout. Raises the first error of those that failed."""
    from gner_bench.report.leaderboard.check import check_run

    errors = []
    for path in paths:
        checked = check_run(path, tokenizers)
        for note in checked.notes:
            click.echo(f"{one_line(str(path))}: note: {one_line(note)}")
        for error in checked.errors:
            click.echo(f"{one_line(str(path))}: failed: {one_line(str(error))}")
        if not checked.errors:
            click.echo(f"{one_line(str(path))}: passed: {one_line(checked.summary)}")
        errors += checked.errors
    if errors:
        raise errors[0]
