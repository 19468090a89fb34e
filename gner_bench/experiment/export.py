"""The configuration that would make a finished run again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gner_bench.documents.run import NAME, read_own_run
from gner_bench.errors import InputError, UsageError
from gner_bench.experiment.config import decoding_suffix


def export_config(folder: Path) -> str:
    """The TOML of a configuration with the checkpoint, data, selection and settings of a run folder or its run.json.

    Raises InputError for what is no run, UsageError for one that `gner-bench run` cannot make: by a server, or a shard.
    """
    path = folder / NAME if folder.is_dir() else folder
    run = read_own_run(path)
    settings, selection = run.settings, run.selection
    if settings.get("backend") != "transformers":
        raise UsageError(f"{path}: a run by {settings.get('backend')} has no configuration; use gner-bench predict")
    if "shard" in selection:
        raise UsageError(f"{path}: is one shard of a run; export the merged one")
    splits = {data.split for data in run.datasets.values()}
    if len(splits) != 1:
        raise InputError(path, f"holds the splits {', '.join(sorted(splits))}", field="datasets")
    roots = set()  # data folders, ``demo``, or nothing for data sets of the catalogue
    for name, data in run.datasets.items():
        root, _, last = data.source.replace("\\", "/").rpartition("/")
        roots.add(root if last == name and "://" not in data.source else "")
    if len(roots) != 1:
        raise InputError(path, "its data sets come from several folders", field="datasets")
    decoding, beams = settings.get("decoding", "drafted"), settings.get("num_beams", 1)
    keys = {
        "predictions": str(path.parent.parent),
        "report": f"reports/{path.parent.parent.name or 'run'}",
        "data": roots.pop(),
        "datasets": list(run.datasets),
        "split": splits.pop(),
        "limit": selection.get("limit"),
        "sample_ids": selection.get("sample_ids"),
        "decodings": [decoding],
        "num_beams": beams if decoding == "beam" else None,
        "batch_size": run.batch_size,
        "dtype": settings.get("dtype"),
        "label_order": settings.get("label_order"),
        "seed": settings.get("seed"),
    }
    name = path.absolute().parent.name.removesuffix(decoding_suffix(decoding, beams))
    lines = [f"{key} = {_toml(value)}" for key, value in keys.items() if value not in (None, "")]
    system = [f"model = {_toml(run.model.source)}", f"name = {_toml(name)}"]
    return "\n".join([*lines, "", "[[checkpoints]]", *system]) + "\n"


def _toml(value: Any) -> str:
    """A string, a number or an array of them; TOML writes these as JSON does."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
