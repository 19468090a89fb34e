"""Asks a checkpoint in every answer format that asks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from gner_bench.answers import ANSWERS, answer_format
from gner_bench.answers.answer import read_only
from gner_bench.catalog import catalog
from gner_bench.predict.backends.local import local_backend
from gner_bench.predict.checkpoint import load_checkpoint
from gner_bench.predict.engine import predict
from gner_bench.predict.inputs import select
from gner_bench.predict.options import Limit, Options, chosen

ARGUMENTS = {"context": "context:1"}
TOKENS = 3
SPANS = "spans"
"""Asks libraries, not for text."""
NAMES = [ARGUMENTS.get(name, name) for name in ANSWERS.builtin if name != SPANS]
FORMATS = [name for name in NAMES if answer_format(name).ask is not read_only]


def ask(folder: str, data: Path, out: Path, formats: Sequence[str] = FORMATS) -> None:
    """A run for each format on 10 sentences of each zero-shot set, with answers of three tokens."""
    names = tuple(entry.name for entry in catalog().group("zero-shot"))
    datasets = chosen(select(Options(data, out, names)), Options(data, out, limit=Limit(1, 10)))
    checkpoint = replace(load_checkpoint(folder, "fp32", "cpu"), max_new_tokens=TOKENS, wrapping="plain")
    for name in formats:
        options = Options(data, out / name)
        predict(local_backend(replace(checkpoint, format=name), options), datasets, options)
