"""``gner-bench compare``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gner_bench.cli import options as shared
from gner_bench.cli.command import Command
from gner_bench.cli.values import SystemFile, grouped
from gner_bench.files import NamedPath
from gner_bench.messages import warn
from gner_bench.scoring.trials import TRIALS

if TYPE_CHECKING:
    from gner_bench.scoring.comparison import Comparison

FORMATS = {"markdown": "md", "latex": "tex", "csv": "csv"}


class Points(click.ParamType[float]):
    """A number of points above 0, or 0 where the option stands alone."""

    name = "points"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Fails with a usage error for anything else."""
        if value == "" or value == 0:
            return 0.0
        try:
            points = float(value)
        except ValueError:
            self.fail(f"{value!r} is no number of points; write --power after the systems, or --power X", param, ctx)
        if not 0.001 <= points <= 100:
            self.fail(f"{value} is not from 0.001 to 100 points", param, ctx)
        return points


@click.command("compare", cls=Command)
@click.argument("systems", nargs=-1, type=SystemFile(), metavar="[NAME=]A [NAME=]B…")
@shared.group
@shared.metric
@click.option(
    "--resamples",
    type=click.IntRange(100),
    default=TRIALS,
    show_default=True,
    metavar="N",
    help="Bootstrap resamples, and trials of the permutation test.",
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
@click.option("--all-pairs", is_flag=True, help="Every system with every other: a table with letters and a matrix.")
@click.option(
    "--power",
    type=Points(),
    is_flag=False,
    flag_value="",
    metavar="[X]",
    help="What these sentences find with 80% power; with X, how many would find a difference of X points.",
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(("table", "json", *FORMATS)),
    default="table",
    show_default=True,
    help="json: the whole result; others, the tables of --all-pairs.",
)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option("--out", type=shared.PATH, metavar="comparison.json", help="Also write the result to this file.")
@shared.report_to
def compare_command(
    systems: tuple[NamedPath, ...],
    groups: tuple[tuple[str, tuple[Path, ...]], ...],
    metric: tuple[str, ...],
    resamples: int,
    seed: int,
    tokenizer: tuple[str, ...],
    clean_up_spaces: bool,
    answers: Any,
    common: bool,
    per_type: bool,
    changed: int,
    all_pairs: bool,
    power: float | None,
    format_: str,
    as_json: bool,
    out: Path | None,
    report_to: tuple[str, ...],
) -> None:
    """Compare systems on the same sentences by paired tests.

    Each difference in F1 has an interval and p values. A is the baseline that every other system is compared with. Each
    is a scores.json, a predictions file or the folder of a run, of the same sentences with the same gold, in any order
    (--common leaves out what not all have), and is called NAME where one is given.

    p values are corrected over all data sets and pairs of systems that are compared.

    \b
    Examples:
      gner-bench compare prediction_results/base prediction_results/large --changed 5
      gner-bench compare base.json large.json xl.json --all-pairs --format markdown
    """
    from gner_bench.api import compare, group
    from gner_bench.errors import UsageError
    from gner_bench.files import write_json
    from gner_bench.scoring.counting import usable_processes
    from gner_bench.scoring.metrics import DEFAULT

    of_runs = grouped(groups)
    if len(systems) + len(of_runs) < 2:
        raise UsageError("a comparison needs two systems or more")
    format_ = _format(format_, as_json, all_pairs)
    read_as: dict[str, Any] = {"tokenizer": tokenizer, "answers": answers, "clean_up_spaces": clean_up_spaces}
    read_as["processes"] = usable_processes()
    in_groups = (group(paths, name, metric or DEFAULT, **read_as) for name, paths in of_runs.items())
    result = compare(
        *systems,
        *in_groups,
        metric=metric or None,
        resamples=resamples,
        seed=seed,
        **read_as,
        common=common,
        all_pairs=all_pairs,
    )
    for warning in result.warnings():
        warn(warning, always=warning in result.unlike or warning in result.noise)
    if out is not None:
        write_json(out, result.document())
    _print(result, format_, per_type, changed, power)
    if report_to:
        from gner_bench.files import to_json
        from gner_bench.publish.tracking import track_comparison

        track_comparison(report_to, result, {"comparison.json": to_json(result.document()) + "\n"})


def _print(result: Comparison, format_: str, per_type: bool, changed: int, power: float | None) -> None:
    if format_ == "json":
        shared.print_json(result.document())
        return
    from gner_bench.report.views.compare import compared_pairs, comparison_view

    if format_ == "table":
        from gner_bench.report.render.terminal import show

        points = power or None
        show(comparison_view(result, per_type, changed, power is not None, points))
        return
    from gner_bench.report.render import render

    grids = [compared_pairs(result, metric) for metric in result.metrics]
    texts = (render(FORMATS[format_], kind) for kind in zip(*grids, strict=True))
    click.echo("\n".join(texts).encode("utf-8"), nl=False)


def _format(format_: str, as_json: bool, all_pairs: bool) -> str:
    """What is printed. Raises UsageError for options that exclude each other."""
    from gner_bench.errors import UsageError

    if as_json and format_ not in ("table", "json"):
        raise UsageError(f"--json and --format {format_} exclude each other")
    if format_ in FORMATS and not all_pairs:
        raise UsageError(f"--format {format_} needs --all-pairs")
    return "json" if as_json else format_
