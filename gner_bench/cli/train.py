"""``gner-bench train``."""

from __future__ import annotations

from pathlib import Path

import click

from gner_bench.cli import options as shared
from gner_bench.cli.command import OTHERS, Command, section
from gner_bench.cli.completion import offer, recipe_names
from gner_bench.cli.values import DataRoot, Names
from gner_bench.errors import UsageError
from gner_bench.messages import warn

INTERRUPTED = 130
SELECTED = "these sentences chose the checkpoint: not a test score"


@click.command("train", cls=Command)
@click.argument("recipe", type=shared.PATH, metavar="RECIPE", shell_complete=offer(recipe_names, path="file"))
@section("Data")
@click.option(
    "--data",
    type=DataRoot(),
    metavar="ROOT|demo",
    help="Folder with the recipe's data sets. What is not there is taken from the cache, or fetched into it.",
)
@section("Output")
@click.option("--out", type=shared.PATH, metavar="DIR", help="Folder of the checkpoint.")
@click.option(
    "--report-to",
    type=Names(),
    metavar="A,B",
    help="tensorboard, trackio, mlflow, wandb: also log there.  [default: the recipe's]",
)
@click.option(
    "--push-to-hub",
    metavar="OWNER/NAME",
    help="Upload the finished checkpoint with its scores on the selection sets, to a private repository if new.",
)
@section(OTHERS)
@click.option(
    "--dry-run", is_flag=True, help="Only say how many steps, tokens, bytes and hours it would take; fetches nothing."
)
@shared.threads
@shared.offline
def train_command(
    recipe: Path,
    data: Path | None,
    out: Path | None,
    dry_run: bool,
    report_to: tuple[str, ...] | None,
    push_to_hub: str | None,
    threads: int | None,
    offline: bool,
) -> None:
    """Fine-tune a checkpoint as a recipe says.

    RECIPE is a TOML file, or the name of one that comes with the package. The result is a checkpoint folder that
    `predict` takes as it is, with a model card. Killed at any moment, the same command continues from the last saved
    state; there is no option for that. Started by `accelerate launch`, the processes share every batch.

    \b
    Examples:
      gner-bench train gner-t5-base --out checkpoints/gner-t5-base --dry-run
      gner-bench train recipes/mine.toml --out checkpoints/mine
      accelerate launch --config_file recipes/accelerate/multi-gpu.yaml -m gner_bench \\
        train recipes/gner-t5-large.toml --out checkpoints/gner-t5-large
    """
    if out is None and not dry_run:
        raise UsageError("say where the checkpoint goes: --out DIR")
    from gner_bench.train.recipe import read_recipe, recipe_file

    recipe = recipe_file(recipe)
    read = read_recipe(recipe)  # before libraries that take seconds to load: a bad recipe is refused at once
    from gner_bench.predict.processes import is_first, use_threads

    use_threads(threads)  # before torch is imported
    from gner_bench.train.estimate import estimate
    from gner_bench.train.fine_tune import fine_tune
    from gner_bench.train.prepare import Request, prepare
    from gner_bench.train.result import SCORES, push, require_repository

    request = Request(recipe, data, out or Path(), report_to or (), shared.is_offline(offline))
    say = warn if is_first() else (lambda _: None)  # the first process speaks for all
    try:
        if dry_run:
            prepared = prepare(read, request, say, plan_only=True)
            if is_first():
                click.echo("\n".join(f"{what:<12} {text}" for what, text in estimate(prepared, out).items()))
            return
        if push_to_hub is not None:
            require_repository(push_to_hub)
        folder = fine_tune(request, say)
        if is_first():
            click.echo(str(folder))
            if push_to_hub is not None:
                click.echo(push(folder, push_to_hub))
                _push_scores(folder / SCORES, push_to_hub)
    except KeyboardInterrupt:
        state = request.out / "state"
        click.echo(f"Interrupted: the last saved state is in {state}; the same command continues.", err=True)
        raise click.exceptions.Exit(INTERRUPTED) from None


def _push_scores(scores: Path, repository: str) -> None:
    """Put the scores of the chosen checkpoint, if it was chosen by any, on its page of the hub."""
    if not scores.is_file():
        return
    from gner_bench.documents.scores import read_scores
    from gner_bench.publish import TARGETS, Publication

    hub = TARGETS.get("hub")
    hub.put(hub.files(Publication(read_scores(scores), note=SELECTED), repository), repository, False)
