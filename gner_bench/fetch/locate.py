"""From the name of a checkpoint, as a user gives it, to where it is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from gner_bench.catalog import catalog
from gner_bench.demo import CHECKPOINT
from gner_bench.errors import GnerBenchError, InputError, did_you_mean
from gner_bench.fetch.checkpoint import find_checkpoint

HUB_ID = re.compile(r"\w[\w.-]*/\w[\w.-]*")


@dataclass(frozen=True)
class HubCheckpoint:
    """A checkpoint on the hub. ``bytes`` is the size of its weights, 0 where unknown."""

    name: str
    hub: str
    revision: str = "main"
    training_sets: tuple[str, ...] = ()
    bytes: int = 0


@dataclass(frozen=True)
class Located:
    """A checkpoint on disk. ``revision`` is the commit that it came from, None for a folder of the user's own."""

    name: str
    folder: Path
    revision: str | None = None
    training_sets: tuple[str, ...] = ()


def on_hub(source: str) -> HubCheckpoint | None:
    """What a name of the catalogue or a hub id stands for; None for a folder and for ``demo``.

    Raises InputError for what is none of these.
    """
    if source == "demo" or Path(source).is_dir():
        return None
    known = catalog().find_model(source)
    if known is not None:
        return HubCheckpoint(known.name, known.hub, known.revision, known.training_sets, known.bytes)
    if HUB_ID.fullmatch(source) is None or Path(source).exists():
        near = did_you_mean(source, [model.name for model in catalog().model])
        raise InputError(source, f"no such checkpoint folder, nor a hub id (owner/name); {near}")
    return HubCheckpoint(source.rpartition("/")[2], source)


def locate(source: str) -> Located:
    """The folder of ``demo``, a folder, or a checkpoint in the cache; uses no network.

    Raises InputError for an unknown name, GnerBenchError when it is not in the cache, IntegrityError when altered.
    """
    if source == "demo":
        return Located("demo", CHECKPOINT)
    hub = on_hub(source)
    if hub is None:
        return Located(Path(source).absolute().name, Path(source))
    found = find_checkpoint(hub.hub, hub.revision)
    if found is None:
        raise GnerBenchError(f"{hub.name} is not in the cache; run: gner-bench download {source}")
    return Located(hub.name, found.folder, found.commit, hub.training_sets)
