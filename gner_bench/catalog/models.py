"""What the catalogue says of a checkpoint."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from gner_bench.prompting import Wrapping

FamilyName = Literal["t5", "llama"]
BYTES = {"fp32": 4, "bf16": 2}
MEMORY_CLASSES = (8, 16, 24, 48, 80)
"""Sizes of accelerators in GB."""
MEMORY_SHARE = 1.25
"""Memory asked for, as a multiple of the weights; room for activations and the cache of small batches (an estimate)."""


@dataclass(frozen=True)
class Family:
    """How checkpoints of one architecture are prompted, and their limits in tokens (0 where there is none).

    Source: Ding et al. 2024, released scripts: 640 in and 640 out for T5, 1,280 in all for LLaMA.
    """

    name: FamilyName
    wrapping: Wrapping
    max_input_tokens: int = 0
    max_new_tokens: int = 0
    max_total_tokens: int = 0


@dataclass(frozen=True)
class Model:
    """A checkpoint on the Hugging Face hub.

    ``hub`` is its id there and ``revision`` a commit or a branch; ``parameters`` is a count as published; ``bytes`` the
    size of the weights, 0 where unknown; ``training_sets`` are those that its authors name.
    """

    name: str
    hub: str
    family: FamilyName
    parameters: int
    licence: str = "unknown"
    revision: str = "main"
    bytes: int = 0
    training_sets: tuple[str, ...] = ()
    note: str = ""

    @property
    def pinned(self) -> bool:
        """Whether the revision is a commit, so that the bytes cannot change."""
        return re.fullmatch(r"[0-9a-f]{40}", self.revision) is not None

    @property
    def memory_class(self) -> str:
        """The smallest common accelerator that should hold the model in bf16 (an estimate)."""
        needed = self.parameters * BYTES["bf16"] * MEMORY_SHARE / 1e9
        return next((f"{size} GB" for size in MEMORY_CLASSES if needed <= size), "several GPUs")

    def weights_bytes(self, dtype: str) -> int:
        """Bytes of the weights in memory."""
        return self.parameters * BYTES[dtype]
