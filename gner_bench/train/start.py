"""The checkpoint that fine-tuning starts from: found, checked, and loaded in the format in which it is trained."""

from __future__ import annotations

import json
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSeq2SeqLM, AutoTokenizer
from transformers.utils import logging

from gner_bench.answers.answer import Wrapping
from gner_bench.catalog import catalog
from gner_bench.errors import GnerBenchError, InputError, UsageError, did_you_mean
from gner_bench.fetch.checkpoint import locate
from gner_bench.predict.checkpoint import DTYPES, require_weights
from gner_bench.structure.back_tokenizer import FILES, tokenizer_file
from gner_bench.train.recipe import Recipe

MODEL_TYPES = ("t5", "llama")
"""Architectures that predict decodes."""


@dataclass(frozen=True)
class Start:
    """A checkpoint on disk with its configuration and tokenizer.

    ``revision`` is the commit that it came from, None for a folder of the user's own; ``training_sets`` is what it was
    trained on, as far as the catalogue or its own training.json says; ``wrapping`` is that of its prompts; ``loader``
    is the class of transformers that loads its model.
    """

    folder: Path
    revision: str | None
    training_sets: tuple[str, ...]
    config: Any
    tokenizer: Any
    encoder_decoder: bool
    wrapping: Wrapping
    loader: Any


def read_start(source: str) -> Start:
    """Find and check a folder, or a hub id or catalogue name that is in the cache.

    Raises InputError for a folder without weights or tokenizer, for another architecture than T5 and LLaMA and for a
    tokenizer without end token or with more tokens than the model; and as ``locate`` does.
    """
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    located = locate(source)
    require_weights(located)
    folder, facts_file = located.folder, located.folder / "training.json"
    try:
        config = AutoConfig.from_pretrained(folder)
    except (OSError, ValueError, KeyError) as error:
        raise InputError(folder / "config.json", first_line(error)) from None
    if config.model_type not in MODEL_TYPES:
        raise InputError(folder, f"is a {config.model_type} checkpoint; T5 and LLaMA checkpoints can be fine-tuned")
    if tokenizer_file(folder) is None:
        raise InputError(folder, f"no tokenizer here (looked for {', '.join(FILES)})")
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder)
    except Exception as error:  # the libraries below raise bare Exception on bad files
        raise InputError(folder, f"its tokenizer cannot be loaded: {first_line(error)}") from None
    if tokenizer.eos_token_id is None:
        raise InputError(folder, "its tokenizer has no end token (eos_token)")
    if len(tokenizer) > config.vocab_size:
        message = f"its tokenizer has {len(tokenizer)} tokens, the model only {config.vocab_size}"
        raise InputError(folder, message)
    try:
        facts = json.loads(facts_file.read_text(encoding="utf-8")) if facts_file.is_file() else {}
    except ValueError:
        raise InputError(facts_file, "is not JSON") from None
    known = facts.get("training_sets", ()) if isinstance(facts, dict) else ()
    encoder_decoder = bool(config.is_encoder_decoder)
    wrapping = catalog().get_family("t5" if encoder_decoder else "llama").wrapping
    loader = AutoModelForSeq2SeqLM if encoder_decoder else AutoModelForCausalLM
    sets = located.training_sets or tuple(known)
    return Start(folder, located.revision, sets, config, tokenizer, encoder_decoder, wrapping, loader)


def load_plain(start: Start, recipe: Recipe) -> Any:
    """The model without adapters: fp32 weights, with LoRA frozen ones in the recipe's precision.

    Raises InputError when it cannot be loaded.
    """
    kind = recipe.precision if recipe.lora else "fp32"
    try:
        model = start.loader.from_pretrained(start.folder, dtype=DTYPES[kind])
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        raise InputError(start.folder, f"cannot be loaded as a checkpoint: {first_line(error)}") from None
    # transformers 5 calls every T5 tied, whatever its file says, and the next call of tie_weights would put the
    # embeddings in the place of an output layer of its own.
    if model.get_output_embeddings().weight is not model.get_input_embeddings().weight:
        model.config.tie_word_embeddings = False
    return model


def load_trainable(start: Start, recipe: Recipe) -> Any:
    """The model to be trained, with adapters where the recipe asks for LoRA.

    Raises GnerBenchError without peft, UsageError for LoRA on layers that the model does not have.
    """
    model, lora = load_plain(start, recipe), recipe.lora
    if lora is None:
        return model
    try:
        from peft import LoraConfig, get_peft_model
    except ImportError:
        raise GnerBenchError("lora needs peft; run: pip install 'gner-bench[train]'") from None
    layers = {name.rpartition(".")[2] for name, module in model.named_modules() if isinstance(module, torch.nn.Linear)}
    for layer in lora.modules:
        if layer not in layers:
            raise UsageError(f"lora.modules: the model has no layer {layer!r}; {did_you_mean(layer, sorted(layers))}")
    torch.manual_seed(recipe.seed)  # the adapters are drawn at random here, before the Trainer sets the seed
    config = LoraConfig(
        r=lora.r, lora_alpha=lora.alpha, lora_dropout=lora.dropout, target_modules=list(lora.modules), bias="none"
    )
    return get_peft_model(model, config)


def load_saved(start: Start, recipe: Recipe, folder: Path) -> Any:
    """What a training under way has saved in a folder, in the recipe's precision; adapters added to the weights."""
    if recipe.lora is not None:
        from peft import PeftModel

        return PeftModel.from_pretrained(load_plain(start, recipe), str(folder)).merge_and_unload()
    return start.loader.from_pretrained(folder, config=deepcopy(start.config), dtype=DTYPES[recipe.precision])


def weights_in(folder: Path) -> dict[str, tuple[str, Sequence[int]]]:
    """Number format (``F32``) and shape of every weight, from the headers of the *.safetensors files."""
    weights: dict[str, tuple[str, Sequence[int]]] = {}
    for path in sorted(folder.glob("*.safetensors")):
        with safe_open(path, "pt") as file:
            parts = {key: file.get_slice(key) for key in file.keys()}  # noqa: SIM118
            weights |= {key: (part.get_dtype(), part.get_shape()) for key, part in parts.items()}
    return weights


def first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
