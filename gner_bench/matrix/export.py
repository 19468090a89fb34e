"""The configuration that would make a finished run again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gner_bench.errors import InputError, UsageError
from gner_bench.predict import run_record
from gner_bench.records import Json


def export_config(run: Path) -> str:
    """The TOML of a configuration with the checkpoint, data, selection and settings of a run folder or its run.json.

    Raises InputError for what is no run, UsageError for one that `gner-bench run` cannot make: by a server, or a shard.
    """
    path = run / "run.json" if run.is_dir() else run
    document = run_record.read(path)
    settings, selection = document["settings"], document.get("selection", {})
    if settings.get("backend") != "transformers":
        raise UsageError(f"{path}: a run by {settings.get('backend')} has no configuration; use gner-bench predict")
    if "shard" in selection:
        raise UsageError(f"{path}: is one shard of a run; export the merged one")
    decoding = settings["decoding"]
    keys = {
        "predictions": str(path.parent.parent),
        "report": f"reports/{path.parent.parent.name or 'run'}",
        "data": _root(path, document["datasets"]),
        "datasets": list(document["datasets"]),
        "split": _split(path, document["datasets"]),
        "limit": selection.get("limit"),
        "sample_ids": selection.get("sample_ids"),
        "decodings": [decoding],
        "num_beams": settings["num_beams"] if decoding == "beam" else None,
        "batch_size": document.get("batch_size"),
        "dtype": settings["dtype"],
        "label_order": settings["label_order"],
        "seed": settings.get("seed"),
    }
    lines = [f"{key} = {_toml(value)}" for key, value in keys.items() if value not in (None, "")]
    model = document["model"]
    checkpoint = [f"model = {_toml(model['source'])}", f"name = {_toml(_name(path, decoding, settings))}"]
    return "\n".join([*lines, "", "[[checkpoints]]", *checkpoint]) + "\n"


def _name(path: Path, decoding: str, settings: Json) -> str:
    """The name of the run's folder without what the decoding adds to it."""
    suffix = {"drafted": "", "beam": f"+beam{settings['num_beams']}"}.get(decoding, f"+{decoding}")
    return path.absolute().parent.name.removesuffix(suffix)


def _split(path: Path, datasets: dict[str, Json]) -> str:
    splits = {each["split"] for each in datasets.values()}
    if len(splits) != 1:
        raise InputError(path, f"holds the splits {', '.join(sorted(splits))}", field="datasets")
    return str(splits.pop())


def _root(path: Path, datasets: dict[str, Json]) -> str:
    """The data folder of the run, ``demo``, or nothing for data sets of the catalogue."""
    roots = {_folder(name, str(each.get("source", ""))) for name, each in datasets.items()}
    if len(roots) != 1:
        raise InputError(path, "its data sets come from several folders", field="datasets")
    return roots.pop()


def _folder(name: str, source: str) -> str:
    root, _, last = source.replace("\\", "/").rpartition("/")
    return root if last == name and "://" not in source else ""


def _toml(value: Any) -> str:
    """A string, a number or an array of them; TOML writes these as JSON does."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
