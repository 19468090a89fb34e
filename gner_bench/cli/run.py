"""``gner-bench run``."""

from __future__ import annotations

from pathlib import Path

import click

from gner_bench.cli import options as shared
from gner_bench.cli.predict import local, run_prediction
from gner_bench.cli.report import print_report
from gner_bench.demo import CORPUS, PRESET


@click.command("run")
@click.argument("config", required=False, type=shared.PATH, metavar="[CONFIG.toml]")
@click.option("--preset", type=click.Choice(["demo"]), help="A configuration that comes with the package.")
@click.option("--out", type=shared.PATH, metavar="DIR", help="Write to DIR/predictions and DIR/report instead.")
@shared.offline
def run_command(config: Path | None, preset: str | None, out: Path | None, offline: bool) -> None:
    """Predict, score and report in one go, continuing what exists.

    \b
    A configuration names data and checkpoints:
      data = "data/gner"                    # or "demo"; without it, data sets of the catalogue
      datasets = ["crossner_ai"]            # optional with data; also split, limit, decoding, num_beams,
                                            # batch_size, batch_tokens, dtype, device, label_order, seed, repair
      predictions = "prediction_results/mine"
      report = "reports/mine"
      [[checkpoints]]
      model = "GNER-T5-base"                # folder, hub id or catalogue name
      name = "base"                         # optional

    \b
    Example:
      gner-bench run --preset demo --out build/demo
    """
    from gner_bench.matrix import read_matrix

    if (config is None) == (preset is None):
        raise click.UsageError("give either a CONFIG.toml or --preset")
    matrix = read_matrix(config or PRESET)
    predictions = out / "predictions" if out else Path(matrix.predictions)
    report = out / "report" if out else Path(matrix.report)
    from gner_bench.predict.inputs import provide_inputs

    provide_inputs([model for _, model in matrix.runs()], matrix.options(CORPUS, predictions), lambda _: None, offline)
    scores = []
    for name, checkpoint in matrix.runs():
        options = matrix.options(CORPUS, predictions / name)
        source = local(checkpoint, matrix.dtype, matrix.device, options)
        scores.append(_score(run_prediction([checkpoint], options, offline, source), name))
    print_report(tuple(scores), report, published=True)


def _score(path: Path, name: str) -> Path:
    from gner_bench.files import write_json
    from gner_bench.scoring.run import score_run

    out = path.parent / "scores.json"
    result = score_run([path], None, name)
    for warning in result.warnings:
        shared.tell(f"{name}: {warning}")
    write_json(out, result.document)
    return out
