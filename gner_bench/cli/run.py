"""``gner-bench run``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, get_args

import click

from gner_bench.answers import LabelOrder
from gner_bench.cli import options as shared
from gner_bench.cli.command import OTHERS, Command, section
from gner_bench.cli.completion import model_names, of, offer
from gner_bench.cli.options import interruptible
from gner_bench.cli.report import known_formats, libraries_of, print_report
from gner_bench.cli.values import Parsed
from gner_bench.extras import require
from gner_bench.messages import warn
from gner_bench.predict.options import parse_seeds
from gner_bench.report.render import FORMATS

if TYPE_CHECKING:
    from gner_bench.experiment.config import Experiment

PRESET_NAMES = ("zero-shot", "supervised", "demo")

HELP = """\
Predict, score and report in one go, continuing what exists.

Presets: zero-shot and supervised are the tables of the GNER paper, demo is the embedded demonstration.

\b
A configuration names data and systems:
  data = "data/gner"                    # or "demo"; without it, data sets of the catalogue
  datasets = ["crossner_ai"]            # names or groups; optional with data
  decodings = ["drafted", "beam"]       # also greedy, constrained; num_beams for beam
                                        # also split, same_as, sample, sample_seed, limit,
                                        # sample_ids, batch_size, batch_tokens, dtype, device,
                                        # threads, label_order, seed, seeds, repair, scheme, columns, metrics,
                                        # resamples, resampling_seed, answers; of the report:
                                        # baseline, title, quoted, formats
  predictions = "prediction_results/mine"
  report = "reports/mine"
  [[systems]]                           # a checkpoint, in every decoding
  model = "GNER-T5-base"                # folder, hub id or catalogue name
  name = "base"                         # optional; what every table calls it
  [[systems]]                           # any other system: the options of predict, by their names
  backend = "openai"
  base_url = "http://localhost:8000/v1"
  model = "llama"
  format = "json"
  price = [0.15, 0.6]                   # for --dry-run
  [[systems]]                           # files of predictions: the options of score, by their names
  name = "UniNER"
  predictions = ["ai.jsonl"]            # one file or several
  from = "uniner"                       # also as, gold, split, keep_misc, rename (a TOML file), align,
                                        # scheme, columns, field, tokenizer, …
  [[systems]]                           # several runs of one system, a group
  name = "mine"
  models = ["out/a", "out/b"]           # or runs = ["dir1", "dir2"] that exist, or one model with seeds = [0, 1, 2]

\b
Examples:
  gner-bench run --preset zero-shot --dry-run
  gner-bench run --preset demo --out build/demo
  gner-bench run --preset zero-shot --model GNER-T5-base --label-order shuffled --seeds 0,1,2 --out build/base
  gner-bench run --export-config prediction_results/base > base.toml
"""


@click.command("run", cls=Command, help=HELP)
@click.argument("config", required=False, type=shared.PATH, metavar="[CONFIG.toml]")
@section("Configuration")
@click.option("--preset", type=click.Choice(PRESET_NAMES), help="A configuration that comes with the package.")
@click.option(
    "--model",
    "models",
    multiple=True,
    metavar="PATH|HUB_ID|demo",
    shell_complete=offer(model_names, of("demo"), path="dir"),
    help="Instead of its systems.",
)
@click.option(
    "--label-order", type=click.Choice(get_args(LabelOrder)), help="Instead of that of the configuration; see predict."
)
@click.option(
    "--seeds",
    type=Parsed(parse_seeds),
    metavar="N,N",
    help="A run for each seed of each system that depends on one; the report has their mean and spread as one row.",
)
@click.option("--export-config", type=shared.PATH, metavar="RUN", help="Print the configuration of a finished run.")
@section("Output")
@click.option("--out", type=shared.PATH, metavar="DIR", help="Write to DIR/predictions and DIR/report instead.")
@click.option(
    "--dry-run", is_flag=True, help="Only print what would be done, with estimates of calls, tokens, cost and time."
)
@shared.report_to
@section(OTHERS)
@shared.offline
def run_command(
    config: Path | None,
    preset: str | None,
    models: tuple[str, ...],
    label_order: str | None,
    seeds: tuple[int, ...] | None,
    out: Path | None,
    dry_run: bool,
    export_config: Path | None,
    report_to: tuple[str, ...],
    offline: bool,
) -> None:
    """Predict, score and report what a configuration names; see ``HELP``."""
    if sum(given is not None for given in (config, preset, export_config)) != 1:
        raise click.UsageError("give one of a CONFIG.toml, --preset and --export-config")
    if export_config is not None:
        _print_config(export_config)
        return
    from gner_bench.experiment.config import PRESETS, read_experiment, several

    asked = {key: value for key, value in (("label_order", label_order), ("seeds", seeds)) if value is not None}
    experiment = read_experiment(config or PRESETS[preset or ""], models, **asked)
    formats = known_formats(experiment.formats or FORMATS)
    predictions = out / "predictions" if out else Path(experiment.predictions)
    report = out / "report" if out else Path(experiment.report)
    if dry_run:
        _print_plan(experiment, predictions)
        return
    from gner_bench.experiment.run import run_experiment
    from gner_bench.predict.backend import BACKENDS

    systems = [job.system for job in experiment.jobs() if not job.system.files]
    needed = (library for system in systems for library in BACKENDS.get(system.backend).needs)
    require(*libraries_of(formats), *needed)
    with interruptible(f"what is finished is in {predictions}"):
        scores = run_experiment(experiment, predictions, warn, shared.is_offline(offline))
    of_runs = {name: [scores[job] for job in jobs] for name, jobs in experiment.groups.items()}
    alone = [path for job, path in scores.items() if not any(job in jobs for jobs in experiment.groups.values())]
    baseline = experiment.baseline or None
    print_report(alone, report, several(experiment.quoted), baseline, formats, experiment.title, of_runs)
    if report_to:
        from gner_bench.documents.scores import read_scores
        from gner_bench.publish.tracking import track_report

        track_report(report_to, experiment.title, {job: read_scores(path) for job, path in scores.items()}, report)


def _print_config(run: Path) -> None:
    from gner_bench.experiment.export import export_config

    click.echo(export_config(run).encode("utf-8"), nl=False)


def _print_plan(experiment: Experiment, predictions: Path) -> None:
    from gner_bench.experiment.plan import plan_experiment
    from gner_bench.report.render.terminal import show
    from gner_bench.report.views.plan import plan_view

    show(plan_view(plan_experiment(experiment, predictions), predictions))
