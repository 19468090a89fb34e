"""``gner-bench train``."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from gner_bench.cli import options as shared
from gner_bench.errors import InputError, UsageError

if TYPE_CHECKING:
    from gner_bench.train.tune.run import Asked

INTERRUPTED = 130


@click.command("train")
@click.argument("recipe", type=shared.PATH, metavar="RECIPE.toml")
@click.option(
    "--data",
    type=shared.DataRoot(),
    metavar="ROOT|demo",
    help="Folder with the recipe's data sets. What is not there is taken from the cache, or fetched into it.",
)
@click.option("--out", type=shared.PATH, metavar="DIR", help="Folder of the checkpoint.")
@click.option("--dry-run", is_flag=True, help="Only say how many steps, tokens, bytes and hours it would take.")
@click.option(
    "--report-to",
    type=shared.Names(),
    metavar="A,B",
    help="tensorboard, wandb: also log there.  [default: the recipe's]",
)
@click.option(
    "--push-to-hub", metavar="OWNER/NAME", help="Upload the finished checkpoint, to a private repository if new."
)
@shared.offline
def train_command(
    recipe: Path,
    data: Path | None,
    out: Path | None,
    dry_run: bool,
    report_to: tuple[str, ...] | None,
    push_to_hub: str | None,
    offline: bool,
) -> None:
    """Train a checkpoint as a recipe says: fine-tune one, or train a small T5 from scratch.

    A recipe with `checkpoint = …` fine-tunes that checkpoint, one with a `[model]` table trains from scratch. The
    result is a checkpoint folder that `predict` takes as it is, with a model card. Killed at any moment, the same
    command continues from the last saved state; there is no option for that. Started by `accelerate launch`, the
    processes share every batch.

    \b
    Examples:
      gner-bench train recipes/gner-t5-base.toml --out checkpoints/gner-t5-base --dry-run
      gner-bench train recipes/gner-t5-base.toml --out checkpoints/gner-t5-base
      accelerate launch --config_file recipes/accelerate/multi-gpu.yaml -m gner_bench \\
        train recipes/gner-t5-large.toml --out checkpoints/gner-t5-large
      gner-bench train recipes/gner-tiny.toml --data data/gner --out checkpoints/gner-tiny
    """
    if out is None and not dry_run:
        raise UsageError("say where the checkpoint goes: --out DIR")
    if _kind(recipe) == "scratch":
        if data is None or out is None or dry_run or report_to or push_to_hub:
            raise UsageError("training from scratch needs --data and --out, and takes no other option")
        _from_scratch(recipe, data, out)
        return
    from gner_bench.train.tune.run import Asked

    asked = Asked(recipe, data, out or Path(), report_to or (), shared.is_offline(offline))
    with _interruptible(asked.out):
        _estimate(asked, out) if dry_run else _fine_tune(asked, push_to_hub)


def _kind(recipe: Path) -> Literal["scratch", "tune"]:
    """Which of the two recipes a file is. Raises InputError for neither and for both."""
    try:
        keys = tomllib.loads(recipe.read_text(encoding="utf-8")).keys() & {"model", "checkpoint"}
    except OSError as error:
        raise InputError(recipe, error.strerror or str(error)) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(recipe, f"is not TOML: {error}") from None
    if len(keys) != 1:
        found = "both" if keys else "neither"
        message = f"has {found} checkpoint = … (fine-tuning) {'and' if keys else 'nor'} a [model] table (from scratch)"
        raise InputError(recipe, message)
    return "tune" if "checkpoint" in keys else "scratch"


def _from_scratch(recipe: Path, data: Path, out: Path) -> None:
    from gner_bench.train.recipe import read_recipe

    read = read_recipe(recipe)
    if (out / "recipe.toml").exists():
        raise InputError(out, "this folder holds a fine-tuning; choose another --out")
    from gner_bench.train.loop import train

    click.echo(str(train(read, data, out)))


def _fine_tune(asked: Asked, repository: str | None) -> None:
    from gner_bench.predict.processes import is_first
    from gner_bench.train.tune.push import push, require_repository
    from gner_bench.train.tune.run import fine_tune

    if repository is not None:
        require_repository(repository)
    folder = fine_tune(asked, shared.tell if is_first() else _silent)
    if is_first():
        click.echo(str(folder))
        if repository is not None:
            click.echo(push(folder, repository))


def _estimate(asked: Asked, out: Path | None) -> None:
    from gner_bench.predict.processes import is_first
    from gner_bench.train.tune.estimate import dry_run_lines
    from gner_bench.train.tune.recipe import read_tune_recipe
    from gner_bench.train.tune.run import prepare

    prepared = prepare(read_tune_recipe(asked.recipe_file), asked, shared.tell if is_first() else _silent)
    if is_first():
        click.echo("\n".join(dry_run_lines(prepared, out)))


def _silent(_: str) -> None:
    """For what another process says already."""


@contextmanager
def _interruptible(out: Path) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        click.echo(f"Interrupted: the last saved state is in {out / 'state'}; the same command continues.", err=True)
        raise click.exceptions.Exit(INTERRUPTED) from None
