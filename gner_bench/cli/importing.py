"""The options of ``score`` that say what format predictions are in and what their gold is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.shell_completion import CompletionItem

from gner_bench.answers import ANSWERS
from gner_bench.bio import Reading
from gner_bench.cli import options as shared
from gner_bench.cli.command import section
from gner_bench.cli.completion import dataset_names, offer
from gner_bench.cli.values import one_of
from gner_bench.data.formats import FORMATS
from gner_bench.errors import did_you_mean

if TYPE_CHECKING:
    from gner_bench.scoring.gold import Gold
    from gner_bench.scoring.predictions import Predictions

F = TypeVar("F", bound=Callable[..., Any])


class FormatName(click.ParamType[str]):
    """A name that is ``known``; help shows ``choices()``, those that fit the option.

    These are asked when they are wanted, not when the command starts: ``choices`` may import plug-ins. Whether a format
    can do what it is chosen for is said by what is called with the name.
    """

    name = "format"

    def __init__(self, choices: Callable[[], list[str]], known: Callable[[str], bool]) -> None:
        self.choices, self.known = choices, known

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        return one_of(self.choices())

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        name = str(value)
        # Formats may have an argument, as in context:2.
        if not self.known(name.partition(":")[0]):
            self.fail(f"unknown format {name!r}; {did_you_mean(name, self.choices())}", param, ctx)
        return name

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        return offer(self.choices)(ctx, param, incomplete)


def _formats() -> list[str]:
    from gner_bench.scoring.loading import formats

    return formats()


_OPTIONS = (
    section("Predictions and gold"),
    shared.tokenizer,
    shared.clean_up_spaces,
    click.option(
        "--from",
        "format",
        type=FormatName(_formats, lambda name: name in FORMATS or name in ANSWERS),
        default="gner-jsonl",
        show_default=True,
        help="Format of FILE, of which `gner-bench list formats` shows an example each; by default predictions.jsonl."
        " Answers in other formats of `gner-bench list answers` are JSON lines with id and prediction.",
    ),
    click.option(
        "--gold",
        multiple=True,
        type=shared.PATH,
        metavar="PATH",
        help="Score against the tags of this data set (a file or folder in any format that `convert` reads, or the"
        " folder of a run, whose sentences these are then). Repeatable. conll, spans and tokens may hold their gold.",
    ),
    click.option(
        "--as",
        "datasets",
        multiple=True,
        metavar="NAME",
        shell_complete=offer(dataset_names),
        help="The data set of `gner-bench list datasets` that the gold is; its types are taken. One for each --gold.",
    ),
    click.option("--split", type=click.Choice(("train", "dev", "test")), help="Split of the gold."),
    click.option(
        "--keep-misc", is_flag=True, help="With --as, keep the types that the catalogue drops (CrossNER's misc)."
    ),
    click.option("--rename", "renames", multiple=True, metavar="OLD=NEW", help="Rename a predicted type. Repeatable."),
    click.option(
        "--align",
        type=click.Choice(("words", "position")),
        default="words",
        show_default=True,
        help="How imported words are told to be the gold's: by being the same, or by position, whatever they are, where"
        " each sentence has as many of them; those that differ are counted.",
    ),
    shared.repair,
    shared.answers,
    shared.scheme(what="Scheme of the predicted tags, and of the gold in the same file"),
    shared.scheme("--gold-scheme", "Scheme of the tags of --gold"),
    shared.columns(names=("word", "gold", "tag"), what="FILE; tag are the predicted ones"),
    shared.columns("--gold-columns", what="--gold"),
    shared.keys,
    shared.tag_names,
)
KEYS = (
    "tokenizer",
    "clean_up_spaces",
    "format",
    "gold",
    "datasets",
    "split",
    "keep_misc",
    "renames",
    "align",
    "repair",
    "answers",
    "scheme",
    "gold_scheme",
    "columns",
    "gold_columns",
    "keys",
    "tag_names",
)
"""What these options are passed as."""


def options(command: F) -> F:
    """Give a command the options that say how predictions and gold are read, ``KEYS``, to be passed to ``load``."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def load(
    files: Sequence[Path],
    name: str | None,
    *,
    tokenizer: tuple[str, ...],
    clean_up_spaces: bool,
    format: str,
    gold: tuple[Path, ...],
    datasets: tuple[str, ...],
    split: str | None,
    keep_misc: bool,
    renames: tuple[str, ...],
    align: Any,
    repair: Any,
    answers: Any,
    scheme: Any,
    gold_scheme: Any,
    columns: dict[str, int],
    gold_columns: dict[str, int],
    keys: tuple[tuple[str, str], ...],
    tag_names: tuple[str, ...],
) -> Predictions:
    """The predictions that the options of ``options`` describe."""
    from gner_bench.api import load_predictions
    from gner_bench.scoring.gold import Gold

    if not gold and (gold_columns or gold_scheme != "auto"):
        raise click.UsageError("--gold-columns and --gold-scheme say how --gold PATH is read")
    if keep_misc and not datasets:
        raise click.UsageError("--keep-misc needs --as NAME, whose types it keeps")
    return load_predictions(
        *files,
        tokenizer=tokenizer,
        name=name,
        format=format,
        gold=Gold(gold, datasets, split, keep_misc, repair, gold_scheme if gold else scheme, gold_columns, tag_names),
        rename=new_names(renames),
        answers=answers,
        clean_up_spaces=clean_up_spaces,
        align=align,
        predicted=Reading(repair, scheme=scheme, columns=columns, keys=dict(keys), tag_names=tag_names),
    )


def load_with_other(
    files: Sequence[Path], name: str | None, other: Sequence[Path], read_as: Mapping[str, Any]
) -> tuple[Predictions, Gold]:
    """The predictions that the options ``read_as`` describe, and the gold at ``other``, which they describe, too.

    They say nothing of predictions.jsonl that is scored against the gold in it.
    """
    from gner_bench.scoring.gold import Gold

    names = ("datasets", "split", "keep_misc", "repair", "gold_scheme", "gold_columns", "tag_names")
    gold = Gold(tuple(other), *(read_as[name] for name in names))
    inside = read_as["format"] == "gner-jsonl" and not read_as["gold"]
    usual: tuple[Any, ...] = ((), None, False, "refuse", "auto", {}, ())
    unsaid: dict[str, Any] = dict(zip(names, usual, strict=True)) if inside else {}
    return load(files, name, **{**read_as, **unsaid}), gold


def new_names(renames: Sequence[str]) -> dict[str, str]:
    """The values of --rename. Raises UsageError for one without an old or a new name."""
    pairs = [rename.partition("=") for rename in renames]
    if not all(old and new for old, _, new in pairs):
        raise click.UsageError("--rename expects OLD=NEW")
    return {old: new for old, _, new in pairs}
