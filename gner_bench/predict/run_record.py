"""run.json: what made a predictions file, enough to make it again."""

from __future__ import annotations

import hashlib
import json
import platform
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from gner_bench import __version__
from gner_bench.data import Dataset
from gner_bench.errors import InputError
from gner_bench.predict import decoding
from gner_bench.predict.checkpoint import Checkpoint
from gner_bench.predict.options import Options
from gner_bench.predict.plan import Task

LIBRARIES = ("torch", "transformers", "tokenizers", "safetensors")


def describe(checkpoint: Checkpoint, options: Options, datasets: Sequence[Dataset], tasks: Sequence[Task]) -> Any:
    """The document of a run that is about to start."""
    return {
        "version": 1,
        "status": "running",
        "model": {
            "name": checkpoint.name,
            "source": checkpoint.source,
            "revision": checkpoint.revision,
            "parameters": checkpoint.parameters,
            "note": checkpoint.note,
            "training_sets": checkpoint.training_sets,
            "files": checkpoint.files,
        },
        "settings": settings(checkpoint, options),
        "batch_size": options.batch_size,
        "device": str(checkpoint.model.device),
        "datasets": {d.name: _data(d) for d in datasets},
        "prompt_hash": hashlib.sha256("\0".join(sorted(task.prompt for task in tasks)).encode()).hexdigest(),
        "versions": {
            "gner-bench": __version__,
            "python": platform.python_version(),
            **{library: version(library) for library in LIBRARIES},
        },
        "git_commit": _git_commit(),
        "command": [Path(sys.argv[0]).name, *sys.argv[1:]],
        "started": now(),
        "sentences": len(tasks),
    }


def settings(checkpoint: Checkpoint, options: Options) -> dict[str, Any]:
    """Everything that decides the generated text besides the weights and the prompts."""
    return {
        "backend": "transformers",
        "decoding": "greedy" if options.num_beams == 1 else "beam",
        "num_beams": options.num_beams,
        "dtype": checkpoint.dtype,
        "label_order": options.label_order,
        "seed": options.seed if options.label_order == "shuffled" else None,
        "max_input_tokens": checkpoint.family.max_input_tokens or None,
        "max_new_tokens": checkpoint.family.max_new_tokens or None,
        "max_total_tokens": checkpoint.family.max_total_tokens or None,
        "clean_up_tokenization_spaces": decoding.CLEAN_UP_TOKENIZATION_SPACES,
    }


def refuse_other_run(path: Path, document: dict[str, Any]) -> None:
    """Raise InputError when ``path`` describes a run whose model or settings would write other text."""
    if not path.exists():
        return
    try:
        earlier = json.loads(path.read_text(encoding="utf-8"))
        theirs = {"weights": earlier["model"]["files"], **earlier["settings"]}
    except (ValueError, KeyError, TypeError):
        raise InputError(path, "is not the run.json of a run; choose another --out") from None
    ours = {"weights": document["model"]["files"], **document["settings"]}
    for name, value in ours.items():
        if theirs.get(name) != value:
            what = "other weights" if name == "weights" else f"{name} {theirs.get(name)}, not {value}"
            raise InputError(path, f"this folder holds a run with {what}; choose another --out")


def is_done(path: Path) -> bool:
    return path.exists() and json.loads(path.read_text(encoding="utf-8")).get("status") == "done"


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _data(dataset: Dataset) -> dict[str, Any]:
    return {
        "split": dataset.split,
        "sentences": len(dataset.sentences),
        "content_hash": dataset.content_hash,
        "source": dataset.source,
        "repaired_tags": dataset.repaired,
    }


def _git_commit() -> str | None:
    """The commit of the working tree that this package is run from, if it is one."""
    folder = Path(__file__).parent
    try:
        found = subprocess.run(["git", "rev-parse", "HEAD"], cwd=folder, capture_output=True, text=True, timeout=5)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return found.stdout.strip() if found.returncode == 0 else None
