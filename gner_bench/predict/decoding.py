"""One batch of prompts through ``generate``, under the limits and settings of the GNER protocol."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from transformers import GenerationConfig

from gner_bench.errors import GnerBenchError
from gner_bench.predict.checkpoint import Checkpoint
from gner_bench.predict.generation import Generation

CLEAN_UP_TOKENIZATION_SPACES = False
TAKEN_OVER = ("bos_token_id", "eos_token_id", "pad_token_id", "decoder_start_token_id", "forced_bos_token_id")
"""Generation settings that belong to the checkpoint; the protocol fixes all others."""


def use_protocol_settings(checkpoint: Checkpoint, num_beams: int = 1) -> None:
    """Make the model decode greedily or by beam search; of its own settings only the special tokens are kept."""
    own = checkpoint.model.generation_config
    settings = {name: getattr(own, name, None) for name in TAKEN_OVER}
    settings = {name: value for name, value in settings.items() if value is not None}
    settings.setdefault("pad_token_id", _pad_id(checkpoint))
    checkpoint.model.generation_config = GenerationConfig(  # type: ignore[no-untyped-call]
        do_sample=False, num_beams=num_beams, **settings
    )
    checkpoint.tokenizer.padding_side = "right" if checkpoint.encoder_decoder else "left"
    if checkpoint.tokenizer.pad_token_id is None:
        checkpoint.tokenizer.pad_token = checkpoint.tokenizer.convert_ids_to_tokens(settings["pad_token_id"])


def _pad_id(checkpoint: Checkpoint) -> int:
    tokenizer = checkpoint.tokenizer
    candidates = (tokenizer.pad_token_id, tokenizer.unk_token_id, tokenizer.eos_token_id, 0)
    return int(next(token for token in candidates if token is not None))


@torch.inference_mode()
def generate(checkpoint: Checkpoint, prompts: Sequence[str]) -> list[Generation]:
    """Generate for each of ``prompts``; a batch that does not fit the accelerator's memory is halved.

    Raises GnerBenchError when a single prompt does not fit.
    """
    try:
        return _generate(checkpoint, prompts)
    except torch.cuda.OutOfMemoryError:
        if len(prompts) == 1:
            raise GnerBenchError("out of memory with a single prompt; try --dtype bf16 or another --device") from None
    torch.cuda.empty_cache()
    half = len(prompts) // 2
    return generate(checkpoint, prompts[:half]) + generate(checkpoint, prompts[half:])


def prompt_ids(checkpoint: Checkpoint, prompts: Sequence[str]) -> list[tuple[list[int], int, bool]]:
    """For each prompt its token ids within the limit, the most tokens that may follow, and whether it was cut."""
    family = checkpoint.family
    limit = family.max_input_tokens or family.max_total_tokens - 1
    whole = checkpoint.tokenizer(list(prompts))["input_ids"]
    cut = checkpoint.tokenizer(list(prompts), truncation=True, max_length=limit)["input_ids"]
    return [
        (ids, family.max_new_tokens or family.max_total_tokens - len(ids), len(all_ids) > limit)
        for ids, all_ids in zip(cut, whole, strict=True)
    ]


def end_tokens(checkpoint: Checkpoint) -> set[int]:
    """The tokens that end an output."""
    ends = checkpoint.model.generation_config.eos_token_id
    return {ends} if isinstance(ends, int) else set(ends or ())


def _generate(checkpoint: Checkpoint, prompts: Sequence[str]) -> list[Generation]:
    found = prompt_ids(checkpoint, prompts)
    inputs = checkpoint.tokenizer.pad({"input_ids": [ids for ids, _, _ in found]}, return_tensors="pt").to(
        checkpoint.model.device
    )
    output = checkpoint.model.generate(
        input_ids=inputs["input_ids"],
        attention_mask=inputs["attention_mask"],
        max_new_tokens=max(room for _, room, _ in found),
    )
    start = 1 if checkpoint.encoder_decoder else inputs["input_ids"].shape[1]
    return [
        _generation(checkpoint, row[start : start + room], cut)
        for row, (_, room, cut) in zip(output, found, strict=True)
    ]


def _generation(checkpoint: Checkpoint, tokens: Tensor, input_cut: bool) -> Generation:
    ids = tokens.tolist()
    ends = end_tokens(checkpoint)
    stop = next((index for index, token in enumerate(ids) if token in ends), None)
    text = checkpoint.tokenizer.decode(
        ids[:stop], skip_special_tokens=True, clean_up_tokenization_spaces=CLEAN_UP_TOKENIZATION_SPACES
    )
    count = len(ids) if stop is None else stop
    return Generation(text, count, "length" if stop is None else "stop", input_cut)
