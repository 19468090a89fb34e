"""The record, beside a checkpoint in the cache, of which files were fetched and verified."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from gner_bench.errors import GnerBenchError, IntegrityError
from gner_bench.fetch.checksum import matches
from gner_bench.fetch.home import home
from gner_bench.files import write_json

MANIFEST = "gner-bench.json"
LOCK = "gner-bench.lock"
"""Held by the process that changes a checkpoint's folder."""


@dataclass(frozen=True)
class Kept:
    """A verified file: its size in bytes, checksum, and time of change in nanoseconds when it was verified."""

    size: int
    checksum: str
    mtime_ns: int


@dataclass(frozen=True)
class Snapshot:
    """The files of a checkpoint at one ``commit``, which the hub gave for each of ``revisions``."""

    hub_id: str
    commit: str
    revisions: tuple[str, ...]
    files: dict[str, Kept]

    @property
    def folder(self) -> Path:
        return repo_folder(self.hub_id) / "snapshots" / self.commit


def hub_folder() -> Path:
    """Where checkpoints are kept, in the layout of the Hugging Face hub's own cache."""
    return home() / "hub"


def repo_folder(hub_id: str) -> Path:
    """The folder of one checkpoint. Raises GnerBenchError for what is no hub id."""
    if not re.fullmatch(r"\w[\w.-]*(/\w[\w.-]*)?", hub_id):
        raise GnerBenchError(f"{hub_id}: is not a hub id (owner/name)")
    return hub_folder() / f"models--{hub_id.replace('/', '--')}"


def snapshots(repo: Path) -> list[Snapshot]:
    """What the manifest of a checkpoint's folder records. Raises IntegrityError if it is damaged."""
    path = repo / MANIFEST
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return [_snapshot(document["hub_id"], entry) for entry in document["snapshots"]]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise IntegrityError(f"{path}: cannot be read ({error})") from None


def find_snapshot(hub_id: str, revision: str) -> Snapshot | None:
    """The snapshot recorded for a revision or a commit, if there is one. Says nothing about its files."""
    known = snapshots(repo_folder(hub_id))
    return next((entry for entry in known if revision in (entry.commit, *entry.revisions)), None)


def record(snapshot: Snapshot) -> None:
    """Write a snapshot into the manifest; the caller holds the checkpoint's lock.

    A snapshot that no revision leads to any more is forgotten, so that its files count as leftovers.
    """
    repo = repo_folder(snapshot.hub_id)
    kept = [snapshot]
    with suppress(IntegrityError):
        for old in snapshots(repo):
            revisions = tuple(name for name in old.revisions if name not in snapshot.revisions)
            if old.commit == snapshot.commit:
                kept[0] = replace(snapshot, revisions=(*snapshot.revisions, *revisions))
            elif revisions:
                kept.append(replace(old, revisions=revisions))
    entries = [{"commit": s.commit, "revisions": s.revisions, "files": _plain(s)} for s in kept]
    write_json(repo / MANIFEST, {"hub_id": snapshot.hub_id, "snapshots": entries})


def problems(snapshot: Snapshot, thorough: bool = False) -> Iterator[str]:
    """What is wrong with the files; only those with another time of change are read, or all if ``thorough``."""
    for name, kept in snapshot.files.items():
        path = snapshot.folder / name
        try:
            found = path.stat()
            if found.st_size != kept.size:
                yield f"{path}: has {found.st_size:,} bytes instead of {kept.size:,}"
            elif (thorough or found.st_mtime_ns != kept.mtime_ns) and not matches(path, kept.checksum):
                yield f"{path}: was altered (not {kept.checksum})"
        except FileNotFoundError:
            yield f"{path}: is missing"
        except OSError as error:
            yield f"{path}: cannot be read ({error.strerror})"


def restamped(snapshot: Snapshot) -> Snapshot:
    """The same with the times of change that the files have now. Raises OSError if one is not there."""
    folder = snapshot.folder
    return replace(
        snapshot,
        files={n: replace(kept, mtime_ns=(folder / n).stat().st_mtime_ns) for n, kept in snapshot.files.items()},
    )


def _plain(snapshot: Snapshot) -> dict[str, dict[str, Any]]:
    return {name: asdict(kept) for name, kept in snapshot.files.items()}


def _snapshot(hub_id: str, entry: dict[str, Any]) -> Snapshot:
    files = {name: Kept(**kept) for name, kept in entry["files"].items()}
    return Snapshot(hub_id, entry["commit"], tuple(entry["revisions"]), files)
