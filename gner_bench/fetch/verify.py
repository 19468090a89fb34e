"""What lies in the cache, whether it is still what was fetched, and what can go."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from gner_bench.errors import IntegrityError
from gner_bench.fetch import manifest
from gner_bench.fetch.datasets import remote_file, verify_dataset
from gner_bench.fetch.home import home
from gner_bench.fetch.http import is_whole
from gner_bench.fetch.lock import locked_if_free
from gner_bench.fetch.manifest import LOCK, hub_folder, repo_folder, snapshots

LEFTOVERS = ("*.part", "*.incomplete", "*.lock", ".*.tmp")


@dataclass(frozen=True)
class Entry:
    """A checkpoint, a data set or published predictions in the cache. ``size`` is in bytes on disk."""

    kind: Literal["checkpoint", "data", "predictions"]
    name: str
    size: int
    path: Path


def entries() -> list[Entry]:
    """What the cache holds. A checkpoint counts once it was completed. Raises IntegrityError for a damaged manifest."""
    checkpoints = [
        Entry("checkpoint", known[0].hub_id, _size(repo), repo) for repo in _repos() if (known := snapshots(repo))
    ]
    folders = sorted(path for path in (home() / "data").glob("*") if path.is_dir())
    files = sorted((home() / "predictions").glob("*.jsonl"))
    data = [Entry("data", path.name, _size(path), path) for path in folders]
    return checkpoints + data + [Entry("predictions", path.stem, _size(path), path) for path in files]


def verify_checkpoint(hub_id: str, revision: str | None = None) -> list[str]:
    """Read every file of a checkpoint, at one revision or at all that are there; returns what is wrong."""
    try:
        known = snapshots(repo_folder(hub_id))
    except IntegrityError as error:
        return [str(error)]
    chosen = [entry for entry in known if revision is None or revision in (entry.commit, *entry.revisions)]
    if not chosen:
        return [f"{hub_id}: is not in the cache"]
    return [problem for snapshot in chosen for problem in manifest.problems(snapshot, thorough=True)]


def verify_entry(entry: Entry) -> list[str]:
    """Read every file of an entry of the cache; returns what is wrong."""
    if entry.kind == "checkpoint":
        return verify_checkpoint(entry.name)
    if entry.kind == "data":
        return verify_dataset(entry.name)
    file = remote_file(entry.path.name)
    return [] if is_whole(file) else [f"{entry.path}: was altered (not {file.checksum})"]


def leftovers() -> list[Path]:
    """Files that no one needs: of broken downloads, locks, and of checkpoints that no manifest refers to."""
    loose = [path for pattern in LEFTOVERS for path in home().rglob(pattern)]
    return sorted({*loose, *(path for repo in _repos() for path in _unreferenced(repo))})


def remove(paths: Iterable[Path]) -> int:
    """Remove files and folders, but not those of a running download; returns the bytes freed."""
    freed = 0
    for path in paths:
        with ExitStack() as held, suppress(FileNotFoundError):
            if all(held.enter_context(locked_if_free(lock)) for lock in _locks(path)):
                size = _size(path)
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
                freed += size
    return freed


def _repos() -> list[Path]:
    return sorted(path for path in hub_folder().glob("models--*") if path.is_dir())


def _unreferenced(repo: Path) -> Iterator[Path]:
    """Blobs and snapshots of a checkpoint that its manifest does not lead to; none if that is damaged."""
    with suppress(IntegrityError):
        known = snapshots(repo)
        commits = {snapshot.commit for snapshot in known}
        blobs = {kept.checksum.partition(":")[2] for snapshot in known for kept in snapshot.files.values()}
        yield from (path for path in (repo / "snapshots").glob("*") if path.name not in commits)
        yield from (path for path in (repo / "blobs").glob("*") if path.name not in blobs)


def _locks(path: Path) -> list[Path]:
    """The lock files that a download writing ``path`` holds, as far as they exist."""
    own = path if path.suffix == ".lock" else path.with_name(path.name.removesuffix(".part") + ".lock")
    repo = next((parent for parent in path.parents if parent.parent == hub_folder()), None)
    found = {own, *([repo / LOCK] if repo else [])}
    return sorted(lock for lock in found if lock.is_file())


def _size(path: Path) -> int:
    """The bytes of a file, or of all files in a folder; links count nothing."""
    inside = path.rglob("*") if path.is_dir() and not path.is_symlink() else [path]
    return sum(file.lstat().st_size for file in inside if file.is_file() and not file.is_symlink())
