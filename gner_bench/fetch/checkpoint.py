"""Checkpoints from the Hugging Face hub, in the layout of the hub's own cache, every file verified.

The hub is asked which files there are; they then come over plain HTTP by gner_bench.fetch.http, because
huggingface_hub starts a file again from its first byte when a download was interrupted.
"""

from __future__ import annotations

import re
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING

from gner_bench import __version__
from gner_bench.errors import GnerBenchError, IntegrityError, UnreachableError
from gner_bench.fetch import home, manifest
from gner_bench.fetch.checksum import kind_of
from gner_bench.fetch.http import ATTEMPTS, CONNECT_SECONDS, RemoteFile, backoff, fetch_all, retry_after
from gner_bench.fetch.lock import locked, locked_if_free
from gner_bench.fetch.manifest import LOCK, Kept, Snapshot, find_snapshot, repo_folder
from gner_bench.fetch.progress import Advance

if TYPE_CHECKING:
    from huggingface_hub.hf_api import ModelInfo, RepoSibling

SMALL_FILES = (
    "config.json",
    "generation_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "spiece.model",
    "tokenizer.model",
    "vocab.json",
    "merges.txt",
)
SAFE_WEIGHTS = ("*.safetensors", "*.safetensors.index.json")
PICKLED_WEIGHTS = ("pytorch_model*.bin", "pytorch_model*.bin.index.json")


@dataclass(frozen=True)
class HubFile:
    """A file on the hub; ``size`` in bytes, ``checksum`` as in gner_bench.fetch.checksum."""

    name: str
    size: int
    checksum: str

    @property
    def blob(self) -> str:
        """Its name in the cache's ``blobs`` folder."""
        return self.checksum.partition(":")[2]


@dataclass(frozen=True)
class Listing:
    """The files of a checkpoint that inference needs, at the commit that the revision led to."""

    hub_id: str
    commit: str
    files: tuple[HubFile, ...]


@dataclass(frozen=True)
class Fetched:
    """A whole checkpoint in the cache."""

    folder: Path
    commit: str


def plan(hub_id: str, revision: str | None, *, allow_pickle: bool = False) -> Listing:
    """Ask the hub what has to be fetched; no revision means ``main``.

    Raises UnreachableError without a connection, GnerBenchError when the hub does not give it or when it has only
    pickled weights and those are not allowed.
    """
    repo_folder(hub_id)
    info = _model_info(hub_id, revision)
    found = [sibling for sibling in info.siblings or () if "/" not in sibling.rfilename]
    names = [sibling.rfilename for sibling in found]
    wanted = (*SMALL_FILES, *_weights(hub_id, names, allow_pickle))
    if not re.fullmatch(r"[0-9a-f]{40}", info.sha or ""):
        raise GnerBenchError(f"{hub_id}: the hub names no commit")
    files = tuple(_hub_file(hub_id, one) for one in found if any(fnmatch(one.rfilename, w) for w in wanted))
    return Listing(hub_id, str(info.sha), files)


def fetch_checkpoint(
    hub_id: str,
    revision: str | None,
    *,
    force: bool = False,
    allow_pickle: bool = False,
    offline: bool = False,
    advance: Advance | None = None,
) -> Fetched:
    """Bring a checkpoint into the cache and verify it; broken downloads are continued, damaged files replaced.

    The network is not used for a commit that is there, nor for a branch when it cannot be. Shows progress unless there
    is an ``advance`` to call with bytes. Raises UnreachableError, IntegrityError for wrong bytes, GnerBenchError.
    """
    revision, offline = revision or "main", home.offline(offline)
    known = None if force else _known(hub_id, revision, allow_pickle, offline)
    if known is not None and (offline or known.commit == revision):
        return known
    if offline:
        raise UnreachableError(f"{hub_id}: is not in the cache ({home.home()}), and the network is switched off")
    try:
        listing = plan(hub_id, revision, allow_pickle=allow_pickle)
    except UnreachableError:
        if known is None:
            raise
        return known
    if known is not None and known.commit == listing.commit:
        return known
    try:
        return _store(listing, revision, force, advance)
    except OSError as error:
        raise GnerBenchError(f"{error.filename or hub_id}: {error.strerror or error}") from None


def find_checkpoint(hub_id: str, revision: str | None) -> Fetched | None:
    """The checkpoint if it was completed, without network; no revision means ``main``.

    Raises IntegrityError when a file is missing, cut or altered since.
    """
    snapshot = find_snapshot(hub_id, revision or "main")
    if snapshot is None:
        return None
    for problem in manifest.problems(snapshot):
        raise IntegrityError(f"{problem}; run: gner-bench download {hub_id} --force")
    _restamp(snapshot)
    return Fetched(snapshot.folder, snapshot.commit)


def _known(hub_id: str, revision: str, allow_pickle: bool, offline: bool) -> Fetched | None:
    """As ``find_checkpoint``, though what is damaged counts as absent where it can be fetched again."""
    try:
        found = find_checkpoint(hub_id, revision)
    except IntegrityError:
        if offline:
            raise
        return None
    if found is not None and not allow_pickle and any(found.folder.glob("*.bin")):
        raise _pickled(hub_id)
    return found


def _store(listing: Listing, revision: str, force: bool, advance: Advance | None) -> Fetched:
    with locked(repo_folder(listing.hub_id) / LOCK):
        snapshot = (None if force else _intact(listing)) or _complete(listing, force, advance)
        manifest.record(replace(snapshot, revisions=(revision,)))
    return Fetched(snapshot.folder, snapshot.commit)


def _intact(listing: Listing) -> Snapshot | None:
    """The commit as it was fetched for another revision, or by another process a moment ago."""
    with suppress(IntegrityError):
        found = find_snapshot(listing.hub_id, listing.commit)
        if found is not None and not any(manifest.problems(found)):
            return found
    return None


def _complete(listing: Listing, force: bool, advance: Advance | None) -> Snapshot:
    fetch_all(_remote_files(listing), listing.hub_id, force=force, advance=advance)
    snapshot = Snapshot(listing.hub_id, listing.commit, (), {})
    for file in listing.files:
        pointer = snapshot.folder / file.name
        _point(pointer, file.blob)
        snapshot.files[file.name] = Kept(file.size, file.checksum, pointer.stat().st_mtime_ns)
    return snapshot


def _remote_files(listing: Listing) -> list[RemoteFile]:
    """Where the files are, each blob once."""
    from huggingface_hub import constants, get_token, hf_hub_url

    blobs = repo_folder(listing.hub_id) / "blobs"
    token = "" if constants.HF_HUB_DISABLE_IMPLICIT_TOKEN else get_token() or ""
    unique = {file.blob: file for file in listing.files}.values()
    urls = {file.blob: hf_hub_url(listing.hub_id, file.name, revision=listing.commit) for file in unique}
    return [RemoteFile((urls[f.blob],), blobs / f.blob, f.checksum, f.size, token) for f in unique]


def _point(pointer: Path, blob: str) -> None:
    """Make ``pointer`` lead to a blob: a relative link, or a hard link where the file system has no other."""
    target = Path("..", "..", "blobs", blob)
    if pointer.is_symlink() and pointer.readlink() == target:
        return
    pointer.parent.mkdir(parents=True, exist_ok=True)
    pointer.unlink(missing_ok=True)
    try:
        pointer.symlink_to(target)
    except OSError:
        pointer.hardlink_to(pointer.parent / target)


def _restamp(snapshot: Snapshot) -> None:
    """Record new times of change of unchanged files, so that they are not read each time. Best effort."""
    with suppress(GnerBenchError, OSError):
        now = manifest.restamped(snapshot)
        if now != snapshot:
            with locked_if_free(repo_folder(snapshot.hub_id) / LOCK) as free:
                if free:
                    manifest.record(now)


def _weights(hub_id: str, names: list[str], allow_pickle: bool) -> tuple[str, ...]:
    if any(fnmatch(name, SAFE_WEIGHTS[0]) for name in names):
        return SAFE_WEIGHTS
    if not any(fnmatch(name, PICKLED_WEIGHTS[0]) for name in names):
        raise GnerBenchError(f"{hub_id}: holds no weights (no *.safetensors file)")
    if not allow_pickle:
        raise _pickled(hub_id)
    return PICKLED_WEIGHTS


def _pickled(hub_id: str) -> GnerBenchError:
    return GnerBenchError(
        f"{hub_id}: holds only pickled weights, which can run code when they are loaded; --allow-pickle takes them"
    )


def _hub_file(hub_id: str, sibling: RepoSibling) -> HubFile:
    size = sibling.lfs.size if sibling.lfs else sibling.size
    checksum = f"sha256:{sibling.lfs.sha256}" if sibling.lfs else f"git:{sibling.blob_id}"
    try:
        kind_of(checksum)
    except ValueError:
        raise GnerBenchError(f"{hub_id}: the hub gives no checksum for {sibling.rfilename}") from None
    if size is None:
        raise GnerBenchError(f"{hub_id}: the hub gives no size for {sibling.rfilename}")
    return HubFile(sibling.rfilename, size, checksum)


def _model_info(hub_id: str, revision: str | None) -> ModelInfo:
    """The hub's answer about a checkpoint, which huggingface_hub itself asks for only once."""
    from httpx2 import HTTPError
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HFValidationError, OfflineModeIsEnabled

    api, failures = HfApi(library_name="gner-bench", library_version=__version__), 0
    while True:
        try:
            return api.model_info(hub_id, revision=revision, files_metadata=True, timeout=CONNECT_SECONDS)
        except (HTTPError, HFValidationError, OfflineModeIsEnabled) as error:
            failures += 1
            pause = _pause(error, failures)
            if failures == ATTEMPTS or pause is None:
                raise _explained(error, hub_id, revision) from None
            time.sleep(pause)


def _pause(error: Exception, failures: int) -> float | None:
    """Seconds after which the same question may be answered; None where it will not be."""
    import httpx2
    from huggingface_hub.errors import HfHubHTTPError

    if isinstance(error, HfHubHTTPError):
        passing = error.response.status_code in (408, 429) or error.response.status_code >= 500
        return backoff(failures, retry_after(error.response.headers.get("Retry-After"))) if passing else None
    no_connection = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.ProxyError)
    passing = isinstance(error, httpx2.TransportError) and not isinstance(error, no_connection)
    return backoff(failures) if passing else None


def _explained(error: Exception, hub_id: str, revision: str | None) -> GnerBenchError:
    from huggingface_hub import constants
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        OfflineModeIsEnabled,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    hub = constants.ENDPOINT
    if isinstance(error, OfflineModeIsEnabled):
        return UnreachableError(f"{hub_id}: the network is switched off (HF_HUB_OFFLINE)")
    if isinstance(error, GatedRepoError):
        return GnerBenchError(f"{hub_id}: is gated; ask for access at {hub}/{hub_id} and set HF_TOKEN")
    if isinstance(error, RepositoryNotFoundError):
        return GnerBenchError(f"{hub_id}: is not on the hub ({hub}), or private")
    if isinstance(error, RevisionNotFoundError):
        return GnerBenchError(f"{hub_id}: has no revision {revision!r}")
    reason = (str(error).strip() or type(error).__name__).splitlines()[0]
    if isinstance(error, HfHubHTTPError):
        return GnerBenchError(f"{hub_id}: the hub answers {reason}")
    kind = GnerBenchError if isinstance(error, ValueError) else UnreachableError
    return kind(f"{hub_id}: the hub ({hub}) cannot be asked: {reason}")
