"""Greedy decoding and beam search by transformers' ``generate``, in batches, with the settings of the GNER protocol."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from inspect import signature
from itertools import groupby
from typing import Any

import torch
from transformers import DynamicCache, GenerationConfig
from transformers.cache_utils import DynamicLayer

from gner_bench.errors import GnerBenchError
from gner_bench.predict.checkpoint import Checkpoint
from gner_bench.predict.decode.draft import common
from gner_bench.predict.generation import Generation
from gner_bench.predict.plan import Task, batches

TAKEN_OVER = ("bos_token_id", "eos_token_id", "pad_token_id", "decoder_start_token_id", "forced_bos_token_id")
"""Generation settings that belong to the checkpoint; the protocol fixes all others."""


@dataclass(frozen=True)
class BatchedDecoder:
    """Decodes tasks in batches within a data set, longest sentences first."""

    checkpoint: Checkpoint
    batch_size: int
    num_beams: int = 1

    def __call__(self, tasks: Sequence[Task]) -> Iterator[tuple[Task, Generation]]:
        use_protocol_settings(self.checkpoint, self.num_beams)
        shares = self.num_beams == 1 and shares_beginnings(self.checkpoint)
        for _, part in groupby(tasks, key=lambda task: task.dataset):
            for batch in batches(list(part), self.batch_size):
                sentences = {task.key: task for task in batch}
                prompts = {key: task.prompts for key, task in sentences.items()}
                asked = [prompts[task.key][task.ask] for task in batch]
                several = shares and len(sentences) < len(batch)
                owners = [list(sentences).index(task.key) for task in batch] if several else None
                yield from zip(batch, generate(self.checkpoint, asked, owners), strict=True)


def use_protocol_settings(checkpoint: Checkpoint, num_beams: int = 1) -> None:
    """Make the model decode greedily or by beam search; of its own settings only the special tokens are kept."""
    tokenizer, own = checkpoint.tokenizer, checkpoint.model.generation_config
    settings = {name: getattr(own, name, None) for name in TAKEN_OVER}
    settings = {name: value for name, value in settings.items() if value is not None}
    if (ends := checkpoint.end_tokens) != {settings.get("eos_token_id")}:
        settings["eos_token_id"] = sorted(ends) or None
    # LLaMA has no padding token; any will do, for what it pads is masked.
    candidates = (tokenizer.pad_token_id, tokenizer.unk_token_id, tokenizer.eos_token_id, 0)
    settings.setdefault("pad_token_id", int(next(token for token in candidates if token is not None)))
    checkpoint.model.generation_config = GenerationConfig(  # type: ignore[no-untyped-call]
        do_sample=False, num_beams=num_beams, **settings
    )
    # A decoder continues a prompt at its last token, so padding has to come before it.
    tokenizer.padding_side = "right" if checkpoint.encoder_decoder else "left"
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.convert_ids_to_tokens(settings["pad_token_id"])


@torch.inference_mode()
def generate(checkpoint: Checkpoint, prompts: Sequence[str], owners: Sequence[int] | None = None) -> list[Generation]:
    """Answer prompts; batches too large for memory are halved. Raises GnerBenchError where a single prompt is.

    ``owners`` numbers the sentence that each prompt asks about: what all prompts of one begin with is read once.
    """
    encoded = checkpoint.prompt_ids(prompts)
    try:
        inputs, start = _inputs(checkpoint, [ids for ids, _, _ in encoded], owners)
        output = checkpoint.model.generate(**inputs, max_new_tokens=max(room for _, room, _ in encoded))
    except torch.cuda.OutOfMemoryError:
        if len(prompts) == 1:
            raise GnerBenchError("out of memory with a single prompt; try --dtype bf16 or another --device") from None
    else:
        # The limit of LLaMA counts prompt and output, so the room of each row is its own.
        return [
            checkpoint.generation(row[start : start + room].tolist(), cut)
            for row, (_, room, cut) in zip(output, encoded, strict=True)
        ]
    # Outside the handler, whose exception keeps the tensors of the failed batch alive.
    torch.cuda.empty_cache()
    half = len(prompts) // 2
    parts = (prompts[:half], owners and owners[:half]), (prompts[half:], owners and owners[half:])
    return [generation for part, owned in parts for generation in generate(checkpoint, part, owned)]


def _inputs(
    checkpoint: Checkpoint, prompts: Sequence[list[int]], owners: Sequence[int] | None
) -> tuple[dict[str, Any], int]:
    """What ``generate`` of transformers takes, and where in its rows the output starts."""
    tokenizer, model = checkpoint.tokenizer, checkpoint.model
    beginnings = common_beginnings(prompts, owners or range(len(prompts)))
    if owners is None or not all(beginnings.values()):
        padded = tokenizer.pad({"input_ids": list(prompts)}, return_tensors="pt").to(model.device)
        start = 1 if checkpoint.encoder_decoder else padded["input_ids"].shape[1]
        return {name: padded[name] for name in ("input_ids", "attention_mask")}, start
    # A row is the beginning and the rest, each filled up on the left; positions count what is not masked. The cache
    # has a row for each beginning at first, then a copy for each prompt.
    first = {owner: prompts[owners.index(owner)][:size] for owner, size in beginnings.items()}
    begun = tokenizer.pad({"input_ids": list(first.values())}, return_tensors="pt").to(model.device)
    rest = [ids[beginnings[owner] :] for ids, owner in zip(prompts, owners, strict=True)]
    ended = tokenizer.pad({"input_ids": rest}, return_tensors="pt").to(model.device)
    cache, mask = DynamicCache(config=model.config), begun["attention_mask"]
    places = (mask.cumsum(-1) - 1).clamp(min=0)
    model.base_model(
        begun["input_ids"], attention_mask=mask, position_ids=places, past_key_values=cache, use_cache=True
    )
    rows = torch.tensor([list(first).index(owner) for owner in owners])  # layers may be on several devices
    cache.batch_select_indices(rows)
    inputs = {name: torch.cat([begun[name][rows], ended[name]], dim=1) for name in ("input_ids", "attention_mask")}
    return {**inputs, "past_key_values": cache}, inputs["input_ids"].shape[1]


def common_beginnings(prompts: Sequence[list[int]], owners: Sequence[int]) -> dict[int, int]:
    """For each owner the number of tokens that all its prompts begin with, of which none is whole."""
    owned: dict[int, list[list[int]]] = {}
    for prompt, owner in zip(prompts, owners, strict=True):
        owned.setdefault(owner, []).append(prompt)
    return {
        owner: min(common(min(several), max(several)), *(len(ids) - 1 for ids in several))
        for owner, several in owned.items()
    }


def shares_beginnings(checkpoint: Checkpoint) -> bool:
    """Whether the keys and values of a beginning are those of every prompt that begins so, and can be copied.

    An encoder reads a prompt in both directions; windows of attention and recurrent states count places.
    """
    if checkpoint.encoder_decoder:
        return False
    model = checkpoint.model
    placed = "position_ids" in signature(model.base_model.forward).parameters
    return placed and all(type(layer) is DynamicLayer for layer in DynamicCache(config=model.config).layers)
