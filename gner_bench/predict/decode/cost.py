"""How long a draft should be: every token of it costs, and the later it stands the less likely it holds."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

HELD = 0.97
"""The share of drafted tokens that hold where those before them did (between 0.94 and 0.98 on real outputs)."""
LONGEST = 128
CPU = (3e-4, 1.5e10, 1.5e11)
CUDA = (2e-4, 3e12, 4e14)
"""Seconds that a pass costs a layer whatever it does, bytes a second read, operations a second."""


def draft_tokens(model: Any) -> Callable[[int], int]:
    """The number of draft tokens, for a number of rows, at which a second brings the most tokens.

    Depends on nothing but the model's shape and kind of device, so that runs repeat.
    """
    config = model.config
    layers = getattr(config, "num_decoder_layers", None) or config.num_hidden_layers
    weights = _decoder_parameters(model)
    base, reading, operations = CUDA if model.device.type == "cuda" else CPU
    fixed = base * layers + weights * model.dtype.itemsize / reading

    @cache
    def best(rows: int) -> int:
        token = 2 * weights * rows / operations
        return max(range(1, LONGEST + 1), key=lambda n: _expected(n) / (fixed + token * (n + 1)))

    return best


def _expected(draft: int) -> float:
    """Tokens kept of a draft of this length, with the one that the model adds."""
    return (1 - HELD ** (draft + 1)) / (1 - HELD)


def _decoder_parameters(model: Any) -> int:
    """Weights that a pass of the decoder reads: its layers and the output head."""
    layers = model.decoder.block if hasattr(model, "decoder") else model.model.layers
    return int(model.lm_head.weight.numel() + sum(parameter.numel() for parameter in layers.parameters()))
