"""Uploading a finished checkpoint: against a stub, without network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import huggingface_hub
import pytest

from gner_bench.errors import GnerBenchError, UsageError
from gner_bench.train.result import push, require_repository


class Hub:
    """Notes what it is asked for."""

    calls: list[tuple[str, dict[str, Any]]]

    def create_repo(self, repo_id: str, **settings: Any) -> None:
        self.calls.append(("create", {"repo_id": repo_id, **settings}))

    def upload_folder(self, **settings: Any) -> None:
        self.calls.append(("upload", settings))


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Hub:
    stub = Hub()
    stub.calls = []
    monkeypatch.setattr(huggingface_hub, "HfApi", lambda: stub)
    return stub


def test_a_folder_is_uploaded_without_state_and_trackers(hub: Hub, tmp_path: Path) -> None:
    assert push(tmp_path, "me/mine") == "https://huggingface.co/me/mine"
    (create, made), (upload, sent) = hub.calls
    assert (create, upload) == ("create", "upload")
    assert made == {"repo_id": "me/mine", "private": True, "exist_ok": True}
    assert (sent["repo_id"], sent["folder_path"]) == ("me/mine", tmp_path)
    assert {"state/*", "tensorboard/*"} <= set(sent["ignore_patterns"])


def test_a_refusal_of_the_hub_is_one_line(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: Any) -> None:
        raise OSError("401 Unauthorized\nmore about it")

    monkeypatch.setattr(hub, "upload_folder", refuse)
    with pytest.raises(
        GnerBenchError, match=rf"^--push-to-hub me/mine: 401 Unauthorized; the checkpoint is in {tmp_path}$"
    ):
        push(tmp_path, "me/mine")


@pytest.mark.parametrize("name", ["mine", "a/b/c", "https://huggingface.co/me/mine", ""])
def test_what_is_no_repository_is_refused(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    with pytest.raises(UsageError, match="expected OWNER/NAME"):
        require_repository(name)


def test_without_a_network_it_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(UsageError, match="needs the network"):
        require_repository("me/mine")
