"""What the shell offers on Tab: names of the catalogue, of the cache and of registries, and files."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import nullcontext
from typing import Literal

import click
from click.shell_completion import CompletionItem

from gner_bench.errors import GnerBenchError

Names = Callable[[], Iterable[str]]
Complete = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def offer(*sources: Names, path: Literal["", "file", "dir"] = "", several: bool = False) -> Complete:
    """The ``shell_complete`` of a parameter: names of the ``sources`` that begin as what was typed, and paths.

    With ``several``, names are separated by commas and the last one is completed.
    """

    def complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        typed = incomplete.rpartition(",")[2] if several else incomplete
        before = incomplete.removesuffix(typed)
        names = [name for name in _names(ctx, sources) if name.lower().startswith(typed.lower())]
        # Paths come first: bash forgets what was offered before them.
        paths = [CompletionItem(incomplete, type=path)] if path else []
        return [*paths, *(CompletionItem(before + name) for name in names)]

    return complete


def _names(ctx: click.Context, sources: Iterable[Names]) -> list[str]:
    """The names, each once; none from a catalogue that cannot be read, and none that the shell would split."""
    from gner_bench.catalog import use_file

    own = ctx.find_root().params.get("catalog")
    try:
        with use_file(own) if own else nullcontext():
            names = dict.fromkeys(name for source in sources for name in source())
    except GnerBenchError:
        return []
    return [name for name in names if not set(name).intersection(" ()")]


def of(*names: str) -> Names:
    """These names."""
    return lambda: names


def model_names() -> Iterable[str]:
    """Checkpoints and other systems of the catalogue."""
    from gner_bench.catalog import catalog

    return [model.name for model in catalog().model]


def dataset_names() -> Iterable[str]:
    """Data sets of the catalogue."""
    from gner_bench.catalog import catalog

    return [dataset.name for dataset in catalog().dataset]


def group_names() -> Iterable[str]:
    """Groups of data sets."""
    from gner_bench.catalog import catalog

    return [group for dataset in catalog().dataset for group in dataset.groups]


def quoted_names() -> Iterable[str]:
    """Systems with published scores."""
    from gner_bench.catalog import published_scores

    return [score.system for score in (*published_scores(), *published_scores("supervised"))]


def answer_names() -> Iterable[str]:
    """Answer formats."""
    from gner_bench.answers import ANSWERS

    return ANSWERS.names()


def cached_names() -> Iterable[str]:
    """What is in the cache."""
    from gner_bench.fetch.cache import entries

    return [entry.name for entry in entries()]


def recipe_names() -> Iterable[str]:
    """Recipes of ``train`` that come with the package."""
    from gner_bench.train.recipe import RECIPES

    return sorted(path.stem for path in RECIPES.glob("*.toml"))
