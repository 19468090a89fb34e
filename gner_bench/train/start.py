"""The checkpoint that fine-tuning starts from: found, checked, and loaded in the format in which it is trained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from transformers import LlamaConfig, T5Config

from gner_bench.catalog import catalog
from gner_bench.documents.record import GNER
from gner_bench.errors import InputError, UsageError, did_you_mean, first_line
from gner_bench.fetch.checkpoint import HubCheckpoint
from gner_bench.predict.checkpoint import DTYPES
from gner_bench.predict.folder import CheckpointFolder, load_model, open_folder
from gner_bench.train.recipe import Recipe

MODEL_TYPES = ("t5", "llama")
"""Architectures that predict decodes."""


def read_start(source: str) -> CheckpointFolder:
    """Find and check a folder, or a hub id or catalogue name that is in the cache.

    Raises InputError for another architecture than T5 and LLaMA and for a tokenizer without end token or with more
    tokens than the model; and as ``open_folder`` does.
    """
    start = open_folder(source)
    if start.config.model_type not in MODEL_TYPES:
        message = f"is a {start.config.model_type} checkpoint; T5 and LLaMA checkpoints can be fine-tuned"
        raise InputError(start.folder, message)
    if start.tokenizer.eos_token_id is None:
        raise InputError(start.folder, "its tokenizer has no end token (eos_token)")
    if len(start.tokenizer) > start.config.vocab_size:
        message = f"its tokenizer has {len(start.tokenizer)} tokens, the model only {start.config.vocab_size}"
        raise InputError(start.folder, message)
    return start


PROMPT_CHARACTERS, ANSWER_CHARACTERS = 3.5, 2.1
"""Characters a token: measured on prompts and answers of seven data sets with T5's and LLaMA's tokenizers, which give
3.2 to 3.8 and 1.6 to 2.3, each set for itself."""


@dataclass(frozen=True)
class LengthTokenizer:
    """Stands for a tokenizer that is not here: as many tokens as a text of that length has on average."""

    eos_token_id: int = 1
    pad_token_id: int = 0

    def __call__(self, texts: Sequence[str], add_special_tokens: bool = True) -> dict[str, list[list[int]]]:
        characters = PROMPT_CHARACTERS if add_special_tokens else ANSWER_CHARACTERS
        return {"input_ids": [[3] * ceil(len(text) / characters) for text in texts]}


def known_start(checkpoint: HubCheckpoint) -> CheckpointFolder:
    """A checkpoint that is not here, by the shape that the catalogue has of it, for a plan alone.

    Raises UsageError where the catalogue does not know it.
    """
    shape = next(filter(None, map(catalog().find_shape, (checkpoint.name, checkpoint.hub))), None)
    if shape is None:
        known = ", ".join(name for shape in catalog().shape for name in shape.checkpoints)
        message = f"is not in the cache and not of a known shape ({known}); run: gner-bench download {checkpoint.hub}"
        raise UsageError(f"{checkpoint.name}: {message}")
    heads, layers = shape.heads, shape.layers
    if shape.family == "t5":
        config: Any = T5Config(  # type: ignore[call-arg]  # of all models
            vocab_size=shape.vocabulary,
            d_model=shape.width,
            d_ff=shape.inner_width,
            d_kv=shape.head_width,
            num_layers=layers,
            num_heads=heads,
            feed_forward_proj="gated-gelu",
            tie_word_embeddings=False,
        )
    else:
        config = LlamaConfig(
            vocab_size=shape.vocabulary,
            hidden_size=shape.width,
            intermediate_size=shape.inner_width,
            num_hidden_layers=layers,
            num_attention_heads=heads,
            head_dim=shape.head_width,
        )
    name, sets = checkpoint.name, checkpoint.training_sets
    return CheckpointFolder(name, Path(checkpoint.hub), None, "", sets, GNER, config, LengthTokenizer())


def load_plain(start: CheckpointFolder, recipe: Recipe) -> Any:
    """The model without adapters: fp32 weights, with LoRA frozen ones in the recipe's precision.

    Raises InputError when it cannot be loaded.
    """
    model = load_model(start, DTYPES[recipe.precision if recipe.lora else "fp32"])
    # transformers 5 calls every T5 tied, whatever its file says, and the next call of tie_weights would put the
    # embeddings in the place of an output layer of its own.
    if model.get_output_embeddings().weight is not model.get_input_embeddings().weight:
        model.config.tie_word_embeddings = False
    return model


def load_trainable(start: CheckpointFolder, recipe: Recipe) -> Any:
    """The model to be trained, with adapters where the recipe asks for LoRA.

    Raises UsageError for LoRA on layers that the model does not have.
    """
    model, lora = load_plain(start, recipe), recipe.lora
    if lora is None:
        return model
    from peft import LoraConfig, get_peft_model

    layers = {name.rpartition(".")[2] for name, module in model.named_modules() if isinstance(module, torch.nn.Linear)}
    for layer in lora.modules:
        if layer not in layers:
            raise UsageError(f"lora.modules: the model has no layer {layer!r}; {did_you_mean(layer, sorted(layers))}")
    torch.manual_seed(recipe.seed)  # the adapters are drawn at random here, before the Trainer sets the seed
    config = LoraConfig(
        r=lora.r, lora_alpha=lora.alpha, lora_dropout=lora.dropout, target_modules=list(lora.modules), bias="none"
    )
    return get_peft_model(model, config)


def load_saved(start: CheckpointFolder, recipe: Recipe, folder: Path) -> Any:
    """What a training under way has saved in a folder, in the recipe's precision; adapters added to the weights."""
    if recipe.lora is not None:
        from peft import PeftModel

        return PeftModel.from_pretrained(load_plain(start, recipe), str(folder)).merge_and_unload()
    return load_model(start, DTYPES[recipe.precision], folder)


def weights_in(folder: Path) -> dict[str, tuple[str, Sequence[int]]]:
    """Number format (``F32``) and shape of every weight, from the headers of the *.safetensors files.

    Raises InputError for a file that has none.
    """
    weights: dict[str, tuple[str, Sequence[int]]] = {}
    for path in sorted(folder.glob("*.safetensors")):
        try:
            with safe_open(path, "pt") as file:
                parts = {key: file.get_slice(key) for key in file.keys()}  # noqa: SIM118
                weights |= {key: (part.get_dtype(), part.get_shape()) for key, part in parts.items()}
        except (OSError, SafetensorError) as error:
            raise InputError(path, f"cannot be read: {first_line(error)}") from None
    return weights
