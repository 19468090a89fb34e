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
    "--datasets", type=shared.Names(), default=None, metavar="A,B", help="Only these data sets; all by default."
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
@click.option("--out", type=shared.PATH, required=True, metavar="DIR", help="Folder of the run.")
def predict_command(
    model: str, data: Path, datasets: tuple[str, ...] | None, dtype: Any, device: str, out: Path, **settings: Any
) -> None:
    """Generate tagged text for every sentence of data sets.

    Writes predictions.jsonl, run.json and the tokenizer file into DIR. Killed at any moment, the same command continues
    with the sentences that are missing.

    \b
    Example:
      gner-bench predict --model GNER-T5-base --data data/gner \\
        --datasets crossner_ai,mit-movie --out prediction_results/base
    """
    from gner_bench.files import make_folder

    options = Options(data=data, out=out, datasets=datasets or (), **settings)
    make_folder(out)
    path = run_prediction(model, dtype, device, options)
    click.echo(str(path))


def run_prediction(model: str, dtype: Any, device: str, options: Options) -> Path:
    """Read the data, then load the checkpoint (so that bad data fails first), then predict."""
    from gner_bench.predict.selection import select

    datasets = select(options)
    from gner_bench.predict.checkpoint import load_checkpoint
    from gner_bench.predict.engine import predict

    return predict(load_checkpoint(model, dtype, device), datasets, options)
