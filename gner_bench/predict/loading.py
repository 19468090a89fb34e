"""What everything that is loaded on this machine shares: a device, hashes of its files, and a silent transformers."""

from __future__ import annotations

import gc
import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gner_bench.errors import GnerBenchError, UsageError, first_line

if TYPE_CHECKING:
    import torch

MAP = "map"
"""The device that spreads a checkpoint over all."""


def chosen_device(name: str) -> torch.device:
    """The device that ``--device`` means. Raises UsageError for ``map``, GnerBenchError for one that is not there."""
    import torch

    if name == MAP:
        raise UsageError(f"--device {MAP} is for checkpoints of --backend local")
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        return torch.empty(0, device=name).device  # only an allocation shows that a device is there
    except (RuntimeError, AssertionError) as error:
        raise GnerBenchError(f"--device {name}: {first_line(error)}") from None


def file_hashes(path: Path, patterns: Sequence[str] = ("**/*",)) -> dict[str, str]:
    """The SHA-256 (hex) of a file, or of the files of a folder that fit ``patterns``, by their places in there."""
    alone = path.is_file()
    paths = [path] if alone else sorted({file for pattern in patterns for file in path.glob(pattern) if file.is_file()})
    hashes = {}
    for file in paths:
        name, stored = (file.name if alone else file.relative_to(path).as_posix()), file.resolve().name
        if re.fullmatch(r"[0-9a-f]{64}", stored):
            hashes[name] = stored  # the hub's cache names large files by their hash, which saves reading them
            continue
        with file.open("rb") as content:
            hashes[name] = hashlib.file_digest(content, "sha256").hexdigest()
    return hashes


def out_of_memory(error: BaseException) -> bool:
    """Whether an error of torch or Python, or one that it was raised in place of, says that memory ran out."""
    import torch

    text, cause = str(error).lower(), error.__cause__ or error.__context__
    signs = ("out of memory", "can't allocate memory", "cannot allocate memory", "alloc_failed")
    if isinstance(error, (MemoryError, torch.OutOfMemoryError)) or any(sign in text for sign in signs):
        return True
    return cause is not None and out_of_memory(cause)


def release_memory() -> None:
    """Give memory that nothing holds any more back to the device; not while an error is handled, which holds more."""
    import torch

    gc.collect()  # tensors in circles of frames and errors
    torch.cuda.empty_cache()


def quiet_transformers() -> None:
    """Let transformers say nothing of a model that it loads: what matters is said by the backends."""
    from transformers.utils import logging

    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
