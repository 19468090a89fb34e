"""The public GNER checkpoints."""

from __future__ import annotations

from dataclasses import dataclass

from gner_bench.catalog.facts import facts


@dataclass(frozen=True)
class Model:
    """A checkpoint on the Hugging Face hub: ``hub`` is its id there, ``family`` is ``t5`` or ``llama``."""

    name: str
    hub: str
    family: str
    parameters: int
    licence: str
    revision: str


def models() -> list[Model]:
    """The five checkpoints, smallest T5 first."""
    return [Model(**entry) for entry in facts("models.toml", "model")]
