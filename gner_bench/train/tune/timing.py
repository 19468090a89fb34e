"""How long a part of a batch takes on this machine."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import torch

from gner_bench.train.tune.batches import longest
from gner_bench.train.tune.devices import on_cpu, out_of_memory
from gner_bench.train.tune.encoding import Collator, Example
from gner_bench.train.tune.recipe import TuneRecipe
from gner_bench.train.tune.run import Prepared
from gner_bench.train.tune.start import load_trainable
from gner_bench.train.tune.trainer import answer_loss

TRIALS = 2
"""Parts of a batch that are timed, after one that is not."""


@dataclass(frozen=True)
class Timing:
    """``seconds`` of ``tokens`` (with padding) forward and back, and of one step of the optimizer."""

    seconds: float
    tokens: int
    update_seconds: float


def measured(prepared: Prepared) -> Timing | None:
    """Time forward and backward passes of parts of middling length; None when memory runs out."""
    recipe, start = prepared.recipe, prepared.start
    device = torch.device("cpu") if on_cpu() else torch.accelerator.current_accelerator() or torch.device("cpu")
    try:
        model = load_trainable(start, recipe).to(device).train()
        parts = _middling(prepared.examples, recipe.device_batch_size)
        _pass(model, parts[0], prepared, device)
        seconds = sum(_pass(model, part, prepared, device) for part in parts)
        tokens = sum(len(part) * longest(part, start.encoder_decoder) for part in parts)
        return Timing(seconds, tokens, _update(model, recipe, device))
    except (RuntimeError, MemoryError) as error:
        if not out_of_memory(error):
            raise
        return None


def _middling(examples: Sequence[Example], rows: int) -> list[list[Example]]:
    """As many parts as are timed, from the middle of the examples by length."""
    by_length = sorted(examples, key=lambda example: example.tokens)
    middle = max(0, (len(by_length) - TRIALS * rows) // 2)
    taken = by_length[middle : middle + TRIALS * rows]
    return [taken[start : start + rows] for start in range(0, len(taken), rows)]


def _pass(model: Any, part: Sequence[Example], prepared: Prepared, device: torch.device) -> float:
    """Seconds of one part forward and back."""
    batch = {name: each.to(device) for name, each in Collator(prepared.start)(part).items()}
    labels, loss = batch.pop("labels"), answer_loss(prepared.start.encoder_decoder)
    precision = {"bf16": torch.bfloat16, "fp16": torch.float16}.get(prepared.recipe.precision)
    started = _now(device)
    with torch.autocast(device.type, precision) if precision else nullcontext():
        found = loss(model(**batch), labels, torch.tensor(100.0, device=device))
    found.backward()  # type: ignore[no-untyped-call]
    return _now(device) - started


def _update(model: Any, recipe: TuneRecipe, device: torch.device) -> float:
    """Seconds of one step of the optimizer."""
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=recipe.learning_rate)
    started = _now(device)
    optimizer.step()
    return _now(device) - started


def _now(device: torch.device) -> float:
    if device.type != "cpu":
        torch.accelerator.synchronize()
    return time.monotonic()
