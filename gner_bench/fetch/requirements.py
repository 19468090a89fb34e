"""What a run or a download requires: from names to checkpoints, splits and files, and how they get into the cache."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from gner_bench.catalog import catalog
from gner_bench.catalog.entries import Dataset, File
from gner_bench.data.formats.gner import SPLITS
from gner_bench.errors import GnerBenchError, UnreachableError, UsageError, did_you_mean
from gner_bench.fetch import home
from gner_bench.fetch.cache import state_of
from gner_bench.fetch.checkpoint import HUB_ID, HubCheckpoint, fetch_checkpoint, find_checkpoint, on_hub
from gner_bench.fetch.datasets import data_root, fetch_split, find_split, folder_hint, origins, remote_file
from gner_bench.fetch.http import byte_progress, fetch_all, is_whole
from gner_bench.fetch.manifest import repo_folder
from gner_bench.messages import Say

WORKERS = 4
"""Splits that are fetched and converted side by side."""


@dataclass(frozen=True)
class Requirements:
    """Checkpoints, splits of data sets and files of published predictions."""

    checkpoints: tuple[HubCheckpoint, ...] = ()
    splits: tuple[tuple[Dataset, str], ...] = ()
    predictions: tuple[File, ...] = ()

    @property
    def names(self) -> list[str]:
        """What `gner-bench download` takes to fetch these."""
        models = [c.name if catalog().find_model(c.name) else c.hub for c in self.checkpoints]
        sets = [dataset.name for dataset, _ in self.splits]
        return list(dict.fromkeys([*models, *sets, *(["--predictions"] if self.predictions else [])]))

    def __bool__(self) -> bool:
        return bool(self.checkpoints or self.splits or self.predictions)


@dataclass(frozen=True)
class Item:
    """A line of the plan. ``bytes`` is 0 where the size is unknown; ``cached`` is yes, no or altered."""

    kind: str
    name: str
    source: str
    bytes: int
    cached: str
    path: str


def requirements_of(
    names: Iterable[str], models: Iterable[str], datasets: Iterable[str], predictions: bool
) -> Requirements:
    """What names of any kind, ``models`` (``all`` GNER checkpoints), data sets or groups, and ``predictions`` mean.
    Raises UsageError with the nearest name for an unknown one, and for a model that is a folder."""
    checkpoints: dict[str, HubCheckpoint] = {}
    sets: dict[str, Dataset] = {}
    for name in [*names, *models]:
        if catalog().find_dataset(name) is not None or name in catalog().groups():
            sets.update({dataset.name: dataset for dataset in catalog().expand((name,))})
            continue
        if name != "all" and catalog().find_model(name) is None and HUB_ID.fullmatch(name) is None:
            known = [*(m.name for m in catalog().model), *(d.name for d in catalog().dataset), *catalog().groups()]
            raise UsageError(f"nothing is called {name!r}; {did_you_mean(name, known)}")
        for model in [entry.name for entry in catalog().model if entry.family] if name == "all" else [name]:
            checkpoint = on_hub(model)
            if checkpoint is not None:
                checkpoints[checkpoint.hub] = checkpoint
            elif name != "all":
                raise UsageError(f"{name}: is a folder here; there is nothing to fetch")
    sets.update({dataset.name: dataset for dataset in catalog().expand(tuple(datasets))})
    splits = [
        (dataset, split)
        for dataset in sets.values()
        # The test split also of a set that cannot be fetched, so that it is not passed over in silence.
        for split in [split for split in SPLITS if origins(dataset, split)] or ["test"]
    ]
    files = tuple(file for file in catalog().file if file.predictions_of) if predictions else ()
    return Requirements(tuple(checkpoints.values()), tuple(splits), files)


def plan(requirements: Requirements) -> list[Item]:
    """One line for each thing, with its size as far as the catalogue knows it; uses no network."""
    items = []
    for file in requirements.predictions:
        remote = remote_file(file.name)
        cached = "yes" if is_whole(remote) else "altered" if remote.path.is_file() else "no"
        items.append(Item("predictions", file.name, file.urls[0], file.bytes, cached, str(remote.path)))
    for dataset, split in requirements.splits:
        size, source = 0, dataset.folder or "by hand"
        for origin in origins(dataset, split)[:1]:
            place = origin.files[split]
            size = 0 if origin.hub else catalog().get_file(place).bytes
            source = f"{origin.hub}/{place}" if origin.hub else place
        cached = "yes" if dataset.folder else state_of(partial(find_split, dataset, split))
        path = data_root() / dataset.name
        items.append(Item("data", f"{dataset.name}/{split}", source, size, cached, str(path)))
    for checkpoint in requirements.checkpoints:
        hub, revision = checkpoint.hub, checkpoint.revision
        cached, path = state_of(partial(find_checkpoint, hub, revision)), repo_folder(hub)
        items.append(Item("checkpoint", checkpoint.name, f"{hub}@{revision}", checkpoint.bytes, cached, str(path)))
    return items


def missing(requirements: Requirements) -> Requirements:
    """What is not in the cache. Raises IntegrityError for what is there but altered."""
    return Requirements(
        tuple(c for c in requirements.checkpoints if find_checkpoint(c.hub, c.revision) is None),
        tuple((d, split) for d, split in requirements.splits if not d.folder and find_split(d, split) is None),
        tuple(file for file in requirements.predictions if not is_whole(remote_file(file.name))),
    )


def ensure(requirements: Requirements, say: Say, offline: bool = False, root: Path | None = None) -> None:
    """Fetch what is missing. Raises GnerBenchError in one line with the command to run where there is a network.
    ``root`` is the folder in which data were looked for before."""
    absent = missing(requirements)
    if not absent:
        return
    reason = "the network is switched off"
    if not home.offline(offline):
        try:
            fetch_requirements(absent, say)
            return
        except UnreachableError as error:
            reason = str(error)
    names = " ".join(absent.names)
    hint = f"; {folder_hint(absent.splits[0][0].name, absent.splits[0][1])}" if absent.splits else ""
    looked = f"in {root} nor in the cache {home.home()}" if root else f"in the cache {home.home()}"
    raise GnerBenchError(
        f"not {looked}: {', '.join(absent.names)} ({reason}); where there is a network, run"
        f" `gner-bench download {names}` and copy the folder that `gner-bench cache path` prints there to"
        f" {home.home()}{hint}"
    )


def fetch_requirements(
    requirements: Requirements, say: Say, *, force: bool = False, allow_pickle: bool = False
) -> None:
    """Fetch data, predictions and checkpoints, several files side by side, with progress on stderr. Raises
    UnreachableError without a network, IntegrityError for wrong bytes, GnerBenchError for anything else."""
    if requirements.predictions:
        fetch_all([remote_file(file.name) for file in requirements.predictions], "predictions", force=force)
    if requirements.splits:
        splits = requirements.splits
        wanted = [(d, split) for d, split in splits if force or state_of(partial(find_split, d, split)) != "yes"]
        # Several splits may come from one file. Those that do wait for a second round, so that a forced download
        # fetches the file only once.
        first = {}
        for dataset, split in wanted:
            sources = origins(dataset, split)
            first[sources[0].files[split] if sources else f"{dataset.name}/{split}"] = (dataset, split)
        rest = [pair for pair in wanted if pair not in first.values()]
        with byte_progress("data", None) as advance, ThreadPoolExecutor(WORKERS) as pool:
            for pairs, again in ((list(first.values()), force), (rest, False)):
                jobs = [pool.submit(fetch_split, dataset, split, say, advance, again) for dataset, split in pairs]
                for job in jobs:
                    job.result()
    for checkpoint in requirements.checkpoints:
        fetch_checkpoint(checkpoint.hub, checkpoint.revision, force=force, allow_pickle=allow_pickle)
