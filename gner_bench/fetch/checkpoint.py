"""Checkpoints: from the name that a user gives to verified files, in the layout of the hub's own cache.

The hub is asked which files there are; they then come over plain HTTP by gner_bench.fetch.http, because
huggingface_hub starts a file again from its first byte when a download was interrupted.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from gner_bench.catalog import catalog
from gner_bench.demo import CHECKPOINT
from gner_bench.errors import GnerBenchError, InputError, IntegrityError, UnreachableError, did_you_mean
from gner_bench.fetch import home
from gner_bench.fetch.home import locked, locked_if_free
from gner_bench.fetch.http import Advance, RemoteFile, fetch_all
from gner_bench.fetch.hub import PICKLED, list_files
from gner_bench.fetch.manifest import LOCK, Snapshot, find_snapshot, record, repo_folder

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
class LocalCheckpoint:
    """A checkpoint on disk. ``revision`` is the commit that it came from, None for a folder of the user's own."""

    name: str
    folder: Path
    revision: str | None = None
    training_sets: tuple[str, ...] = ()


def on_hub(source: str) -> HubCheckpoint | None:
    """The checkpoint that a name of the catalogue or a hub id means; None for a folder and for ``demo``. Raises
    InputError for what is none of these."""
    if source == "demo" or Path(source).is_dir():
        return None
    known = catalog().find_model(source)
    if known is not None:
        if not known.hub:
            raise InputError(source, known.note)
        # Who asks for a hub id asks for what is there now.
        revision = known.revision if source.lower() == known.name.lower() else "main"
        return HubCheckpoint(known.name, known.hub, revision, known.training_sets, known.bytes)
    if HUB_ID.fullmatch(source) is None or Path(source).exists():
        near = did_you_mean(source, [model.name for model in catalog().model])
        raise InputError(source, f"no such checkpoint folder, nor a hub id (owner/name); {near}")
    return HubCheckpoint(source.rpartition("/")[2], source)


def locate(source: str) -> LocalCheckpoint:
    """The folder of ``demo``, a folder, or a checkpoint in the cache; uses no network. Raises InputError for an unknown
    name, GnerBenchError when it is not in the cache, IntegrityError when altered."""
    if source == "demo":
        return LocalCheckpoint("demo", CHECKPOINT)
    hub = on_hub(source)
    if hub is None:
        return LocalCheckpoint(Path(source).absolute().name, Path(source))
    cached = find_checkpoint(hub.hub, hub.revision)
    if cached is None:
        raise GnerBenchError(f"{hub.name} is not in the cache; run: gner-bench download {source}")
    return LocalCheckpoint(hub.name, cached.folder, cached.commit, hub.training_sets)


def find_checkpoint(hub_id: str, revision: str | None) -> Snapshot | None:
    """The checkpoint if it was completed, without network; no revision means ``main``. Raises IntegrityError when a
    file is missing, cut or altered since."""
    snapshot = find_snapshot(hub_id, revision or "main")
    if snapshot is None:
        return None
    for problem in snapshot.problems():
        raise IntegrityError(f"{problem}; run: gner-bench download {hub_id} --force")
    # Files that were touched but not altered have just been read. Their new times are recorded, so that they are not
    # read each time; where that cannot be done, the next call reads them again.
    with suppress(GnerBenchError, OSError):
        times = {name: (snapshot.folder / name).stat().st_mtime_ns for name in snapshot.files}
        files = {name: replace(file, mtime_ns=times[name]) for name, file in snapshot.files.items()}
        if files != snapshot.files:
            with locked_if_free(repo_folder(hub_id) / LOCK) as free:
                if free:
                    record(replace(snapshot, files=files))
    return snapshot


def fetch_checkpoint(
    hub_id: str,
    revision: str | None,
    *,
    force: bool = False,
    allow_pickle: bool = False,
    offline: bool = False,
    advance: Advance | None = None,
) -> Snapshot:
    """Bring a checkpoint into the cache and verify it; broken downloads are continued, damaged files replaced.

    The network is not used for a commit that is there, nor for a branch when it cannot be. Shows progress unless there
    is an ``advance`` to call with bytes. Raises UnreachableError, IntegrityError for wrong bytes, GnerBenchError.
    """
    revision, offline = revision or "main", home.offline(offline)
    known = None
    if not force:
        try:
            known = find_checkpoint(hub_id, revision)
        except IntegrityError:  # counts as absent where it can be fetched again
            if offline:
                raise
        if known is not None and not allow_pickle and any(known.folder.glob("*.bin")):
            raise GnerBenchError(f"{hub_id}: {PICKLED}")
        if known is not None and (offline or known.commit == revision):
            return known
    if offline:
        raise UnreachableError(f"{hub_id}: is not in the cache ({home.home()}), and the network is switched off")
    try:
        listing = list_files(hub_id, revision, allow_pickle=allow_pickle)
    except UnreachableError:
        if known is None:
            raise
        return known
    if known is not None and known.commit == listing.commit:
        return known
    try:
        with locked(repo_folder(hub_id) / LOCK):
            # The commit may have been fetched for another revision, or by another process a moment ago.
            snapshot = None
            with suppress(IntegrityError):
                snapshot = None if force else find_snapshot(hub_id, listing.commit)
            if snapshot is None or any(snapshot.problems()):
                snapshot = _download(listing, force, advance)
            record(replace(snapshot, revisions=(revision,)))
    except OSError as error:
        raise GnerBenchError(f"{error.filename or hub_id}: {error.strerror or error}") from None
    return snapshot


def _download(listing: Snapshot, force: bool, advance: Advance | None) -> Snapshot:
    """Fetch the files as blobs, each content once, and make the names of the snapshot's folder lead to them."""
    from huggingface_hub import constants, get_token, hf_hub_url

    blobs = repo_folder(listing.hub_id) / "blobs"
    token = "" if constants.HF_HUB_DISABLE_IMPLICIT_TOKEN else get_token() or ""
    remote = {}
    for name, file in listing.files.items():
        url = hf_hub_url(listing.hub_id, name, revision=listing.commit)
        remote[file.blob] = RemoteFile((url,), blobs / file.blob, file.checksum, file.size, token)
    fetch_all(list(remote.values()), listing.hub_id, force=force, advance=advance)
    files = {}
    for name, file in listing.files.items():
        pointer, target = listing.folder / name, Path("..", "..", "blobs", file.blob)
        if not (pointer.is_symlink() and pointer.readlink() == target):
            pointer.parent.mkdir(parents=True, exist_ok=True)
            pointer.unlink(missing_ok=True)
            try:
                pointer.symlink_to(target)
            except OSError:  # a file system without symbolic links
                pointer.hardlink_to(pointer.parent / target)
        files[name] = replace(file, mtime_ns=pointer.stat().st_mtime_ns)
    return replace(listing, files=files)
