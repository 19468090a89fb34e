"""A LoRA adapter on top of a checkpoint: checked, loaded by peft and merged, so that it costs no time at each token.

No code of it is run: its weights are safetensors, and settings that name modules to be imported are refused.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gner_bench.documents.fields import Fields, read_object
from gner_bench.errors import InputError, first_line, short
from gner_bench.extras import require
from gner_bench.fetch.checkpoint import locate
from gner_bench.messages import warn
from gner_bench.predict.folder import HASHED, CheckpointFolder
from gner_bench.predict.loading import file_hashes

SETTINGS, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
PREFIX = "adapter/"
"""Before the names of its files in run.json."""


@dataclass(frozen=True)
class Adapter:
    """A checked adapter. ``files`` maps its files' names to SHA-256; ``rank`` is the highest of its matrices."""

    name: str
    folder: Path
    files: dict[str, str]
    rank: int

    def merged(self, model: Any) -> Any:
        """``model`` with the adapter in its weights. Raises InputError where the two do not fit each other."""
        from peft import PeftModel

        try:
            with warnings.catch_warnings(record=True) as said:
                warnings.simplefilter("always")
                adapted = PeftModel.from_pretrained(model, str(self.folder))
        except MemoryError:
            raise
        except Exception as error:  # peft and torch raise whatever a file of another shape leads to
            if "memory" in str(error).lower():
                raise
            raise InputError(self.folder, f"cannot be put on this checkpoint: {first_line(error)}") from None
        # What an adapter lacks, peft draws at random, and says so in a warning alone.
        if missing := next((str(w.message) for w in said if "missing adapter keys" in str(w.message)), ""):
            raise InputError(self.folder, f"its weights are not all there: {short(missing, 160)}")
        return adapted.merge_and_unload().eval()


def open_adapter(source: str, model: str, base: CheckpointFolder) -> Adapter:
    """Find and check the adapter that ``source`` (a folder or hub id) means, for the checkpoint ``base`` of ``model``.

    Raises InputError for a folder without a LoRA adapter or with one that is pickled, wants code or is for another
    checkpoint, UsageError without peft, and as ``locate`` does.
    """
    require("peft")
    located = locate(source)
    folder = located.folder
    if not (folder / SETTINGS).is_file():
        raise InputError(folder, f"is no folder of an adapter: no {SETTINGS}")
    settings = read_object(folder / SETTINGS)
    if (kind := settings.optional("peft_type", str)) != "LORA":
        raise settings.error("peft_type", f"expected LORA, found {short(kind)}")
    if settings.value.get("megatron_config"):
        raise settings.error("megatron_config", "has a module of Python imported, which is not done")
    if not (folder / WEIGHTS).is_file():
        pickled = sorted(path.name for path in folder.glob("adapter_model*.bin"))
        why = (
            f"they are pickled ({pickled[0]}), which can run code when they are loaded"
            if pickled
            else "they are missing"
        )
        raise InputError(folder, f"its weights are not in {WEIGHTS}: {why}")
    _check_base(settings, model, base)
    ranks = settings.value.get("rank_pattern")
    ranks = [settings.get("r", int), *(ranks.values() if isinstance(ranks, dict) else ())]
    files = {f"{PREFIX}{name}": digest for name, digest in file_hashes(folder, HASHED).items()}
    return Adapter(located.name, folder, files, max(rank for rank in ranks if isinstance(rank, int)))


def _check_base(settings: Fields, model: str, base: CheckpointFolder) -> None:
    """Compare the base that an adapter names with the one it is put on, by the last part of their names.

    On another checkpoint of the hub it is refused; a folder can have any name, so there it is a warning.
    """
    named = settings.optional("base_model_name_or_path", str) or ""
    last = named.replace("\\", "/").rstrip("/").rpartition("/")[2].lower()
    names = {part.rstrip("/").rpartition("/")[2].lower() for part in (model, base.name, base.folder.name)}
    if not last or last in names:
        return
    message = f"is an adapter of {short(named)}, not of {base.name}"
    if base.revision is not None:
        raise settings.error("base_model_name_or_path", message)
    warn(f"{settings.path}: {message}, by their names; it is put on {base.folder} all the same")
