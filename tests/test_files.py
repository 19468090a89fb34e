from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Iterable
from fcntl import LOCK_EX, flock
from io import FileIO
from pathlib import Path
from typing import IO, Any, cast

import pytest

from gner_bench.errors import InputError
from gner_bench.files import NamedPath, make_folder, named_path, write_atomic, write_json
from gner_bench.predict.store import appending, replacing

OPEN = Path.open
ROOT = Path(__file__).parents[1]


class _Full(FileIO):
    """A file on a disk that is full after half of what is written."""

    def writelines(self, lines: Iterable[Any]) -> None:
        for line in lines:
            self.write(line[: len(line) // 2])
            raise OSError(errno.ENOSPC, "No space left on device")


def _half_written(path: Path, mode: str = "r", **options: Any) -> IO[Any]:
    return cast(IO[Any], _Full(path, mode)) if path.suffix == ".tmp" else OPEN(path, mode, **options)


def _not_renamed(path: Path, target: Path) -> Path:
    raise OSError(errno.EIO, "Input/output error")


@pytest.fixture(params=[("open", _half_written), ("replace", _not_renamed)], ids=["write", "rename"])
def failing_disk(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, *request.param)


@pytest.mark.parametrize(("data", "content"), [("Zoë\r\n", "Zoë\r\n".encode()), (b"\x00\xff", b"\x00\xff")])
def test_text_and_bytes_are_written_as_they_are(tmp_path: Path, data: str | bytes, content: bytes) -> None:
    write_atomic(tmp_path / "a", data)
    assert (tmp_path / "a").read_bytes() == content


def test_writing_replaces_what_was_there_and_leaves_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("old and longer")
    write_atomic(tmp_path / "a", "new")
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"a": "new"}


def test_what_a_killed_process_left_is_removed_and_what_another_writes_is_not(tmp_path: Path) -> None:
    killed = "import os; from pathlib import Path; from gner_bench.files import replacement\n"
    killed += "with replacement(Path('a')) as file: file.write(b'half'); file.flush(); os.kill(os.getpid(), 9)"
    subprocess.run([sys.executable, "-c", killed], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)})
    (left,) = tmp_path.iterdir()
    assert (left.read_bytes(), left.name.endswith(".tmp")) == (b"half", True)
    others = [tmp_path / name for name in (".b.1.tmp", ".a.tmp", "a.1.tmp")]
    for path in others:
        path.write_text("of another file")
    with (tmp_path / ".a.1.tmp").open("wb") as writing:
        flock(writing, LOCK_EX)
        write_atomic(tmp_path / "a", "new")
        assert sorted(tmp_path.iterdir()) == sorted([*others, tmp_path / ".a.1.tmp", tmp_path / "a"])
    write_atomic(tmp_path / "a", "newer")
    assert sorted(tmp_path.iterdir()) == sorted([*others, tmp_path / "a"])


def test_missing_folders_are_made(tmp_path: Path) -> None:
    write_atomic(tmp_path / "x" / "y" / "a", "new")
    assert (tmp_path / "x" / "y" / "a").read_text() == "new"


@pytest.mark.usefixtures("failing_disk")
def test_when_writing_fails_the_old_content_stays_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("old")
    with pytest.raises(InputError, match=rf"^{tmp_path / 'a'}: cannot be written"):
        write_atomic(tmp_path / "a", "new content")
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"a": "old"}


def test_a_folder_in_place_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with pytest.raises(InputError, match=rf"^{tmp_path / 'a'}: cannot be written"):
        write_atomic(tmp_path / "a", "new")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


@pytest.mark.parametrize("below", ["file", "file/folder"])
def test_a_file_in_place_of_the_folder(tmp_path: Path, below: str) -> None:
    (tmp_path / "file").write_text("old")
    with pytest.raises(InputError, match=rf"^{tmp_path / below}: cannot write to this folder"):
        write_atomic(tmp_path / below / "a", "new")
    assert (tmp_path / "file").read_text() == "old"


@pytest.mark.parametrize("path", [".", "/"])
def test_a_path_without_a_name_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="cannot be written"):
        write_atomic(Path(path), "new")


def test_a_name_too_long_for_the_disk_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be written"):
        write_atomic(tmp_path / ("a" * 300), "new")


def test_making_a_folder_makes_its_parents_and_keeps_what_is_there(tmp_path: Path) -> None:
    folder = tmp_path / "x" / "y"
    assert make_folder(folder) == folder
    (folder / "a").write_text("old")
    assert make_folder(folder) == folder
    assert (folder / "a").read_text() == "old"


@pytest.mark.parametrize("below", ["file", "file/folder"])
def test_a_folder_cannot_be_made_where_a_file_stands(tmp_path: Path, below: str) -> None:
    (tmp_path / "file").write_text("old")
    with pytest.raises(InputError, match=rf"^{tmp_path / below}: cannot write to this folder \("):
        make_folder(tmp_path / below)


def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.access", lambda path, mode: False)
    with pytest.raises(InputError, match=r"cannot write to this folder \(not writable\)"):
        make_folder(tmp_path)


@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o027, 0o640), (0o077, 0o600), (0o002, 0o664)])
def test_files_have_the_mode_that_the_umask_gives(tmp_path: Path, mask: int, mode: int) -> None:
    """0666 without the bits of the umask, as of any file, though a temporary one is renamed."""
    before = os.umask(mask)
    try:
        write_json(tmp_path / "a.json", {})
        write_atomic(tmp_path / "b", "text")
        with replacing(tmp_path / "c") as file:
            file.write(b"")
        with appending(tmp_path / "d"):
            pass
    finally:
        os.umask(before)
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {mode}


@pytest.mark.parametrize(
    ("text", "name", "path"),
    [
        ("there.json", "", "there.json"),
        ("none.json", "", "none.json"),
        ("lr=1/there.json", "", "lr=1/there.json"),
        ("ours=there.json", "ours", "there.json"),
        (" our own =there.json", "our own", "there.json"),
        ("ours=lr=1/there.json", "ours", "lr=1/there.json"),
        ("lr=0.1=there.json", "lr=0.1", "there.json"),
        ("ours=-", "ours", "-"),
        ("ours=none.json", "ours", "none.json"),
        ("a=b=none.json", "a", "b=none.json"),
        ("=there.json", "", "=there.json"),
        (" =there.json", "", " =there.json"),
        ("ours=", "", "ours="),
        ("", "", "."),
    ],
)
def test_a_path_may_have_a_name_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, name: str, path: str
) -> None:
    (tmp_path / "lr=1").mkdir()
    for there in ("there.json", "lr=1/there.json"):
        (tmp_path / there).touch()
    monkeypatch.chdir(tmp_path)
    assert named_path(text) == NamedPath(Path(path), name)
