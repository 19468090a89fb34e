"""What is in the cache, whether it is still what was fetched, and what can go."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from gner_bench.catalog.entries import Dataset
from gner_bench.data.formats.gner import SPLITS
from gner_bench.errors import IntegrityError
from gner_bench.fetch.datasets import data_root, find_split, remote_file, verify_dataset
from gner_bench.fetch.home import home, locked_if_free
from gner_bench.fetch.http import is_whole
from gner_bench.fetch.manifest import LOCK, hub_folder, repo_folder, snapshots

LEFTOVERS = ("*.part", "*.incomplete", "*.lock", ".*.tmp")
State = Literal["yes", "no", "altered"]


@dataclass(frozen=True)
class Entry:
    """A checkpoint, a data set or published predictions in the cache. ``size`` is in bytes on disk."""

    kind: Literal["checkpoint", "data", "predictions"]
    name: str
    size: int
    path: Path


def state_of(find: Callable[[], object]) -> State:
    """Whether ``find`` finds something, which is ``altered`` where that raises IntegrityError."""
    try:
        return "yes" if find() else "no"
    except IntegrityError:
        return "altered"


def states_of_dataset(dataset: Dataset) -> str:
    """The splits in the cache, ``folder`` or ``no``; altered ones are marked so."""
    if dataset.folder:
        return "folder"
    states = {split: state_of(partial(find_split, dataset, split)) for split in SPLITS}
    there = [split if state == "yes" else f"{split} (altered)" for split, state in states.items() if state != "no"]
    return ", ".join(there) or "no"


def entries() -> list[Entry]:
    """What the cache holds. A checkpoint counts once it was completed. Raises IntegrityError for a damaged manifest."""
    cached = [
        Entry("checkpoint", known[0].hub_id, _size(repo), repo)
        for repo in sorted(hub_folder().glob("models--*"))
        if repo.is_dir() and (known := snapshots(repo))
    ]
    folders = sorted(path for path in data_root().glob("*") if path.is_dir())
    cached += [Entry("data", path.name, _size(path), path) for path in folders]
    files = sorted((home() / "predictions").glob("*.jsonl"))
    return cached + [Entry("predictions", path.stem, _size(path), path) for path in files]


def verify(entry: Entry) -> tuple[list[str], list[Path]]:
    """Read every file of an entry of the cache whose checksum is known: what is wrong, and these files."""
    try:
        if entry.kind == "data":
            return verify_dataset(entry.name)
        if entry.kind == "predictions":
            file = remote_file(entry.path.name)
            problems = [] if is_whole(file) else [f"{entry.path}: was altered (not {file.checksum})"]
            return problems, [entry.path] if file.checksum else []
        known = snapshots(repo_folder(entry.name))
    except IntegrityError as error:
        return [str(error)], []
    if not known:
        return [f"{entry.name}: is not in the cache"], []
    files = [snapshot.folder / name for snapshot in known for name in snapshot.files]
    return [problem for snapshot in known for problem in snapshot.problems(thorough=True)], files


def leftovers() -> list[Path]:
    """Files that no one needs: of broken downloads, locks, and of checkpoints that no manifest refers to."""
    paths = {path for pattern in LEFTOVERS for path in home().rglob(pattern)}
    for repo in hub_folder().glob("models--*"):
        with suppress(IntegrityError):  # a damaged manifest does not say what can go
            known = snapshots(repo)
            used = {snapshot.commit for snapshot in known}
            used |= {file.blob for snapshot in known for file in snapshot.files.values()}
            stored = (*(repo / "snapshots").glob("*"), *(repo / "blobs").glob("*"))
            paths.update(path for path in stored if path.name not in used)
    return sorted(paths)


def remove(paths: Iterable[Path]) -> int:
    """Remove files and folders, but not those of a running download; returns the bytes freed."""
    freed = 0
    for path in paths:
        # The locks that a download writing ``path`` holds: that of the file, and that of the checkpoint around it.
        own = path if path.suffix == ".lock" else path.with_name(path.name.removesuffix(".part") + ".lock")
        around = [parent / LOCK for parent in path.parents if parent.parent == hub_folder()]
        locks = sorted(lock for lock in {own, *around} if lock.is_file())
        with ExitStack() as held, suppress(FileNotFoundError):
            if all(held.enter_context(locked_if_free(lock)) for lock in locks):
                size = _size(path)
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
                freed += size
    return freed


def _size(path: Path) -> int:
    """The bytes of a file, or of all files in a folder; links count nothing."""
    inside = path.rglob("*") if path.is_dir() and not path.is_symlink() else [path]
    return sum(file.lstat().st_size for file in inside if file.is_file() and not file.is_symlink())
