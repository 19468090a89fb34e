"""run.json: what made a predictions file, enough to make it again."""

from __future__ import annotations

import json
import platform
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from gner_bench import __version__
from gner_bench.data import Dataset
from gner_bench.errors import InputError
from gner_bench.predict.backend import Backend
from gner_bench.predict.options import Options
from gner_bench.predict.plan import Task, prompt_hash
from gner_bench.predict.selection import sharded
from gner_bench.records import Json

LIBRARIES = ("torch", "transformers", "tokenizers", "safetensors")


def describe(
    backend: Backend, options: Options, datasets: Sequence[Dataset], sizes: Mapping[str, int], tasks: Sequence[Task]
) -> Json:
    """The document of a run that is about to start.

    ``datasets`` are cut to the selection, ``sizes`` count their sentences before that. ``datasets`` and ``tasks`` are
    those of all shards, so that the documents of shards differ in what they did and in nothing else.
    """
    return {
        "version": 1,
        "status": "running",
        "model": backend.model,
        "settings": {
            **backend.settings,
            "label_order": options.label_order,
            "seed": options.seed if options.label_order == "shuffled" else None,
        },
        "batch_size": options.batch_size,
        "device": backend.device,
        "datasets": {dataset.name: _data(dataset, sizes[dataset.name]) for dataset in datasets},
        "selection": _selection(options),
        "prompt_hash": prompt_hash(task.prompt for task in tasks),
        "versions": {
            "gner-bench": __version__,
            "python": platform.python_version(),
            **{library: version(library) for library in LIBRARIES},
        },
        "git_commit": _git_commit(),
        "command": [Path(sys.argv[0]).name, *sys.argv[1:]],
        "started": now(),
        "sentences": len(sharded(tasks, options.shard)),
    }


def _data(dataset: Dataset, size: int) -> Json:
    return {
        "split": dataset.split,
        "sentences": len(dataset.sentences),
        "sentences_in_data": size,
        "content_hash": dataset.content_hash,
        "source": dataset.source,
        "repaired_tags": dataset.repaired,
    }


def _selection(options: Options) -> Json:
    asked = {
        "limit": options.limit and str(options.limit),
        "sample_ids": list(options.sample_ids),
        "shard": options.shard and str(options.shard),
    }
    return {name: value for name, value in asked.items() if value}


def refuse_other_run(path: Path, document: Json) -> None:
    """Raise InputError when ``path`` describes a run whose model or settings would write other text."""
    if not path.exists():
        return
    found = differences(read(path), document)
    if found:
        raise InputError(path, f"this folder holds a run with {'; '.join(found)}; choose another --out")


def read(path: Path) -> Json:
    """The run.json at ``path``. Raises InputError when it is not the record of a run."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(document["model"]["files"], dict) and isinstance(document["settings"], dict):
            return dict(document)
    except (OSError, ValueError, KeyError, TypeError):
        pass
    raise InputError(path, "is not the run.json of a run; choose another --out")


def differences(theirs: Json, ours: Json) -> list[str]:
    """The settings in which two runs differ, as ``dtype fp32, not bf16``; None is as good as not being there."""
    weights = [] if theirs["model"]["files"] == ours["model"]["files"] else ["other weights"]
    before, now = theirs["settings"], ours["settings"]
    changed = [name for name in {**now, **before} if before.get(name) != now.get(name)]
    return weights + [f"{name} {_shown(before.get(name))}, not {_shown(now.get(name))}" for name in changed]


def _shown(value: Any) -> str:
    return "none" if value is None else str(value)


def is_done(path: Path) -> bool:
    return path.exists() and read(path).get("status") == "done"


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _git_commit() -> str | None:
    """The commit of the working tree that this package is run from, if it is one."""
    folder = Path(__file__).parent
    try:
        found = subprocess.run(["git", "rev-parse", "HEAD"], cwd=folder, capture_output=True, text=True, timeout=5)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return found.stdout.strip() if found.returncode == 0 else None
