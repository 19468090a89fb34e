"""A generative NER checkpoint: loading it from a folder or the cache, prompts as its token ids, its tokens as text."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSeq2SeqLM, AutoTokenizer
from transformers.utils import logging

from gner_bench.answers import answer_format
from gner_bench.catalog import catalog
from gner_bench.catalog.entries import Family
from gner_bench.documents.record import GNER
from gner_bench.errors import GnerBenchError, InputError, UsageError
from gner_bench.fetch.checkpoint import LocalCheckpoint, locate
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
        cut = self.tokenizer(list(prompts), truncation=True, max_length=limit)["input_ids"]
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
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    name = device
    if name in ("auto", MAP):
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        chosen = torch.empty(0, device=name).device  # only an allocation shows that a device is there
    except (RuntimeError, AssertionError) as error:
        raise GnerBenchError(f"--device {name}: {_first_line(error)}") from None
    located = locate(source)
    require_weights(located)
    folder = located.folder
    kind: str = dtype
    if dtype == "auto":
        kind = "bf16" if chosen.type == "cuda" and torch.cuda.is_bf16_supported() else "fp32"
    try:
        config = AutoConfig.from_pretrained(folder)
        loader = AutoModelForSeq2SeqLM if config.is_encoder_decoder else AutoModelForCausalLM
        spread = {"device_map": "auto"} if device == MAP else {}
        # A head of its own, as GNER's T5 have, stays so only here: transformers 5 ties it in a model that is built from
        # a configuration.
        model: Any = loader.from_pretrained(folder, dtype=DTYPES[kind], **spread)
        model = (model if spread else model.to(chosen)).eval()
        tokenizer = AutoTokenizer.from_pretrained(folder)
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        raise InputError(folder, f"cannot be loaded as a checkpoint: {_first_line(error)}") from None
    about = _training_facts(folder)
    return Checkpoint(
        name=about.get("name") or located.name,
        source=source,
        revision=located.revision,
        folder=folder,
        files=file_hashes(folder),
        note=about.get("note", ""),
        training_sets=located.training_sets or tuple(about.get("training_sets", ())),
        model=model,
        tokenizer=tokenizer,
        dtype=kind,
        format=about["format"],
    )


def require_weights(located: LocalCheckpoint) -> None:
    """Raise InputError without configuration or weights. Pickled ones pass in the cache alone (`--allow-pickle`)."""
    folder = located.folder
    if not (folder / "config.json").is_file():
        raise InputError(folder, "is not a checkpoint folder: no config.json")
    if not any(folder.glob("*.safetensors")) and (located.revision is None or not any(folder.glob("*.bin"))):
        raise InputError(folder, "holds no weights (no *.safetensors file)")


def _training_facts(folder: Path) -> dict[str, Any]:
    """What training.json says about a checkpoint, with the answer ``format`` that it writes."""
    path = folder / "training.json"
    try:
        facts: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        return {**facts, "format": answer_format(str(facts.get("target", GNER))).name}
    except UsageError as error:
        raise InputError(path, str(error), field="target") from None
    except ValueError:
        raise InputError(path, "is not JSON") from None


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


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
