from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from gner_bench.cli import main

from ..fetch.loopback import Loopback, Repo

Run = Callable[..., Result]
TOKEN = "hf_" + "secret0" * 5


@pytest.fixture
def run() -> Run:
    return lambda *arguments: CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The loopback as the hub of the real huggingface_hub in this process, with a token and a cache of its own."""
    from huggingface_hub import constants

    server = Loopback().start()
    monkeypatch.setattr(constants, "ENDPOINT", server.url)
    template = server.url + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hf"))
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    yield server
    server.stop()


@pytest.fixture
def repository(hub: Any) -> Callable[..., Any]:
    """Puts a repository with these files on the hub."""

    def put(hub_id: str = "me/mine", **files: str) -> Any:
        texts = {name.replace("_", "."): text.encode() for name, text in files.items()}
        hub.repos[hub_id] = Repo(texts)
        return hub.repos[hub_id]

    return put


@pytest.fixture
def predictions(record: Callable[..., Any], predictions_file: Callable[..., Path]) -> Callable[..., Path]:
    """Writes ten sentences of ``news`` with two entities, of which ``missed`` lack the person, and two of ``web``."""

    def write(missed: int = 2) -> Path:
        texts = ["Ann(O) saw(O) Oslo(B-place)", "Ann(B-person) saw(O) Oslo(B-place)"]
        records = [record(id=str(place), prediction=texts[place >= missed]) for place in range(10)]
        records += [record(id=str(place), dataset="web") for place in range(2)]
        return predictions_file(*records)

    return write


@pytest.fixture
def scores(run: Run, predictions: Callable[..., Path], tmp_path: Path) -> Path:
    """The scores.json of the predictions: of ``news`` 18 of 20 entities, none wrong, of ``web`` all."""
    path = tmp_path / "scores.json"
    done = run("-q", "score", predictions(), "--tokenizer", "none", "--out", path)
    assert done.exit_code == 0, done.output
    return path
