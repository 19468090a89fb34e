"""What the Hugging Face hub says of a checkpoint: its commit and the files that inference needs."""

from __future__ import annotations

import re
import time
from fnmatch import fnmatch
from importlib import import_module
from typing import TYPE_CHECKING, Any

from gner_bench import __version__
from gner_bench.errors import GnerBenchError, UnreachableError, first_line
from gner_bench.fetch.home import kind_of
from gner_bench.fetch.http import ATTEMPTS, CONNECT_SECONDS, backoff, is_temporary, retry_after
from gner_bench.fetch.manifest import Snapshot, StoredFile, repo_folder

if TYPE_CHECKING:
    from huggingface_hub.hf_api import ModelInfo

SMALL_FILES = (
    *("config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"),
    *("added_tokens.json", "spiece.model", "tokenizer.model", "vocab.json", "merges.txt", "chat_template.jinja"),
    "adapter_config.json",
)
SAFE_WEIGHTS = ("*.safetensors", "*.safetensors.index.json")
PICKLED = "holds only pickled weights, which can run code when they are loaded; --allow-pickle takes them"
PICKLED_WEIGHTS = ("pytorch_model*.bin", "pytorch_model*.bin.index.json")


def list_files(hub_id: str, revision: str, *, allow_pickle: bool = False) -> Snapshot:
    """Ask the hub for the commit of a revision and the files of it that inference needs, with sizes and checksums.

    Raises UnreachableError without a connection, GnerBenchError when the hub does not give it or when it has only
    pickled weights and those are not allowed.
    """
    repo_folder(hub_id)
    info = _model_info(hub_id, revision)
    siblings = [sibling for sibling in info.siblings or () if "/" not in sibling.rfilename]
    names = [sibling.rfilename for sibling in siblings]
    if any(fnmatch(name, SAFE_WEIGHTS[0]) for name in names):
        wanted = (*SMALL_FILES, *SAFE_WEIGHTS)
    elif not any(fnmatch(name, PICKLED_WEIGHTS[0]) for name in names):
        raise GnerBenchError(f"{hub_id}: holds no weights (no *.safetensors file)")
    elif not allow_pickle:
        raise GnerBenchError(f"{hub_id}: {PICKLED}")
    else:
        wanted = (*SMALL_FILES, *PICKLED_WEIGHTS)
    if not re.fullmatch(r"[0-9a-f]{40}", info.sha or ""):
        raise GnerBenchError(f"{hub_id}: the hub names no commit")
    files = {}
    for sibling in siblings:
        if any(fnmatch(sibling.rfilename, pattern) for pattern in wanted):
            # The hub gives large files a SHA-256 and all others git's blob id.
            size = sibling.lfs.size if sibling.lfs else sibling.size
            checksum = f"sha256:{sibling.lfs.sha256}" if sibling.lfs else f"git:{sibling.blob_id}"
            try:
                kind_of(checksum)
            except ValueError:
                raise GnerBenchError(f"{hub_id}: the hub gives no checksum for {sibling.rfilename}") from None
            if size is None:
                raise GnerBenchError(f"{hub_id}: the hub gives no size for {sibling.rfilename}")
            files[sibling.rfilename] = StoredFile(size, checksum)
    return Snapshot(hub_id, str(info.sha), (revision,), files)


def hub_errors() -> tuple[type[Exception], ...]:
    """What huggingface_hub raises where the hub refuses, cannot be reached or is given what it does not take."""
    return _client().HTTPError, OSError, ValueError


def told(error: Exception) -> str:
    """The first line of what such an error says, without the user's token, which some quote with the request."""
    from huggingface_hub import get_token

    line = re.sub(r"(Bearer |hf_)[^\s'\"]+", r"\1***", first_line(error))
    return line.replace(token, "***") if (token := get_token()) else line


def _client() -> Any:
    """Version 1, which GLiNER's transformers needs, raises errors of httpx, version 2 those of httpx2."""
    from huggingface_hub.errors import HfHubHTTPError

    return import_module(HfHubHTTPError.__mro__[1].__module__.partition(".")[0])


def _model_info(hub_id: str, revision: str) -> ModelInfo:
    """The hub's answer about a checkpoint, asked for again when it may come later: huggingface_hub asks only once."""
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, OfflineModeIsEnabled

    client = _client()
    no_connection = (client.ConnectError, client.ConnectTimeout, client.ProxyError)
    api, failures = HfApi(library_name="gner-bench", library_version=__version__), 0
    while True:
        try:
            return api.model_info(hub_id, revision=revision, files_metadata=True, timeout=CONNECT_SECONDS)
        except (client.HTTPError, HFValidationError, OfflineModeIsEnabled) as error:
            failures += 1
            requested = None
            if isinstance(error, HfHubHTTPError):
                may_pass = is_temporary(error.response.status_code)
                requested = retry_after(error.response.headers.get("Retry-After"))
            else:
                may_pass = isinstance(error, client.TransportError) and not isinstance(error, no_connection)
            if failures == ATTEMPTS or not may_pass:
                raise _explained(error, hub_id, revision) from None
            time.sleep(backoff(failures, requested))


def _explained(error: Exception, hub_id: str, revision: str) -> GnerBenchError:
    """What a failed question to the hub means for a user."""
    from huggingface_hub import constants, errors

    hub = constants.ENDPOINT
    if isinstance(error, errors.OfflineModeIsEnabled):
        return UnreachableError(f"{hub_id}: the network is switched off (HF_HUB_OFFLINE)")
    # A gated repository is also one that is not found.
    if isinstance(error, errors.GatedRepoError):
        return GnerBenchError(f"{hub_id}: is gated; ask for access at {hub}/{hub_id} and set HF_TOKEN")
    if isinstance(error, errors.RepositoryNotFoundError):
        return GnerBenchError(f"{hub_id}: is not on the hub ({hub}), or private")
    if isinstance(error, errors.RevisionNotFoundError):
        return GnerBenchError(f"{hub_id}: has no revision {revision!r}")
    reason = first_line(error)
    if isinstance(error, errors.HfHubHTTPError):
        return GnerBenchError(f"{hub_id}: the hub answers {reason}")
    # HFValidationError is a ValueError: the name is at fault, not the connection.
    kind = GnerBenchError if isinstance(error, ValueError) else UnreachableError
    return kind(f"{hub_id}: the hub ({hub}) cannot be asked: {reason}")
