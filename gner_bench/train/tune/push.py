"""Putting a finished checkpoint on the Hugging Face hub."""

from __future__ import annotations

from pathlib import Path

from gner_bench.errors import GnerBenchError, UsageError, short
from gner_bench.fetch import home
from gner_bench.fetch.locate import HUB_ID

NOT_PUSHED = ["state/*", "tensorboard/*", ".*"]


def require_repository(repository: str) -> None:
    """Raise UsageError for a name that is none, and when the network is switched off."""
    if HUB_ID.fullmatch(repository) is None:
        raise UsageError(f"--push-to-hub {short(repository)}: expected OWNER/NAME")
    if home.offline(False):
        raise UsageError("--push-to-hub needs the network, which is switched off")


def push(folder: Path, repository: str) -> str:
    """Upload a checkpoint folder and return its address; the repository is made, private, if it is not there.

    Raises GnerBenchError when the hub refuses or cannot be reached; the folder is as it was.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError

    try:
        api = HfApi()
        api.create_repo(repository, private=True, exist_ok=True)
        api.upload_folder(
            repo_id=repository,
            folder_path=folder,
            ignore_patterns=NOT_PUSHED,
            commit_message=f"Upload {folder.name} with gner-bench",
        )
    except (HfHubHTTPError, OSError, ValueError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise GnerBenchError(f"--push-to-hub {repository}: {reason}; the checkpoint is in {folder}") from None
    return f"https://huggingface.co/{repository}"
