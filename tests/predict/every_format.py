"""Asks a checkpoint in every answer format that asks; runs by itself as ``every_format.py CHECKPOINT DATA OUT``."""

from __future__ import annotations

import sys
from pathlib import Path

from gner_bench.answers import ANSWERS, answer_format
from gner_bench.answers.answer import read_only
from gner_bench.catalog import catalog
from gner_bench.predict.backend import SystemOptions
from gner_bench.predict.engine import run_prediction
from gner_bench.predict.options import Limit, Options

ARGUMENTS = {"context": "context:1"}
FORMATS = [
    name for name in (ARGUMENTS.get(name, name) for name in ANSWERS.builtin) if answer_format(name).ask is not read_only
]


def ask(checkpoint: str, data: Path, out: Path, formats: list[str] = FORMATS) -> None:
    """A run for each format on 20 sentences of each zero-shot set, with answers of six tokens."""
    datasets = tuple(entry.name for entry in catalog().group("zero-shot"))
    for name in formats:
        system = SystemOptions(checkpoint, format=name, max_new_tokens=6, wrapping="plain", dtype="fp32", device="cpu")
        run_prediction(system, Options(data, out / name, datasets, limit=Limit(1, 20)), print)


if __name__ == "__main__":
    ask(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
