"""The options of ``score`` that say what format predictions are in and what their gold is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from gner_bench.cli import options as shared
from gner_bench.scoring.importing import FORMATS, PREDICTIONS

if TYPE_CHECKING:
    from gner_bench.scoring.predictions import Predictions

F = TypeVar("F", bound=Callable[..., Any])
_OPTIONS = (
    click.option(
        "--from",
        "format",
        type=click.Choice(FORMATS),
        default=PREDICTIONS,
        show_default=True,
        help="Format of FILE: predictions.jsonl; columns with the predicted tag last; spans of words or characters"
        " (GLiNER, spaCy); answers of UniNER or SLIMER; one line a sentence of word(tag) or of <type>words</type>.",
    ),
    click.option(
        "--gold",
        multiple=True,
        type=shared.PATH,
        metavar="PATH",
        help="Score against the tags of this data set (a file or folder in any format that `convert` reads)."
        " Repeatable. conll and spans may hold their gold.",
    ),
    click.option(
        "--as",
        "datasets",
        multiple=True,
        metavar="NAME",
        help="The data set of `gner-bench list datasets` that the gold is; its types are taken. One for each --gold.",
    ),
    click.option("--split", type=click.Choice(("train", "dev", "test")), help="Split of the gold."),
    click.option(
        "--keep-misc", is_flag=True, help="With --as, keep the types that the catalogue drops (CrossNER's misc)."
    ),
    click.option("--rename", "renames", multiple=True, metavar="OLD=NEW", help="Rename a predicted type. Repeatable."),
    shared.repair,
)
KEYS = ("format", "gold", "datasets", "split", "keep_misc", "renames", "repair")
"""What these options are passed as."""


def options(command: F) -> F:
    """Give a command --from, --gold, --as, --split, --keep-misc, --rename and --repair, to be passed to ``load``."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def load(
    files: Sequence[Path],
    tokenizer: str | None,
    name: str | None,
    *,
    format: str,
    gold: tuple[Path, ...],
    datasets: tuple[str, ...],
    split: str | None,
    keep_misc: bool,
    renames: tuple[str, ...],
    repair: Any,
) -> Predictions:
    """The predictions that the options of ``options`` describe."""
    from gner_bench.api import load_predictions
    from gner_bench.scoring.gold_files import Gold

    if keep_misc and not datasets:
        raise click.UsageError("--keep-misc needs --as NAME, whose types it keeps")
    pairs = [rename.partition("=") for rename in renames]
    if not all(old and new for old, _, new in pairs):
        raise click.UsageError("--rename expects OLD=NEW")
    return load_predictions(
        *files,
        tokenizer=tokenizer,
        name=name,
        format=format,
        gold=Gold(gold, datasets, split, keep_misc, repair),
        rename={old: new for old, _, new in pairs},
    )
