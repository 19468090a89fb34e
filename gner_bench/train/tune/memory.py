"""How much memory a training takes on each device: weights counted, activations estimated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import torch

from gner_bench.train.tune.batches import longest
from gner_bench.train.tune.devices import on_cpu
from gner_bench.train.tune.recipe import TuneRecipe
from gner_bench.train.tune.run import Prepared
from gner_bench.train.tune.start import Start

BYTES = {"fp32": 4, "bf16": 2, "fp16": 2}
OPTIMIZER_BYTES = 8
"""AdamW keeps two fp32 numbers for each trained weight."""


@dataclass(frozen=True)
class Memory:
    """Bytes on each device without sharding; an estimate."""

    weights: int
    gradients: int
    optimizer: int
    activations: int

    @property
    def total(self) -> int:
        return self.weights + self.gradients + self.optimizer + self.activations


def weight_shapes(start: Start) -> dict[str, Sequence[int]]:
    """The shape of every weight, from the headers of the files; of pickled weights, from the configuration."""
    from safetensors import safe_open

    found: dict[str, Sequence[int]] = {}
    for path in sorted(start.folder.glob("*.safetensors")):
        with safe_open(path, "pt") as file:
            found |= {key: file.get_slice(key).get_shape() for key in file.keys()}  # noqa: SIM118
    return found or _configured_shapes(start)


def _configured_shapes(start: Start) -> dict[str, Sequence[int]]:
    from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM

    loader: Any = AutoModelForSeq2SeqLM if start.encoder_decoder else AutoModelForCausalLM
    with torch.device("meta"):
        model = loader.from_config(start.config)
    return {name: tuple(parameter.shape) for name, parameter in model.named_parameters()}


def trained_weights(shapes: Mapping[str, Sequence[int]], recipe: TuneRecipe) -> int:
    """How many weights are trained: all, or with LoRA rank x (inputs + outputs) of each adapted layer."""
    lora = recipe.lora
    if lora is None:
        return sum(map(prod, shapes.values()))
    ends = tuple(f".{module}.weight" for module in lora.modules)
    return sum(lora.r * sum(shape) for name, shape in shapes.items() if name.endswith(ends))


def estimated_memory(prepared: Prepared) -> Memory:
    """Bytes for one device without sharding.

    Weights are fp32 with a copy in the recipe's precision, or frozen in that precision with LoRA; gradients are fp32.
    """
    recipe, shapes = prepared.recipe, weight_shapes(prepared.start)
    every, trained = sum(map(prod, shapes.values())), trained_weights(shapes, recipe)
    width = BYTES[recipe.precision]
    if recipe.lora is not None:
        weights = width * every + 4 * trained
    else:
        weights = 4 * every + (width * every if width < 4 else 0)
    return Memory(weights, 4 * trained, OPTIMIZER_BYTES * trained, activations(prepared))


def activations(prepared: Prepared) -> int:
    """Bytes of the activations of the longest part of a batch.

    For each layer tokens x (34 width + 5 heads length) bytes in 16 bits, or with gradient checkpointing the input of
    each layer and all of one (Korthikanti et al. 2022, Reducing Activation Recomputation in Large Transformer Models,
    section 4); half as much again for cross-attention; and three copies of the logits, two of them in fp32.
    """
    recipe, config, examples = prepared.recipe, prepared.start.config, prepared.examples
    rows, scale = recipe.device_batch_size, BYTES[recipe.precision] / 2
    biggest = sorted(examples, key=lambda example: -example.tokens)[:rows]
    prompt, answer = (max(len(example[side]) for example in biggest) for side in (0, 1))
    if prepared.start.encoder_decoder:
        stacks = [(config.num_layers, prompt, 1.0), (config.num_decoder_layers, answer, 1.5)]
        width, heads, written = config.d_model, config.num_heads, answer
    else:
        stacks = [(config.num_hidden_layers, longest(biggest, False), 1.0)]
        width, heads, written = config.hidden_size, config.num_attention_heads, stacks[0][1]
    total = 0.0
    for layers, length, share in stacks:
        whole = rows * length * (34 * width + 5 * heads * length) * scale * share
        inputs = layers * 2 * rows * length * width * scale
        total += inputs + whole if recipe.gradient_checkpointing else layers * whole
    return int(total + rows * written * config.vocab_size * (8 + 2 * scale))


def free_memory() -> int:
    """Free bytes of this process's device."""
    import psutil  # type: ignore[import-untyped]

    if not on_cpu() and torch.cuda.is_available():
        return int(torch.cuda.mem_get_info()[0])
    return int(psutil.virtual_memory().available)
