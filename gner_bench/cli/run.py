"""``gner-bench run``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gner_bench.cli import options as shared
from gner_bench.cli.predict import local, run_prediction
from gner_bench.cli.report import print_report

if TYPE_CHECKING:
    from gner_bench.matrix.config import Matrix, Run

PRESET_NAMES = ("zero-shot", "supervised", "demo")


@click.command("run")
@click.argument("config", required=False, type=shared.PATH, metavar="[CONFIG.toml]")
@click.option("--preset", type=click.Choice(PRESET_NAMES), help="A configuration that comes with the package.")
@click.option("--model", "models", multiple=True, metavar="PATH|HUB_ID|demo", help="Instead of its checkpoints.")
@click.option("--out", type=shared.PATH, metavar="DIR", help="Write to DIR/predictions and DIR/report instead.")
@click.option("--dry-run", is_flag=True, help="Only print what would be done, with sizes and an estimate of time.")
@click.option("--export-config", type=shared.PATH, metavar="RUN", help="Print the configuration of a finished run.")
@shared.offline
def run_command(
    config: Path | None,
    preset: str | None,
    models: tuple[str, ...],
    out: Path | None,
    dry_run: bool,
    export_config: Path | None,
    offline: bool,
) -> None:
    """Predict, score and report in one go, continuing what exists.

    Presets: zero-shot and supervised are the tables of the GNER paper, demo is the embedded demonstration.

    \b
    A configuration names data, checkpoints and decodings; every checkpoint runs in every decoding:
      data = "data/gner"                    # or "demo"; without it, data sets of the catalogue
      datasets = ["crossner_ai"]            # names or groups; optional with data
      decodings = ["drafted", "beam"]       # also greedy, constrained; num_beams for beam
                                            # also split, limit, sample_ids, batch_size, batch_tokens, dtype,
                                            # device, label_order, seed, repair, metrics, resamples,
                                            # resampling_seed, baseline, published
      predictions = "prediction_results/mine"
      report = "reports/mine"
      [[checkpoints]]
      model = "GNER-T5-base"                # folder, hub id or catalogue name
      name = "base"                         # optional

    \b
    Examples:
      gner-bench run --preset zero-shot --dry-run
      gner-bench run --preset demo --out build/demo
      gner-bench run --export-config prediction_results/base > base.toml
    """
    if sum(each is not None for each in (config, preset, export_config)) != 1:
        raise click.UsageError("give one of a CONFIG.toml, --preset and --export-config")
    if export_config is not None:
        from gner_bench.matrix.export import export_config as exported

        click.echo(exported(export_config), nl=False)
        return
    from gner_bench.matrix.config import PRESETS, read_matrix

    matrix = read_matrix(config or PRESETS[preset or ""], models)
    predictions = out / "predictions" if out else Path(matrix.predictions)
    if dry_run:
        from gner_bench.matrix.plan import plan_matrix
        from gner_bench.report.plan import print_plan

        print_plan(plan_matrix(matrix, predictions), predictions)
    else:
        _run(matrix, predictions, out / "report" if out else Path(matrix.report), offline)


def _run(matrix: Matrix, predictions: Path, report: Path, offline: bool) -> None:
    from gner_bench.predict.inputs import provide_inputs

    runs = list(matrix.runs())
    provide_inputs([run.model for run in runs], matrix.options(runs[0], predictions), lambda _: None, offline)
    scores = []
    for run in runs:
        options = matrix.options(run, predictions / run.name)
        source = local(run.model, matrix.dtype, matrix.device, options)
        scores.append(_score(matrix, run, run_prediction([run.model], options, offline, source)))
    print_report(tuple(scores), report, matrix.published, matrix.baseline or None)


def _score(matrix: Matrix, run: Run, path: Path) -> Path:
    from gner_bench.api import load_predictions, score
    from gner_bench.files import write_json
    from gner_bench.scoring.document import document
    from gner_bench.scoring.warnings import warnings_of

    out = path.parent / "scores.json"
    scores = score(load_predictions(path, name=run.name), matrix.metrics)
    for warning in warnings_of(scores):
        shared.tell(f"{run.name}: {warning}")
    write_json(out, document(scores, matrix.resampling))
    return out
