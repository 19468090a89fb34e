from __future__ import annotations

import subprocess
from pathlib import Path
from threading import Event, Thread

import platformdirs
import pytest

from gner_bench.errors import GnerBenchError
from gner_bench.fetch import home as module
from gner_bench.fetch.home import (
    checksum_of,
    home,
    locked,
    locked_if_free,
    matches,
    offline,
    require_space,
    size_text,
)
from gner_bench.messages import note

EMPTY_SHA256 = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
EMPTY_GIT = "git:e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"


def test_home_is_the_variable_or_the_users_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GNER_BENCH_HOME", "~/elsewhere")
    assert home() == Path.home() / "elsewhere"
    monkeypatch.setenv("GNER_BENCH_HOME", "")
    assert home() == Path(platformdirs.user_cache_dir("gner-bench"))


@pytest.mark.parametrize(("value", "expected"), [("1", True), ("True", True), ("ON", True), ("0", False), ("", False)])
def test_offline_by_variable(value: str, expected: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", value)
    assert offline() is expected
    assert offline(True)


def test_space_is_looked_up_where_the_folder_will_be(tmp_path: Path) -> None:
    require_space(tmp_path / "not" / "yet", 1)
    with pytest.raises(GnerBenchError, match=r"^needs 1000000\.0 TB, .* free in .*yet$"):
        require_space(tmp_path / "not" / "yet", 10**18)


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 bytes"), (999, "999 bytes"), (1000, "1.0 kB"), (999_999, "1.0 MB"), (44_500_000_000, "44.5 GB")],
)
def test_sizes_are_decimal(size: int, text: str) -> None:
    assert size_text(size) == text


def test_the_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "empty"
    path.touch()
    assert (checksum_of(path, "sha256"), checksum_of(path, "git")) == (EMPTY_SHA256, EMPTY_GIT)
    assert matches(path, EMPTY_GIT)


def test_pieces_are_put_together_as_git_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(range(256)) * 5)
    monkeypatch.setattr(module, "CHUNK", 100)
    printed = subprocess.run(["git", "hash-object", path], capture_output=True, text=True, check=True).stdout.strip()
    assert checksum_of(path, "git") == f"git:{printed}"
    assert not matches(path, EMPTY_SHA256)


@pytest.mark.parametrize(
    "bad", ["", "abc", "md5:" + 32 * "0", "git:" + 64 * "0", "sha256:" + 64 * "G", EMPTY_GIT + "\n"]
)
def test_malformed_checksums_are_refused(bad: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not a checksum"):
        matches(tmp_path, bad)


def test_a_long_wait_is_announced(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, held, announced = tmp_path / "folder" / "lock", Event(), Event()
    monkeypatch.setattr(module, "SILENT_SECONDS", 0.05)

    def noting(message: str) -> None:
        note(message)
        announced.set()

    monkeypatch.setattr(module, "note", noting)

    def hold() -> None:
        with locked(path):
            held.set()
            announced.wait()

    other = Thread(target=hold, daemon=True)
    other.start()
    held.wait()
    with locked_if_free(path) as free:
        assert not free
    with locked(path):
        assert capsys.readouterr().err == f"waiting for another process, which holds {path}\n"
    other.join()
    with locked_if_free(path) as free:
        assert free
