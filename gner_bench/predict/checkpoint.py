"""Loading a generative NER checkpoint from a folder or the cache."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSeq2SeqLM, AutoTokenizer
from transformers.utils import logging

from gner_bench.answers import answer_format
from gner_bench.catalog import catalog
from gner_bench.catalog.models import Family
from gner_bench.documents.record import GNER
from gner_bench.errors import GnerBenchError, InputError, UsageError
from gner_bench.fetch.locate import Located, locate
from gner_bench.predict.options import DtypeName

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
MAP = "map"
WEIGHTS = ("*.safetensors", "pytorch_model*.bin")
SMALL_FILES = ("*.json", "*.model", "*.txt")


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
    def parameters(self) -> int:
        return int(self.model.num_parameters())


def load_checkpoint(source: str, dtype: DtypeName = "auto", device: str = "auto") -> Checkpoint:
    """Load a folder, or a hub id or name of the catalogue that is in the cache.

    A dtype of ``auto`` means bf16 on CUDA where it can, fp32 elsewhere; the device ``map`` spreads the layers over all
    devices and the main memory. Raises InputError for a folder that holds no checkpoint,
    GnerBenchError when it is not in the cache or the device fails, IntegrityError when the cached files were altered.
    """
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    chosen = _device("auto" if device == MAP else device)
    located = locate(source)
    folder = located.folder
    require_weights(located)
    kind = _dtype(dtype, chosen)
    try:
        config = AutoConfig.from_pretrained(folder)
        loader = AutoModelForSeq2SeqLM if config.is_encoder_decoder else AutoModelForCausalLM
        spread = {"device_map": "auto"} if device == MAP else {}
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
        format=_format(folder, about),
    )


def require_weights(located: Located) -> None:
    """Raise InputError unless the folder holds a configuration and weights.

    Pickled weights pass only in the cache, where `download --allow-pickle` put them.
    """
    folder = located.folder
    if not (folder / "config.json").is_file():
        raise InputError(folder, "is not a checkpoint folder: no config.json")
    if not any(folder.glob("*.safetensors")) and (located.revision is None or not any(folder.glob("*.bin"))):
        raise InputError(folder, "holds no weights (no *.safetensors file)")


def _device(name: str) -> torch.device:
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        return torch.empty(0, device=name).device
    except (RuntimeError, AssertionError) as error:
        raise GnerBenchError(f"--device {name}: {_first_line(error)}") from None


def _dtype(name: DtypeName, device: torch.device) -> str:
    if name != "auto":
        return name
    return "bf16" if device.type == "cuda" and torch.cuda.is_bf16_supported() else "fp32"


def _training_facts(folder: Path) -> dict[str, Any]:
    path = folder / "training.json"
    try:
        facts: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    except ValueError:
        raise InputError(path, "is not JSON") from None
    return facts


def _format(folder: Path, about: dict[str, Any]) -> str:
    try:
        return answer_format(str(about.get("target", GNER))).name
    except UsageError as error:
        raise InputError(folder / "training.json", str(error), field="target") from None


def file_hashes(folder: Path) -> dict[str, str]:
    """The SHA-256 (hex) of the weights and small files of a checkpoint folder, by name."""
    names = sorted(path for pattern in (*WEIGHTS, *SMALL_FILES) for path in folder.glob(pattern) if path.is_file())
    return {path.name: _sha256(path) for path in names}


def _sha256(path: Path) -> str:
    """The hash of a file; the hub's cache names large files by it, which saves reading them."""
    stored = path.resolve().name
    if re.fullmatch(r"[0-9a-f]{64}", stored):
        return stored
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
