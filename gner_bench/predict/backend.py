"""What the engine asks of whatever generates: a checkpoint on this machine or a server."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from gner_bench.predict.generation import Generation
from gner_bench.predict.plan import Task
from gner_bench.prompting import Wrapping
from gner_bench.records import Json

Decode = Callable[[Sequence[Task]], Iterator[tuple[Task, Generation]]]
"""Generates for tasks, in any order, each given back as soon as it is done."""


@dataclass(frozen=True)
class Backend:
    """``model`` stands in run.json under that name, ``settings`` beside it: what decides the text besides weights and
    prompts. ``tokenizer`` is the file for back-tokenization, if there is one. ``statistics`` tells what the decoding
    counted; ``target`` is what the texts are (see gner_bench.structure.targets).
    """

    name: str
    model: Json
    settings: Json
    wrapping: Wrapping
    device: str
    decode: Decode
    tokenizer: Path | None = None
    statistics: Callable[[], Json] = dict
    target: str = "full+bio"
