"""``gner-bench sensitivity``."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from gner_bench.cli import options as shared
from gner_bench.cli.command import Command, section
from gner_bench.cli.completion import of, offer
from gner_bench.cli.options import interruptible
from gner_bench.cli.predict import predict_command
from gner_bench.cli.report import libraries_of
from gner_bench.cli.values import Names
from gner_bench.errors import UsageError, did_you_mean
from gner_bench.extras import require
from gner_bench.messages import warn
from gner_bench.predict.options import Options, Split, TypeNames
from gner_bench.scoring.trials import TRIALS

if TYPE_CHECKING:
    from gner_bench.predict.same_as import SameAs

STYLES = tuple(style for style in get_args(TypeNames) if style != "given")
ASKED = {"type_names", "definitions", "shots"}
OTHER = frozenset({"out", "seeds", "repeat_batches", "shard", "draft_from", "verify_identical", *ASKED})
"""Options of predict that are those of one arm, or are other ones here."""
FORMATS = ("md", "tex", "csv", "json", "html", "png", "svg", "pdf")


def _names(ctx: click.Context, param: click.Parameter, names: tuple[str, ...]) -> tuple[str, ...]:
    if names == ("none",):
        return ()
    for name in names:
        if name not in STYLES:
            raise UsageError(f"--names: unknown {name!r}; {did_you_mean(name, [*STYLES, 'none'])}")
    return names


@click.command(
    "sensitivity", cls=Command, params=[param for param in predict_command.params if param.name not in OTHER]
)
@section("What is varied")
@click.option(
    "--orders", type=click.IntRange(0), default=5, show_default=True, metavar="K", help="Shuffled label orders."
)
@click.option(
    "--names",
    type=Names(),
    default=",".join(STYLES),
    show_default=True,
    callback=_names,
    metavar="NAME,…|none",
    shell_complete=offer(of(*STYLES, "none"), several=True),
    help="What prompts call the types, as --type-names of predict.",
)
@click.option(
    "--definitions",
    default="catalog",
    show_default=True,
    metavar="catalog|FILE|none",
    shell_complete=offer(of("catalog", "none"), path="file"),
    help="Definitions of types, where the answer format has a place for them.",
)
@click.option(
    "--shots",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    metavar="K",
    help="K sentences with their answers, drawn by --seed, where the answer format has a place for them; 0 for none.",
)
@section("Scores")
@click.option("--metric", type=shared.METRIC, default="gner", show_default=True, help="What is counted.")
@click.option(
    "--resamples",
    type=click.IntRange(100),
    default=TRIALS,
    show_default=True,
    metavar="N",
    help="Bootstrap resamples, and trials of the paired test.",
)
@section("Output")
@click.option(
    "--out", type=shared.PATH, metavar="DIR", help="Runs and report.  [default: prediction_results/MODEL-sensitivity]"
)
@shared.decimals(usual=1)
@click.option("--json", "as_json", is_flag=True, help="Print sensitivity.json instead of the table.")
def sensitivity_command(
    model: str,
    data: Path | None,
    datasets: tuple[str, ...] | None,
    split: Split | None,
    same_as: SameAs | None,
    orders: int,
    names: tuple[TypeNames, ...],
    definitions: str,
    shots: int,
    metric: str,
    resamples: int,
    out: Path | None,
    as_json: bool,
    offline: bool,
    name: str,
    **settings: Any,
) -> None:
    """Ask one system in several ways, and show what each is worth.

    The base has the types as the data name and order them, without definitions and shots. Each arm differs from it in
    one thing: a shuffled label order, other type names, definitions, or shots; those that the answer format has no
    place for are left out. DIR gets a folder with the run of each arm, as predict writes it, and report/ with
    report.md, sensitivity.json, the table and a plot. Killed at any moment, the same command continues.

    \b
    Example:
      gner-bench sensitivity --model GNER-T5-base --datasets zero-shot --out build/base
    """
    from gner_bench.documents.scores import Resampling
    from gner_bench.experiment.sensitivity import Asked, run_sensitivity
    from gner_bench.predict.backend import SystemOptions
    from gner_bench.report.render.terminal import show
    from gner_bench.report.sensitivity import write_sensitivity
    from gner_bench.report.views.sensitivity import sensitivity_grid

    require(*libraries_of(FORMATS))
    folder = out or Path("prediction_results") / f"{Path(model).name}-sensitivity"
    of_system = {spec.name: settings.pop(spec.name) for spec in fields(SystemOptions) if spec.name in settings}
    sets, of_split = same_as.asked(datasets or (), split) if same_as else (datasets or (), split or "test")
    options = Options(data=data, out=folder, datasets=sets, split=of_split, same_as=same_as, **settings)
    asked = Asked(orders, names, definitions, shots)
    with interruptible(f"what is finished is in {folder}"):
        found = run_sensitivity(
            SystemOptions(model, **of_system),
            options,
            asked,
            metric,
            Resampling(resamples),
            warn,
            shared.is_offline(offline),
            name,
        )
        files = write_sensitivity(found, folder / "report", FORMATS)
    if as_json:
        shared.print_json(found.document())
    else:
        show([sensitivity_grid(found)])
    click.echo(f"{folder / 'report'}: {', '.join(files)}", err=True)
