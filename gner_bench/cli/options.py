"""Options that several verbs share."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import click

from gner_bench.data.tags import Repair
from gner_bench.demo import CORPUS
from gner_bench.predict.options import DtypeName


class DataRoot(click.ParamType[Path]):
    """A folder; the word ``demo`` stands for the embedded corpus."""

    name = "root"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        return CORPUS if value == "demo" else Path(value)


class Names(click.ParamType[tuple[str, ...]]):
    """Names separated by commas, none empty and none twice."""

    name = "names"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        if isinstance(value, tuple):
            return value
        names = tuple(dict.fromkeys(name.strip() for name in str(value).split(",") if name.strip()))
        if not names:
            self.fail("expected names separated by commas", param, ctx)
        return names


PATH = click.Path(path_type=Path)

model = click.option(
    "--model",
    required=True,
    metavar="PATH|HUB_ID|demo",
    help="Checkpoint folder, hub id, name from `gner-bench list models`, or the embedded demonstration.",
)
data = click.option(
    "--data",
    type=DataRoot(),
    metavar="ROOT|demo",
    help="Folder with <dataset>/{label,train,dev,test}.txt, or the embedded corpus. Without it, the data sets of"
    " `gner-bench list datasets`, fetched on first use.",
)
repair = click.option(
    "--repair",
    type=click.Choice(get_args(Repair)),
    default="refuse",
    show_default=True,
    help="Gold I- tags that continue no entity: refuse them, begin an entity, discard or keep them as they are.",
)
offline = click.option("--offline", is_flag=True, help="Never use the network; so does HF_HUB_OFFLINE=1.")
dtype = click.option(
    "--dtype",
    type=click.Choice(get_args(DtypeName)),
    default="auto",
    show_default=True,
    help="Number format of the weights; auto is bf16 on CUDA where it can, fp32 elsewhere.",
)
device = click.option(
    "--device",
    default="auto",
    show_default=True,
    metavar="NAME",
    help="auto, cpu, cuda, cuda:1, …; map spreads a checkpoint too large for one device over all.",
)


def tell(message: str) -> None:
    """A warning for people, on stderr."""
    click.echo(f"Warning: {message}", err=True)


def is_offline(flag: bool) -> bool:
    """Whether ``--offline`` or the environment switches the network off."""
    from gner_bench.fetch.home import offline as switched_off

    return switched_off(flag)
