from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from gner_bench.fetch import checksum
from gner_bench.fetch.checksum import checksum_of, matches

EMPTY_SHA256 = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
EMPTY_GIT = "git:e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"


def test_the_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "empty"
    path.touch()
    assert (checksum_of(path, "sha256"), checksum_of(path, "git")) == (EMPTY_SHA256, EMPTY_GIT)
    assert matches(path, EMPTY_GIT)


def test_pieces_are_put_together_as_git_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(range(256)) * 5)
    monkeypatch.setattr(checksum, "CHUNK", 100)
    told = subprocess.run(["git", "hash-object", path], capture_output=True, text=True, check=True).stdout.strip()
    assert checksum_of(path, "git") == f"git:{told}"
    assert not matches(path, EMPTY_SHA256)


@pytest.mark.parametrize(
    "bad", ["", "abc", "md5:" + 32 * "0", "git:" + 64 * "0", "sha256:" + 64 * "G", EMPTY_GIT + "\n"]
)
def test_malformed_checksums_are_refused(bad: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not a checksum"):
        matches(tmp_path, bad)
