"""Greedy decoding and beam search by transformers' ``generate``, in batches, with the settings of the GNER protocol."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import torch
from transformers import GenerationConfig

from gner_bench.errors import GnerBenchError
from gner_bench.predict.checkpoint import Checkpoint
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
        for _, part in groupby(tasks, key=lambda task: task.dataset):
            for batch in batches(list(part), self.batch_size):
                yield from zip(batch, generate(self.checkpoint, [task.prompt for task in batch]), strict=True)


def use_protocol_settings(checkpoint: Checkpoint, num_beams: int = 1) -> None:
    """Make the model decode greedily or by beam search; of its own settings only the special tokens are kept."""
    tokenizer, own = checkpoint.tokenizer, checkpoint.model.generation_config
    settings = {name: getattr(own, name, None) for name in TAKEN_OVER}
    settings = {name: value for name, value in settings.items() if value is not None}
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
def generate(checkpoint: Checkpoint, prompts: Sequence[str]) -> list[Generation]:
    """Answer prompts; batches too large for memory are halved. Raises GnerBenchError where a single prompt is."""
    encoded = checkpoint.prompt_ids(prompts)
    inputs = checkpoint.tokenizer.pad({"input_ids": [ids for ids, _, _ in encoded]}, return_tensors="pt")
    try:
        inputs = inputs.to(checkpoint.model.device)
        output = checkpoint.model.generate(
            input_ids=inputs["input_ids"],
            attention_mask=inputs["attention_mask"],
            max_new_tokens=max(room for _, room, _ in encoded),
        )
    except torch.cuda.OutOfMemoryError:
        if len(prompts) == 1:
            raise GnerBenchError("out of memory with a single prompt; try --dtype bf16 or another --device") from None
    else:
        # The limit of LLaMA counts prompt and output, so the room of each row is its own.
        start = 1 if checkpoint.encoder_decoder else inputs["input_ids"].shape[1]
        return [
            checkpoint.generation(row[start : start + room].tolist(), cut)
            for row, (_, room, cut) in zip(output, encoded, strict=True)
        ]
    # Outside the handler, whose exception keeps the tensors of the failed batch alive.
    torch.cuda.empty_cache()
    half = len(prompts) // 2
    return generate(checkpoint, prompts[:half]) + generate(checkpoint, prompts[half:])
