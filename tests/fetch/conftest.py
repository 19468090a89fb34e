from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gner_bench.fetch import http
from gner_bench.fetch.http import RemoteFile

from .loopback import Fault, Loopback


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes every wait between attempts a hundredth of a second."""
    monkeypatch.setattr(http, "FIRST_WAIT", 0.01)
    monkeypatch.setattr(http, "LONGEST_WAIT", 0.01)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cache folder of the test."""
    for name in ("HF_HUB_OFFLINE", "HF_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GNER_BENCH_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def loopback() -> Iterator[Loopback]:
    server = Loopback().start()
    yield server
    server.stop()


@pytest.fixture
def fault() -> type[Fault]:
    return Fault


@pytest.fixture
def remote(loopback: Loopback, tmp_path: Path) -> Callable[..., RemoteFile]:
    """Serves ``content`` on the loopback and returns the file to fetch; ``changes`` replace its fields."""

    def put(content: bytes, path: str = "/data.bin", **changes: Any) -> RemoteFile:
        url = loopback.put(path, content)
        return RemoteFile(**{"urls": (url,), "path": tmp_path / "kept" / Path(path).name, **changes})

    return put


@pytest.fixture
def hub(loopback: Loopback, monkeypatch: pytest.MonkeyPatch) -> Loopback:
    """The loopback as the hub that huggingface_hub asks in this process."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "ENDPOINT", loopback.url)
    monkeypatch.setattr(
        constants, "HUGGINGFACE_CO_URL_TEMPLATE", loopback.url + "/{repo_id}/resolve/{revision}/{filename}"
    )
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", "/nonexistent")
    return loopback
