"""The record, beside a checkpoint in the cache, of which files were fetched and verified."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from gner_bench.config import build
from gner_bench.documents.fields import read_object
from gner_bench.errors import GnerBenchError, InputError, IntegrityError, short
from gner_bench.fetch.home import home, kind_of, matches
from gner_bench.files import write_json

MANIFEST = "gner-bench.json"
LOCK = "gner-bench.lock"
"""Held by the process that changes a checkpoint's folder."""
NAME = r"\w[\w.-]*"
"""A commit or the name of a file: nothing that leads out of a folder."""


@dataclass(frozen=True)
class StoredFile:
    """A file: its size in bytes, checksum, and time of change in nanoseconds when it was verified, 0 before that."""

    size: int
    checksum: str
    mtime_ns: int = 0

    @property
    def blob(self) -> str:
        """Its name in the cache's ``blobs`` folder."""
        return self.checksum.partition(":")[2]


@dataclass(frozen=True)
class Snapshot:
    """The files of a checkpoint at one ``commit``, which the hub gave for each of ``revisions``. Snapshots of one
    commit are equal, as it fixes what their files hold."""

    hub_id: str
    commit: str
    revisions: tuple[str, ...] = field(compare=False)
    files: dict[str, StoredFile] = field(compare=False)

    @property
    def folder(self) -> Path:
        return repo_folder(self.hub_id) / "snapshots" / self.commit

    def problems(self, thorough: bool = False) -> Iterator[str]:
        """What is wrong with the files; only those with another time of change are read, or all if ``thorough``."""
        for name, file in self.files.items():
            path = self.folder / name
            try:
                status = path.stat()
                if status.st_size != file.size:
                    yield f"{path}: has {status.st_size:,} bytes instead of {file.size:,}"
                elif (thorough or status.st_mtime_ns != file.mtime_ns) and not matches(path, file.checksum):
                    yield f"{path}: was altered (not {file.checksum})"
            except FileNotFoundError:
                yield f"{path}: is missing"
            except OSError as error:
                yield f"{path}: cannot be read ({error.strerror})"


def hub_folder() -> Path:
    """Where checkpoints are kept, in the layout of the Hugging Face hub's own cache."""
    return home() / "hub"


def repo_folder(hub_id: str) -> Path:
    """The folder of one checkpoint. Raises GnerBenchError for what is no hub id."""
    if not re.fullmatch(r"\w[\w.-]*(/\w[\w.-]*)?", hub_id):
        raise GnerBenchError(f"{hub_id}: is not a hub id (owner/name)")
    return hub_folder() / f"models--{hub_id.replace('/', '--')}"


@dataclass(frozen=True)
class _Entry:
    commit: str
    revisions: tuple[str, ...]
    files: dict[str, StoredFile]


@dataclass(frozen=True)
class _Manifest:
    hub_id: str
    snapshots: tuple[_Entry, ...]


def snapshots(repo: Path) -> list[Snapshot]:
    """What the manifest of a checkpoint's folder records. Raises IntegrityError if it is damaged."""
    path = repo / MANIFEST
    if not path.is_file():
        return []
    try:
        document = build(_Manifest, read_object(path).value, path)
        if repo_folder(document.hub_id).name != repo.name:
            raise InputError(path, "is that of another checkpoint", field="hub_id")
        for entry in document.snapshots:
            if not re.fullmatch(NAME, entry.commit):
                raise InputError(path, f"expected a commit, found {short(entry.commit)}", field="snapshots.commit")
            for name, file in entry.files.items():
                kind_of(file.checksum)
                if not re.fullmatch(NAME, name):
                    raise InputError(path, f"expected a file's name, found {short(name)}", field="snapshots.files")
    except (GnerBenchError, ValueError) as error:
        reason = str(error).removeprefix(f"{path}: ")
        raise IntegrityError(f"{path}: cannot be read ({reason}); remove it and fetch again") from None
    return [Snapshot(document.hub_id, entry.commit, entry.revisions, entry.files) for entry in document.snapshots]


def find_snapshot(hub_id: str, revision: str) -> Snapshot | None:
    """The snapshot recorded for a revision or a commit, if there is one. Says nothing about its files."""
    known = snapshots(repo_folder(hub_id))
    return next((snapshot for snapshot in known if revision in (snapshot.commit, *snapshot.revisions)), None)


def record(snapshot: Snapshot) -> None:
    """Write a snapshot into the manifest; the caller holds the checkpoint's lock. A snapshot that no revision leads to
    any more is forgotten, so that its files count as leftovers."""
    repo = repo_folder(snapshot.hub_id)
    kept = [snapshot]
    with suppress(IntegrityError):  # a damaged manifest is replaced
        for old in snapshots(repo):
            revisions = tuple(name for name in old.revisions if name not in snapshot.revisions)
            if old.commit == snapshot.commit:
                kept[0] = replace(snapshot, revisions=(*snapshot.revisions, *revisions))
            elif revisions:
                kept.append(replace(old, revisions=revisions))
    entries = [
        {"commit": s.commit, "revisions": s.revisions, "files": {name: asdict(file) for name, file in s.files.items()}}
        for s in kept
    ]
    write_json(repo / MANIFEST, {"hub_id": snapshot.hub_id, "snapshots": entries})
