"""A T5 of the shape that a recipe asks for, ready to learn to copy, and its checkpoint folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from transformers import PreTrainedTokenizerFast, T5Config, T5ForConditionalGeneration
from transformers.models.t5.modeling_t5 import T5Attention, T5DenseGatedActDense

from gner_bench.files import write_json

from .recipe import ModelShape
from .tokenizer import END, PAD, UNKNOWN

ENCODER_NEIGHBOURS = (1, 2, 17)
"""Relative-position buckets of the encoder for the words one and two to the left and one to the right (32 buckets)."""
DECODER_NEIGHBOURS = (1, 2, 3)
"""Those of the decoder for one, two and three back."""


def new_model(shape: ModelShape, tokenizer: Tokenizer) -> T5ForConditionalGeneration:
    """A model with random weights whose first heads start out looking at neighbours.

    Copying needs a head that finds the token before the one attended to; ``shape.neighbour_bias`` on one distance for
    each of the first heads offers it from the start (tried with one seed: copying came sooner than without). Dropout
    stays on the outputs of the blocks alone: drawing its masks took a quarter of the time of a step on a CPU.
    """
    model = T5ForConditionalGeneration(
        T5Config(
            vocab_size=tokenizer.get_vocab_size(),
            d_model=shape.d_model,
            d_ff=shape.d_ff,
            d_kv=shape.d_kv,
            num_heads=shape.heads,
            num_layers=shape.encoder_layers,
            num_decoder_layers=shape.decoder_layers,
            dropout_rate=shape.dropout,
            feed_forward_proj="gated-gelu",
            pad_token_id=tokenizer.token_to_id(PAD),
            eos_token_id=tokenizer.token_to_id(END),
            decoder_start_token_id=tokenizer.token_to_id(PAD),  # type: ignore[call-arg]
        )
    )
    _drop_outputs_alone(model)
    for stack, buckets in ((model.encoder, ENCODER_NEIGHBOURS), (model.decoder, DECODER_NEIGHBOURS)):
        table = stack.get_parameter("block.0.layer.0.SelfAttention.relative_attention_bias.weight")
        with torch.no_grad():
            for head, bucket in enumerate(buckets[: shape.heads]):
                table[bucket, head] += shape.neighbour_bias
    return model


def trained_model(shape: ModelShape, folder: Path) -> T5ForConditionalGeneration:
    """The model of a checkpoint folder, to be trained further in fp32 with the dropout of ``shape``."""
    model: T5ForConditionalGeneration = T5ForConditionalGeneration.from_pretrained(
        folder, dtype=torch.float32, dropout_rate=shape.dropout
    )
    _drop_outputs_alone(model)
    return model


def _drop_outputs_alone(model: T5ForConditionalGeneration) -> None:
    for module in model.modules():
        if isinstance(module, T5Attention):
            module.dropout = 0.0
        elif isinstance(module, T5DenseGatedActDense):
            module.dropout.p = 0.0


def export(model: T5ForConditionalGeneration, tokenizer: Tokenizer, out: Path, facts: dict[str, Any]) -> None:
    """Write bf16 weights, configuration and tokenizer to ``out``, and last ``facts`` as training.json."""
    narrow: Any = model.to(torch.bfloat16)  # type: ignore[arg-type]
    narrow.save_pretrained(out)
    PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer,
        pad_token=PAD,
        eos_token=END,
        unk_token=UNKNOWN,
        clean_up_tokenization_spaces=False,
    ).save_pretrained(out)
    write_json(out / "training.json", facts)
