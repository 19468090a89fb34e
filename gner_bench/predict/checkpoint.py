"""A generative NER checkpoint: loading it from a folder or the cache, prompts as its token ids, its tokens as text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch

from gner_bench.answers import Wrapping
from gner_bench.catalog import catalog
from gner_bench.catalog.entries import Family
from gner_bench.documents.record import GNER
from gner_bench.errors import GnerBenchError, first_line
from gner_bench.predict.adapter import open_adapter
from gner_bench.predict.folder import HASHED, load_model, open_folder
from gner_bench.predict.generation import Generation
from gner_bench.predict.loading import MAP, chosen_device, file_hashes
from gner_bench.predict.memory import require_weights_fit
from gner_bench.predict.options import DtypeName
from gner_bench.predict.prompting import Prompting, prompting_of

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


@dataclass(frozen=True)
class Checkpoint:
    """A loaded model. ``name``, ``source`` and ``revision`` say where it is from; ``files`` maps names to SHA-256.

    ``note`` is what its own training.json says about its standing, such as being supervised on the data, and
    ``training_sets`` are the sets that it or the catalogue names; ``format`` is the answer format that it is asked in,
    ``wrapping`` and ``max_new_tokens`` are those that were asked for, None for those of format and family. ``adapter``
    is where an adapter comes from that its weights have been merged with.
    """

    name: str
    source: str
    revision: str | None
    folder: Path
    files: dict[str, str]
    note: str
    training_sets: tuple[str, ...]
    model: Any
    tokenizer: Any
    dtype: str
    format: str = GNER
    wrapping: Wrapping | None = None
    max_new_tokens: int | None = None
    adapter: str | None = None

    @property
    def encoder_decoder(self) -> bool:
        return bool(self.model.config.is_encoder_decoder)

    @property
    def family(self) -> Family:
        """How it is prompted, and its limits."""
        return catalog().get_family("t5" if self.encoder_decoder else "llama")

    @cached_property
    def prompting(self) -> Prompting:
        """How it is asked. Raises InputError for a chat template that is missing or does not take a prompt."""
        asked = self.wrapping, self.max_new_tokens
        return prompting_of(self.folder, self.tokenizer, self.model.config, self.family, self.format, *asked)

    @property
    def end_tokens(self) -> set[int]:
        """The tokens that end an output; after a chat template, or where the model names none, the tokenizer's too."""
        ends = self.model.generation_config.eos_token_id
        ends = {ends} if isinstance(ends, int) else set(ends or ())
        own = self.tokenizer.eos_token_id
        chat = self.wrapping == "chat" or (self.format != GNER and self.prompting.wrapping == "chat")
        return ends | {own} if own is not None and (chat or not ends) else ends

    def prompt_ids(self, prompts: Sequence[str]) -> list[tuple[list[int], int, bool]]:
        """For each prompt its token ids within the limit, the most tokens that may follow, and whether it was cut."""
        return self.prompting.ids(prompts)

    def text(self, ids: Sequence[int]) -> str:
        """What ``ids`` say, without special tokens."""
        return self.prompting.text(ids)

    def generation(self, ids: Sequence[int], input_cut: bool, passes: int = 0) -> Generation:
        """The record of generated ``ids``, of which those before the first end token count."""
        ends = self.end_tokens
        stop = next((place for place, token in enumerate(ids) if token in ends), None)
        count = len(ids) if stop is None else stop
        return Generation(self.text(ids[:stop]), count, "length" if stop is None else "stop", input_cut, passes)


def load_checkpoint(
    source: str, dtype: DtypeName = "auto", device: str = "auto", adapter: str | None = None
) -> Checkpoint:
    """Load a folder, or a hub id or name of the catalogue that is in the cache, and merge a LoRA ``adapter`` into it.

    A dtype of ``auto`` means bf16 on CUDA where it can, fp32 elsewhere; the device ``map`` spreads the layers over all
    devices and the main memory. Raises InputError for a folder that holds no checkpoint, IntegrityError when the cached
    files were altered, GnerBenchError when it is not in the cache, does not fit the device or the device fails.
    """
    chosen = chosen_device("auto" if device == MAP else device)
    opened = open_folder(source)
    lora = open_adapter(adapter, source, opened) if adapter else None
    kind: str = dtype
    if dtype == "auto":
        kind = "bf16" if chosen.type == "cuda" and torch.cuda.is_bf16_supported() else "fp32"
    spread: dict[str, Any] = {"device_map": "auto"} if device == MAP else {}
    # A head of its own, as GNER's T5 have, stays so only here: transformers 5 ties it in a model that is built from
    # a configuration.
    model = load_model(opened, DTYPES[kind], **spread)
    if not spread:
        require_weights_fit(opened.name, kind, model.num_parameters() * DTYPES[kind].itemsize, chosen)
    try:
        model = (model if spread else model.to(chosen)).eval()
        if lora is not None:
            model = lora.merged(model)
    except RuntimeError as error:
        raise GnerBenchError(f"--device {chosen}: {first_line(error)}") from None
    return Checkpoint(
        name=f"{opened.name}+{lora.name}" if lora else opened.name,
        source=source,
        revision=opened.revision,
        folder=opened.folder,
        files=file_hashes(opened.folder, HASHED) | (lora.files if lora else {}),
        note=opened.note,
        training_sets=opened.training_sets,
        model=model,
        tokenizer=opened.tokenizer,
        dtype=kind,
        format=opened.format,
        adapter=adapter,
    )
