"""The configuration that would make a finished run again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

from gner_bench.documents.fields import Json
from gner_bench.documents.run import NAME, Run, read_own_run
from gner_bench.errors import InputError, UsageError
from gner_bench.experiment.config import decoding_suffix
from gner_bench.predict.options import DecodingName, DtypeName


def export_config(folder: Path) -> str:
    """The TOML of a configuration with the system, data, selection and settings of a run folder or its run.json.

    Raises InputError for what is no run, UsageError for one that `gner-bench run` cannot make: a shard, or one by a
    system that its run.json does not name.
    """
    path = folder / NAME if folder.is_dir() else folder
    run = read_own_run(path)
    settings, selection = run.settings, run.selection
    system = run.system or _system_of_settings(run)
    if not system.get("model"):
        raise UsageError(f"{path}: does not say which model was asked; use gner-bench predict")
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
    decoding, beams = settings.get("decoding"), settings.get("num_beams", 1)
    keys = {
        "predictions": str(path.parent.parent),
        "report": f"reports/{path.parent.parent.name or 'run'}",
        "data": roots.pop(),
        "datasets": list(run.datasets),
        "split": splits.pop(),
        "same_as": same_as.get("file") if isinstance(same_as := selection.get("same_as"), dict) else None,
        "limit": selection.get("limit"),
        "sample": selection.get("sample"),
        "sample_seed": selection.get("sample_seed"),
        "sample_ids": selection.get("sample_ids"),
        "decodings": [decoding] if decoding in get_args(DecodingName) else None,
        "num_beams": beams if decoding == "beam" else None,
        "batch_size": run.batch_size,
        "dtype": settings.get("dtype") if settings.get("dtype") in get_args(DtypeName) else None,
        "label_order": settings.get("label_order"),
        "seed": settings.get("shots_seed", settings.get("seed")),
    }
    suffix = decoding_suffix(str(decoding), beams) if keys["decodings"] else ""
    # A run of several seeds is called by its group and seed, and is below the folder of that group.
    name = str(system.get("name") or path.absolute().parent.name).rpartition("/")[2].removesuffix(suffix)
    lines = [f"{key} = {_toml(value)}" for key, value in keys.items() if value not in (None, "")]
    options = {key: value for key, value in system.items() if key not in ("model", "name") and value != "local"}
    system = {"model": system["model"], "name": name, **options}
    return "\n".join([*lines, "", "[[systems]]", *(f"{key} = {_toml(value)}" for key, value in system.items())]) + "\n"


def _system_of_settings(run: Run) -> Json:
    """What a run.json without a system says of it in its model and settings."""
    backend = run.settings.get("backend")
    if backend == "transformers":
        return {"model": run.model.source}
    served = {"model": run.settings.get("model"), "backend": backend, "base_url": run.model.source}
    return {**served, "api": run.settings.get("api")} if backend == "openai" and run.model.source else {}


def _toml(value: Any) -> str:
    """A string, a number or an array of them; TOML writes these as JSON does."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
