"""A generative NER checkpoint: loading it from a folder or the cache, prompts as its token ids, its tokens as text."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from gner_bench.catalog import catalog
from gner_bench.catalog.entries import Family
from gner_bench.documents.record import GNER
from gner_bench.errors import GnerBenchError, InputError, first_line
from gner_bench.predict.folder import load_model, open_folder
from gner_bench.predict.generation import Generation
from gner_bench.predict.options import DtypeName

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
MAP = "map"
WEIGHTS = ("*.safetensors", "pytorch_model*.bin")
SMALL_FILES = ("*.json", "*.model", "*.txt")
CLEAN_UP_TOKENIZATION_SPACES = False
"""Whether decoding removes the spaces before punctuation, which would merge words of the copy."""


@dataclass(frozen=True)
class Checkpoint:
    """A loaded model. ``name``, ``source`` and ``revision`` say where it is from; ``files`` maps names to SHA-256.

    ``note`` is what its own training.json says about its standing, such as being supervised on the data, and
    ``training_sets`` are the sets that it or the catalogue names; ``format`` is the answer format that it writes.
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

    @property
    def encoder_decoder(self) -> bool:
        return bool(self.model.config.is_encoder_decoder)

    @property
    def family(self) -> Family:
        """How it is prompted, and its limits."""
        return catalog().get_family("t5" if self.encoder_decoder else "llama")

    @property
    def end_tokens(self) -> set[int]:
        """The tokens that end an output."""
        ends = self.model.generation_config.eos_token_id
        return {ends} if isinstance(ends, int) else set(ends or ())

    def prompt_ids(self, prompts: Sequence[str]) -> list[tuple[list[int], int, bool]]:
        """For each prompt its token ids within the limit, the most tokens that may follow, and whether it was cut."""
        family = self.family
        limit = family.max_input_tokens or family.max_total_tokens - 1
        whole = self.tokenizer(list(prompts))["input_ids"]
        if self.encoder_decoder:
            cut = self.tokenizer(list(prompts), truncation=True, max_length=limit)["input_ids"]
        else:
            # A decoder-only model continues the prompt; GNER's code, too, takes an end token off.
            end = self.tokenizer.eos_token_id
            whole = [ids[:-1] if ids and ids[-1] == end else ids for ids in whole]
            cut = [ids[:limit] for ids in whole]
        if (highest := max(map(max, filter(None, cut)), default=0)) >= self.model.config.vocab_size:
            raise InputError(self.folder, f"its tokenizer gives token {highest}, which the model does not have")
        return [
            (ids, family.max_new_tokens or family.max_total_tokens - len(ids), len(all_ids) > limit)
            for ids, all_ids in zip(cut, whole, strict=True)
        ]

    def text(self, ids: Sequence[int]) -> str:
        """What ``ids`` say, without special tokens."""
        text: str = self.tokenizer.decode(
            ids, skip_special_tokens=True, clean_up_tokenization_spaces=CLEAN_UP_TOKENIZATION_SPACES
        )
        return text

    def generation(self, ids: Sequence[int], input_cut: bool, passes: int = 0) -> Generation:
        """The record of generated ``ids``, of which those before the first end token count."""
        ends = self.end_tokens
        stop = next((place for place, token in enumerate(ids) if token in ends), None)
        count = len(ids) if stop is None else stop
        return Generation(self.text(ids[:stop]), count, "length" if stop is None else "stop", input_cut, passes)


def load_checkpoint(source: str, dtype: DtypeName = "auto", device: str = "auto") -> Checkpoint:
    """Load a folder, or a hub id or name of the catalogue that is in the cache.

    A dtype of ``auto`` means bf16 on CUDA where it can, fp32 elsewhere; the device ``map`` spreads the layers over all
    devices and the main memory. Raises InputError for a folder that holds no checkpoint,
    GnerBenchError when it is not in the cache or the device fails, IntegrityError when the cached files were altered.
    """
    name = device
    if name in ("auto", MAP):
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        chosen = torch.empty(0, device=name).device  # only an allocation shows that a device is there
    except (RuntimeError, AssertionError) as error:
        raise GnerBenchError(f"--device {name}: {first_line(error)}") from None
    opened = open_folder(source)
    kind: str = dtype
    if dtype == "auto":
        kind = "bf16" if chosen.type == "cuda" and torch.cuda.is_bf16_supported() else "fp32"
    spread: dict[str, Any] = {"device_map": "auto"} if device == MAP else {}
    # A head of its own, as GNER's T5 have, stays so only here: transformers 5 ties it in a model that is built from
    # a configuration.
    model = load_model(opened, DTYPES[kind], **spread)
    try:
        model = (model if spread else model.to(chosen)).eval()
    except RuntimeError as error:
        raise GnerBenchError(f"--device {name}: {first_line(error)}") from None
    return Checkpoint(
        name=opened.name,
        source=source,
        revision=opened.revision,
        folder=opened.folder,
        files=file_hashes(opened.folder),
        note=opened.note,
        training_sets=opened.training_sets,
        model=model,
        tokenizer=opened.tokenizer,
        dtype=kind,
        format=opened.format,
    )


def file_hashes(folder: Path) -> dict[str, str]:
    """The SHA-256 (hex) of the weights and small files of a checkpoint folder, by name."""
    paths = sorted(path for pattern in (*WEIGHTS, *SMALL_FILES) for path in folder.glob(pattern) if path.is_file())
    hashes = {}
    for path in paths:
        stored = path.resolve().name
        if re.fullmatch(r"[0-9a-f]{64}", stored):
            hashes[path.name] = stored  # the hub's cache names large files by their hash, which saves reading them
            continue
        with path.open("rb") as file:
            hashes[path.name] = hashlib.file_digest(file, "sha256").hexdigest()
    return hashes
