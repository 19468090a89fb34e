"""Options that several verbs share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from gner_bench.demo import CHECKPOINT, CORPUS


class Source(click.ParamType[str]):
    """A path or name; the word ``demo`` stands for the embedded one."""

    name = "source"

    def __init__(self, demo: Path) -> None:
        self.demo = demo

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        return str(self.demo) if value == "demo" else str(value)


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
    type=Source(CHECKPOINT),
    required=True,
    metavar="PATH|HUB_ID|demo",
    help="Checkpoint folder, hub id, name from `gner-bench list models`, or the embedded demonstration.",
)
data = click.option(
    "--data",
    type=Source(CORPUS),
    required=True,
    metavar="ROOT|demo",
    help="Folder with <dataset>/{label,train,dev,test}.txt, or the embedded corpus.",
)
dtype = click.option(
    "--dtype",
    type=click.Choice(["auto", "fp32", "bf16", "fp16"]),
    default="auto",
    show_default=True,
    help="Number format of the weights; auto is bf16 on CUDA where it can, fp32 elsewhere.",
)
device = click.option("--device", default="auto", show_default=True, metavar="NAME", help="auto, cpu, cuda, cuda:1, …")
