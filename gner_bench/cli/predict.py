"""``gner-bench predict``."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import click

from gner_bench.cli import options as shared
from gner_bench.predict.options import Options, Split
from gner_bench.prompting import LabelOrder


@click.command("predict")
@shared.model
@shared.data
@click.option(
    "--datasets",
    "--dataset",
    type=shared.Names(),
    metavar="A,B",
    help="Names of data sets or of groups (zero-shot, supervised); by default all of --data.",
)
@click.option("--split", type=click.Choice(get_args(Split)), default="test", show_default=True)
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Only the first N sentences of each data set.")
@click.option("--batch-size", type=click.IntRange(1), default=32, show_default=True, metavar="N")
@click.option("--num-beams", type=click.IntRange(1), default=1, show_default=True, metavar="N", help="1 is greedy.")
@shared.dtype
@shared.device
@click.option(
    "--label-order",
    type=click.Choice(get_args(LabelOrder)),
    default="file",
    show_default=True,
    help="Order of the entity types in the prompt: as in label.txt, or shuffled for each sentence.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Of the shuffled label order.")
@shared.repair
@shared.offline
@click.option("--out", type=shared.PATH, metavar="DIR", help="Folder of the run.  [default: prediction_results/MODEL]")
def predict_command(
    model: str,
    data: Path | None,
    datasets: tuple[str, ...] | None,
    dtype: Any,
    device: str,
    offline: bool,
    out: Path | None,
    **settings: Any,
) -> None:
    """Generate tagged text for every sentence of data sets.

    Writes predictions.jsonl, run.json and the tokenizer file into DIR. Killed at any moment, the same command continues
    with the sentences that are missing. A checkpoint or data set that is not in the cache is fetched first, as
    `gner-bench download` does.

    \b
    Examples:
      gner-bench predict --model GNER-T5-base --datasets zero-shot
      gner-bench predict --model my/checkpoint --data data/gner \\
        --datasets crossner_ai,mit-movie --out prediction_results/mine
    """
    from gner_bench.files import make_folder

    folder = out or Path("prediction_results") / Path(model).name
    options = Options(data=data, out=folder, datasets=datasets or (), **settings)
    if out is not None:
        make_folder(out)
    path = run_prediction(model, dtype, device, options, offline)
    click.echo(str(path))


def run_prediction(model: str, dtype: Any, device: str, options: Options, offline: bool = False) -> Path:
    """Read the data, then load the checkpoint (so that bad data fails first), then predict."""
    from gner_bench.predict.inputs import provide_inputs

    datasets = provide_inputs([model], options, shared.tell, offline)
    from gner_bench.predict.checkpoint import load_checkpoint
    from gner_bench.predict.engine import predict

    return predict(load_checkpoint(model, dtype, device), datasets, options)
