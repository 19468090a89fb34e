"""``gner-bench compare``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from gner_bench.cli import options as shared
from gner_bench.cli.command import Command
from gner_bench.cli.values import SystemFile
from gner_bench.files import NamedPath
from gner_bench.messages import warn
from gner_bench.scoring.trials import TRIALS


@click.command("compare", cls=Command)
@click.argument("systems", nargs=-1, required=True, type=SystemFile(), metavar="[NAME=]A [NAME=]B…")
@shared.metric
@click.option(
    "--resamples",
    type=click.IntRange(100),
    default=TRIALS,
    show_default=True,
    metavar="N",
    help="Bootstrap resamples, and trials of approximate randomization.",
)
@shared.resampling_seed
@shared.tokenizer
@shared.clean_up_spaces
@shared.answers
@shared.decimals(usual=2)
@click.option(
    "--common",
    is_flag=True,
    help="Compare on the sentences that all systems have (by data set, id, words and gold); what is left out is said.",
)
@click.option("--per-type", is_flag=True, help="Also tables of entity types, with paired intervals.")
@click.option(
    "--changed",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    metavar="N",
    help="Name up to N sentences of each set that got better, and as many that got worse.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the whole result as one JSON document.")
@click.option("--out", type=shared.PATH, metavar="comparison.json", help="Also write the result to this file.")
def compare_command(
    systems: tuple[NamedPath, ...],
    metric: tuple[str, ...],
    resamples: int,
    seed: int,
    tokenizer: tuple[str, ...],
    clean_up_spaces: bool,
    answers: Any,
    common: bool,
    per_type: bool,
    changed: int,
    as_json: bool,
    out: Path | None,
) -> None:
    """Compare systems on the same sentences by paired tests.

    Each difference in F1 has an interval and p values. A is the baseline that every other system is compared with. Each
    is a scores.json, a predictions file or the folder of a run, of the same sentences with the same gold, in any order
    (--common leaves out what not all have), and is called NAME where one is given.

    \b
    Example:
      gner-bench compare prediction_results/base prediction_results/large --changed 5
    """
    from gner_bench.api import compare
    from gner_bench.errors import UsageError
    from gner_bench.files import write_json
    from gner_bench.scoring.counting import usable_processes

    if len(systems) < 2:
        raise UsageError("a comparison needs two systems or more")
    result = compare(
        *systems,
        metric=metric or None,
        resamples=resamples,
        seed=seed,
        tokenizer=tokenizer,
        answers=answers,
        clean_up_spaces=clean_up_spaces,
        processes=usable_processes(),
        common=common,
    )
    for warning in result.warnings():
        warn(warning, always=warning in result.unlike)
    if out is not None:
        write_json(out, result.document())
    if as_json:
        shared.print_json(result.document())
    else:
        from gner_bench.report.render.terminal import show
        from gner_bench.report.views.compare import comparison_view

        show(comparison_view(result, per_type, changed))
