from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from gner_bench.fetch.cache import Entry, entries, leftovers, remove, verify
from gner_bench.fetch.checkpoint import fetch_checkpoint, find_checkpoint
from gner_bench.fetch.home import locked
from gner_bench.fetch.manifest import Snapshot

FILES = {"config.json": b"{}", "model.safetensors": bytes(1000)}


def verify_checkpoint(cache: Path) -> list[str]:
    return verify(Entry("checkpoint", "owner/name", 0, cache / "hub/models--owner--name"))[0]


@pytest.fixture
def here(hub: Any, tmp_path: Path) -> Snapshot:
    """A checkpoint that was fetched."""
    folder = tmp_path / "repo"
    folder.mkdir()
    for name, content in FILES.items():
        (folder / name).write_bytes(content)
    hub.repo("owner/name", folder)
    return fetch_checkpoint("owner/name", None)


def test_an_empty_cache(cache: Path) -> None:
    assert (entries(), leftovers()) == ([], [])
    assert verify_checkpoint(cache) == ["owner/name: is not in the cache"]


def test_entries(here: Snapshot, cache: Path) -> None:
    for path in ("data/news/test.jsonl", "data/news/source.json", "predictions/base.jsonl", "predictions/notes.txt"):
        (cache / path).parent.mkdir(parents=True, exist_ok=True)
        (cache / path).write_bytes(bytes(10))
    (cache / "hub/models--half--done/blobs").mkdir(parents=True)
    repo = cache / "hub/models--owner--name"
    manifest = (repo / "gner-bench.json").stat().st_size
    assert entries() == [
        Entry("checkpoint", "owner/name", 1002 + manifest, repo),
        Entry("data", "news", 20, cache / "data/news"),
        Entry("predictions", "base", 10, cache / "predictions/base.jsonl"),
    ]


def test_every_file_is_read_again(here: Snapshot, cache: Path) -> None:
    assert verify_checkpoint(cache) == []
    weights = (here.folder / "model.safetensors").resolve()
    stamp = weights.stat().st_mtime_ns
    weights.write_bytes(b"x" + bytes(999))
    os.utime(weights, ns=(stamp, stamp))
    assert find_checkpoint("owner/name", None)
    (here.folder / "config.json").unlink()
    [missing, altered] = verify_checkpoint(cache)
    assert missing == f"{here.folder}/config.json: is missing"
    assert altered.startswith(f"{here.folder}/model.safetensors: was altered")


def test_a_damaged_manifest_is_a_problem(here: Snapshot, cache: Path) -> None:
    path = cache / "hub/models--owner--name/gner-bench.json"
    path.write_text("{")
    [problem] = verify_checkpoint(cache)
    assert problem.startswith(f"{path}: cannot be read")
    assert not [path for path in leftovers() if path.suffix != ".lock"]


def test_what_no_one_needs_can_go(here: Snapshot, cache: Path) -> None:
    repo = cache / "hub/models--owner--name"
    rest = [
        cache / "data/news/test.txt.part",
        cache / "data/.news.12.tmp",
        cache / "hub/models--half--done/blobs/abc",
        repo / "blobs" / "abc.1.incomplete",
        repo / "blobs" / "abcdef",
    ]
    old = repo / "snapshots" / (40 * "1")
    for path in (*rest, old / "config.json"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes(10))
    paths = leftovers()
    assert {path for path in paths if path.suffix != ".lock"} == {*rest, old}
    assert remove(paths) == 60
    assert leftovers() == []
    assert verify_checkpoint(cache) == []


@pytest.mark.parametrize("lock", ["data/news/test.txt.lock", "hub/models--owner--name/gner-bench.lock"])
def test_a_running_download_is_left_alone(here: Snapshot, cache: Path, lock: str) -> None:
    folder = (cache / lock).parent
    part = folder / "test.txt.part"
    part.parent.mkdir(parents=True, exist_ok=True)
    part.write_bytes(bytes(10))
    with locked(cache / lock):
        assert remove(leftovers()) == 0
        assert part.exists()
        assert (cache / lock).exists()
    assert remove(leftovers()) == 10
