from __future__ import annotations

import errno
import json
import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gner_bench.errors import GnerBenchError, IntegrityError, UnreachableError
from gner_bench.fetch.checkpoint import fetch_checkpoint, find_checkpoint
from gner_bench.fetch.http import ATTEMPTS
from gner_bench.fetch.hub import list_files
from gner_bench.fetch.manifest import Snapshot

pytestmark = pytest.mark.slow

COMMIT = "c0ffee" + 34 * "0"
WEIGHTS = random.Random(0).randbytes(300_000)
SAFE = "model.safetensors"
API = "/api/models/owner/name/revision/main"
CDN = f"/cdn/owner/name/{SAFE}"
NEEDED = {
    "config.json": b"{}",
    "tokenizer.json": b'{"version": "1.0"}',
    "special_tokens_map.json": b"{}",
    "spiece.model": b"pieces",
    SAFE: WEIGHTS,
}
NOT_NEEDED = {
    "README.md": b"# name",
    ".gitattributes": b"*.bin filter=lfs",
    "modeling_gner.py": b"raise SystemExit",
    "pytorch_model.bin": b"pickle",
    "flax_model.msgpack": b"flax",
    "optimizer.pt": b"state",
    "training_args.bin": b"pickle",
    "onnx/model.onnx": b"onnx",
    "onnx/model.safetensors": b"below",
}
PICKLED = {
    "config.json": b"{}",
    "pytorch_model-00001-of-00001.bin": b"pickle",
    "pytorch_model.bin.index.json": b"[]",
    "training_args.bin": b"pickle",
}
Publish = Callable[..., Any]


@pytest.fixture
def publish(hub: Any, tmp_path: Path) -> Publish:
    """Puts files onto the hub as owner/name; ``changes`` are those of Repo."""

    def put(files: dict[str, bytes], **changes: Any) -> Any:
        for name, content in files.items():
            path = tmp_path / "repo" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return hub.repo("owner/name", tmp_path / "repo", **changes)

    return put


@pytest.fixture
def here(publish: Publish, hub: Any) -> Snapshot:
    """A checkpoint that was fetched; no request is on record."""
    publish(NEEDED)
    fetched = fetch_checkpoint("owner/name", None)
    hub.requests.clear()
    return fetched


def blob(fetched: Snapshot, name: str = SAFE) -> Path:
    return (fetched.folder / name).resolve()


def alter(path: Path) -> None:
    path.write_bytes(b"x" + path.read_bytes()[1:])
    os.utime(path, ns=(1, 1))


def test_only_what_inference_needs_is_fetched(publish: Publish, hub: Any, cache: Path) -> None:
    publish({**NEEDED, **NOT_NEEDED})
    seen: list[int] = []
    fetched = fetch_checkpoint("owner/name", "main", advance=seen.append)
    assert fetched.folder == cache / "hub/models--owner--name/snapshots" / COMMIT
    assert {path.name: path.read_bytes() for path in fetched.folder.iterdir()} == NEEDED
    fetched_names = {request.path.rpartition("/")[2] for request in hub.requests if "/resolve/" in request.path}
    assert fetched_names == NEEDED.keys() - {"config.json"}, "which has the bytes of another one"
    assert len(hub.gets(API)) == 1
    assert sum(seen) == sum(len(content) for content in {*NEEDED.values()})


def test_the_cache_has_the_layout_of_the_hub(here: Snapshot, cache: Path) -> None:
    from huggingface_hub import scan_cache_dir, try_to_load_from_cache

    for name in NEEDED:
        found = try_to_load_from_cache("owner/name", name, cache_dir=cache / "hub", revision=COMMIT)
        assert found == str(here.folder / name)
    [repo] = scan_cache_dir(cache / "hub").repos
    assert (repo.repo_id, repo.size_on_disk) == ("owner/name", sum(map(len, {*NEEDED.values()})))


def test_the_manifest_says_what_was_verified(here: Snapshot, cache: Path) -> None:
    document = json.loads((cache / "hub/models--owner--name/gner-bench.json").read_text())
    [snapshot] = document["snapshots"]
    assert (document["hub_id"], snapshot["commit"], snapshot["revisions"]) == ("owner/name", COMMIT, ["main"])
    assert snapshot["files"].keys() == NEEDED.keys()
    kept = snapshot["files"][SAFE]
    assert kept == {
        "size": len(WEIGHTS),
        "checksum": f"sha256:{blob(here).name}",
        "mtime_ns": blob(here).stat().st_mtime_ns,
    }
    assert snapshot["files"]["config.json"]["checksum"].startswith("git:")


def test_pickled_weights_only_on_request(publish: Publish, hub: Any) -> None:
    publish(PICKLED)
    with pytest.raises(GnerBenchError, match=r"holds only pickled weights, which can run code .* --allow-pickle"):
        list_files("owner/name", "main")
    fetched = fetch_checkpoint("owner/name", COMMIT, allow_pickle=True)
    assert {path.name for path in fetched.folder.iterdir()} == PICKLED.keys() - {"training_args.bin"}
    with pytest.raises(GnerBenchError, match="--allow-pickle"):
        fetch_checkpoint("owner/name", COMMIT)


def test_no_weights_at_all(publish: Publish) -> None:
    publish({"config.json": b"{}"})
    with pytest.raises(GnerBenchError, match="owner/name: holds no weights"):
        fetch_checkpoint("owner/name", None)


def test_a_cut_download_is_continued(publish: Publish, hub: Any, fault: Any) -> None:
    publish(NEEDED)
    hub.fault(CDN, fault(cut=100_000), *[fault(cut=0)] * (ATTEMPTS - 1))
    with pytest.raises(GnerBenchError, match="broke off"):
        fetch_checkpoint("owner/name", None)
    assert find_checkpoint("owner/name", None) is None
    hub.requests.clear()
    fetched = fetch_checkpoint("owner/name", None)
    assert [request.range for request in hub.gets(CDN)] == ["bytes=100000-"]
    assert (fetched.folder / SAFE).read_bytes() == WEIGHTS


def test_wrong_bytes_are_never_taken(publish: Publish, hub: Any, fault: Any, cache: Path) -> None:
    publish(NEEDED)
    hub.fault(CDN, *[fault(content=b"x" + WEIGHTS[1:])] * 2)
    for _ in range(2):
        with pytest.raises(IntegrityError, match=rf"{SAFE}: expected sha256:.*, found sha256:") as caught:
            fetch_checkpoint("owner/name", None)
        assert caught.value.exit_code == 5
        assert find_checkpoint("owner/name", None) is None
        assert not [path for path in cache.rglob("*") if path.is_file() and path.stat().st_size == len(WEIGHTS)]
    fetch_checkpoint("owner/name", None)
    assert find_checkpoint("owner/name", None)


def test_a_pinned_commit_needs_no_network(here: Snapshot, hub: Any) -> None:
    assert fetch_checkpoint("owner/name", COMMIT) == here
    assert find_checkpoint("owner/name", COMMIT) == here
    assert hub.requests == []


def test_a_branch_is_looked_up_but_not_read_again(here: Snapshot, hub: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gner_bench.fetch.http.matches", lambda *_: pytest.fail("read again"))
    assert fetch_checkpoint("owner/name", "main") == here
    assert [request.path for request in hub.requests] == ["/api/models/owner/name/revision/main"]


def test_another_name_of_a_commit_is_only_recorded(here: Snapshot, hub: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.repos["owner/name"].branches = ("main", "v1")
    monkeypatch.setattr("gner_bench.fetch.http.matches", lambda *_: pytest.fail("read again"))
    assert fetch_checkpoint("owner/name", "v1") == here
    assert find_checkpoint("owner/name", "v1") == find_checkpoint("owner/name", "main") == here
    assert len(hub.requests) == 1


def test_a_branch_is_known_without_network(here: Snapshot, hub: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert fetch_checkpoint("owner/name", "main", offline=True) == here
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert fetch_checkpoint("owner/name", None) == here
    monkeypatch.delenv("HF_HUB_OFFLINE")
    hub.stop()
    assert fetch_checkpoint("owner/name", None) == here
    assert hub.requests == []
    with pytest.raises(UnreachableError):
        fetch_checkpoint("owner/name", None, force=True)
    assert find_checkpoint("owner/name", None) == here


def test_a_branch_that_moved(here: Snapshot, publish: Publish, hub: Any) -> None:
    repo = publish({"config.json": b'{"new": 1}'}, commit=40 * "1")
    fetched = fetch_checkpoint("owner/name", None)
    assert fetched.commit == repo.commit
    assert hub.gets(CDN) == []
    assert (fetched.folder / SAFE).read_bytes() == WEIGHTS
    assert find_checkpoint("owner/name", COMMIT) is None
    assert find_checkpoint("owner/name", "main") == fetched


def test_a_pinned_commit_outlives_its_branch(here: Snapshot, publish: Publish) -> None:
    fetch_checkpoint("owner/name", COMMIT, force=True)
    publish({"config.json": b'{"new": 1}'}, commit=40 * "1")
    fetch_checkpoint("owner/name", None)
    assert find_checkpoint("owner/name", COMMIT) == here


@pytest.mark.parametrize("offline", [True, False])
def test_nothing_there_and_no_network(cache: Path, hub: Any, offline: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.stop()
    monkeypatch.setattr("gner_bench.fetch.hub.backoff", lambda *_: pytest.fail("waits for another attempt"))
    with pytest.raises(UnreachableError, match="owner/name: "):
        fetch_checkpoint("owner/name", None, offline=offline)
    assert not cache.exists()


def test_hub_offline_mode_of_huggingface_hub(hub: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(UnreachableError, match="switched off"):
        list_files("owner/name", "main")


def test_a_missing_file_is_noticed(here: Snapshot) -> None:
    blob(here, "config.json").unlink()
    with pytest.raises(IntegrityError, match=r"config\.json: is missing; run: gner-bench download owner/name --force"):
        find_checkpoint("owner/name", None)


def test_a_cut_file_is_noticed(here: Snapshot) -> None:
    os.truncate(blob(here), 1000)
    with pytest.raises(IntegrityError, match="has 1,000 bytes instead of 300,000") as caught:
        find_checkpoint("owner/name", None)
    assert caught.value.exit_code == 5
    with pytest.raises(IntegrityError, match="has 1,000 bytes"):
        fetch_checkpoint("owner/name", None, offline=True)


def test_an_altered_file_is_noticed_and_replaced(here: Snapshot, hub: Any) -> None:
    alter(blob(here))
    with pytest.raises(IntegrityError, match=r"model\.safetensors: was altered \(not sha256:"):
        find_checkpoint("owner/name", None)
    assert fetch_checkpoint("owner/name", COMMIT) == here
    assert (here.folder / SAFE).read_bytes() == WEIGHTS
    assert find_checkpoint("owner/name", None) == here
    assert {request.path for request in hub.requests if "resolve" in request.path} == {
        f"/owner/name/resolve/{COMMIT}/{SAFE}"
    }


def test_a_touched_file_is_read_once(here: Snapshot, monkeypatch: pytest.MonkeyPatch) -> None:
    os.utime(blob(here), ns=(1, 1))
    assert find_checkpoint("owner/name", None) == here
    monkeypatch.setattr("gner_bench.fetch.manifest.matches", lambda *_: pytest.fail("read again"))
    assert find_checkpoint("owner/name", None) == here


def test_force_fetches_everything_again(here: Snapshot, hub: Any) -> None:
    assert fetch_checkpoint("owner/name", COMMIT, force=True) == here
    assert len(hub.gets(CDN)) == 1
    assert find_checkpoint("owner/name", None) == here


def test_a_damaged_manifest_is_told(here: Snapshot, cache: Path) -> None:
    (cache / "hub/models--owner--name/gner-bench.json").write_text('{"snapshots": [1]}')
    with pytest.raises(IntegrityError, match=r"gner-bench\.json: cannot be read"):
        find_checkpoint("owner/name", None)
    assert fetch_checkpoint("owner/name", None) == here
    assert find_checkpoint("owner/name", None) == here


def test_a_file_system_without_symbolic_links(publish: Publish, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError("not here")

    publish(NEEDED)
    monkeypatch.setattr(Path, "symlink_to", refuse)
    fetched = fetch_checkpoint("owner/name", None)
    assert fetch_checkpoint("owner/name", None, force=True) == fetched
    assert find_checkpoint("owner/name", None) == fetched
    assert {path.name: path.read_bytes() for path in fetched.folder.iterdir()} == NEEDED


def test_unknown_names(hub: Any, publish: Publish) -> None:
    with pytest.raises(GnerBenchError, match=r"^owner/none: is not on the hub \(http://127.*\), or private$"):
        fetch_checkpoint("owner/none", None)
    publish(NEEDED)
    with pytest.raises(GnerBenchError, match=r"^owner/name: has no revision 'v2'$"):
        fetch_checkpoint("owner/name", "v2")
    for bad in ("../name", "a/b/c", "", "owner/.."):
        with pytest.raises(GnerBenchError, match="is not a hub id"):
            fetch_checkpoint(bad, None)


def test_a_gated_checkpoint(publish: Publish, hub: Any, fault: Any) -> None:
    publish(NEEDED)
    hub.fault(API, fault(status=403, headers={"X-Error-Code": "GatedRepo"}))
    with pytest.raises(GnerBenchError, match=r"^owner/name: is gated; ask for access at http.* and set HF_TOKEN$"):
        fetch_checkpoint("owner/name", None)


def test_a_busy_hub_is_asked_again(publish: Publish, hub: Any, fault: Any) -> None:
    publish(NEEDED)
    hub.fault(API, fault(status=429, headers={"Retry-After": "60"}), fault(status=503), fault(cut=5))
    hub.fault(CDN, fault(status=500), fault(status=429))
    assert fetch_checkpoint("owner/name", None).commit == COMMIT


def test_a_hub_that_stays_busy(publish: Publish, hub: Any, fault: Any) -> None:
    publish(NEEDED)
    hub.fault(API, *[fault(status=500)] * ATTEMPTS)
    with pytest.raises(GnerBenchError, match=r"^owner/name: the hub answers .*500") as caught:
        fetch_checkpoint("owner/name", None)
    assert "\n" not in str(caught.value)


def test_a_hub_without_checksums(monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub.hf_api import ModelInfo

    answer = {"id": "owner/name", "sha": COMMIT, "siblings": [{"rfilename": SAFE}]}
    monkeypatch.setattr("huggingface_hub.HfApi.model_info", lambda *_, **__: ModelInfo(**answer))
    with pytest.raises(GnerBenchError, match=r"the hub gives no checksum for model\.safetensors"):
        list_files("owner/name", "main")


def test_no_room(publish: Publish, hub: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(NEEDED)
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"free": 1000}))
    with pytest.raises(GnerBenchError, match=r"^needs 300\.0 kB, 1\.0 kB free in "):
        fetch_checkpoint("owner/name", None)
    assert len(hub.requests) == 1


def test_a_disk_that_fails_is_one_line(publish: Publish, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, *_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(self))

    publish(NEEDED)
    monkeypatch.setattr(Path, "symlink_to", refuse)
    monkeypatch.setattr(Path, "hardlink_to", refuse)
    with pytest.raises(GnerBenchError, match=r"^/.*: No space left on device$"):
        fetch_checkpoint("owner/name", None)


def test_the_token_stays_with_the_hub(publish: Publish, hub: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(NEEDED)
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    hub.cdn = hub.url.replace("127.0.0.1", "localhost")
    fetch_checkpoint("owner/name", None)
    assert {r.headers.get("authorization") for r in hub.requests if r.path.startswith("/owner")} == {"Bearer hf_secret"}
    assert {request.headers.get("authorization") for request in hub.requests if request.path.startswith("/cdn")} == {
        None
    }


PROCESS = """
import sys
from gner_bench.fetch.checkpoint import fetch_checkpoint
print(fetch_checkpoint("owner/name", None).commit)
"""


def test_two_processes_by_hf_endpoint(publish: Publish, hub: Any, fault: Any, cache: Path) -> None:
    publish(NEEDED)
    hub.fault(CDN, fault(hold=0.5))
    environment = {**os.environ, "HF_ENDPOINT": hub.url, "HF_HOME": str(cache / "huggingface")}
    started = [
        subprocess.Popen([sys.executable, "-c", PROCESS], env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    assert [process.communicate()[0] for process in started] == [f"{COMMIT}\n"] * 2
    assert len(hub.gets(CDN)) == 1
    assert find_checkpoint("owner/name", None)
