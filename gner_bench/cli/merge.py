"""``gner-bench merge``."""

from __future__ import annotations

from pathlib import Path

import click

from gner_bench.cli import options as shared
from gner_bench.cli.command import Command


@click.command("merge", cls=Command)
@click.argument("folder", type=shared.PATH, metavar="DIR")
def merge_command(folder: Path) -> None:
    """Put the shards of a run together.

    DIR is what `predict --shard` had as --out. Writes DIR/predictions.jsonl, in the order of the data, and
    DIR/run.json; the shards stay. Nothing is written while a shard is missing or unfinished (exit code 6) or when
    shards have other weights, settings or data (exit code 2).

    \b
    Example:
      gner-bench merge prediction_results/base
    """
    from gner_bench.predict.merge import merge

    click.echo(str(merge(folder)))
