"""``gner-bench train``."""

from __future__ import annotations

from pathlib import Path

import click

from gner_bench.cli import options as shared


@click.command("train")
@click.argument("recipe", type=shared.PATH, metavar="RECIPE.toml")
@click.option("--data", type=shared.PATH, required=True, metavar="ROOT", help="Folder with the recipe's data sets.")
@click.option("--out", type=shared.PATH, required=True, metavar="DIR", help="Folder of the checkpoint.")
def train_command(recipe: Path, data: Path, out: Path) -> None:
    """Train a small T5 from scratch to write GNER output, as a recipe says.

    The result is a checkpoint folder that `predict` takes as it is. Killed at any moment, the same command continues
    from the last saved state.

    \b
    Example:
      gner-bench train recipes/gner-tiny.toml --data data/gner --out checkpoints/gner-tiny
    """
    from gner_bench.train.recipe import read_recipe

    read = read_recipe(recipe)
    from gner_bench.train.loop import train

    click.echo(str(train(read, data, out)))
