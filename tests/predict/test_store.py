from __future__ import annotations

import os
from pathlib import Path

import pytest

from gner_bench.errors import InputError
from gner_bench.predict import store
from gner_bench.predict.plan import Asking, Task, plan, prompt_hash

from .echo import echo_backend, echo_data


@pytest.fixture
def tasks() -> list[Task]:
    return [task for dataset in echo_data(9) for task in plan(dataset, "file", 0, Asking())]


@pytest.fixture
def path(tmp_path: Path, tasks: list[Task]) -> Path:
    """A file of all tasks in some order."""
    with store.appending(tmp_path / "predictions.jsonl") as append:
        for task, generation in echo_backend().decode(tasks):
            append(task.record(generation.text, generation.noted()))
    return tmp_path / "predictions.jsonl"


def test_a_file_cut_at_any_byte_keeps_its_whole_lines(path: Path, tasks: list[Task]) -> None:
    content = path.read_bytes()
    for end in [*range(0, len(content), 97), len(content) - 1, len(content)]:
        path.write_bytes(content[:end])
        whole = content[:end].count(b"\n")
        assert len(store.recover(path, tasks)[0]) == whole
        assert path.read_bytes() == b"".join(content.splitlines(keepends=True)[:whole])


def test_a_cut_line_may_be_long(path: Path, tasks: list[Task]) -> None:
    content = path.read_bytes()
    path.write_bytes(content + b"x" * 3 * store.BLOCK)
    assert len(store.recover(path, tasks)[0]) == len(tasks)
    assert path.read_bytes() == content
    path.write_bytes(b"x" * 2 * store.BLOCK)
    assert store.recover(path, tasks)[0] == set()
    assert path.read_bytes() == b""


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b'{"dataset": "one", "split"\n', "line 3: is not JSON (a line cut short?)"),
        (b"[1]\n", "line 3: expected a JSON object"),
        (b'{"dataset": "one"}\n', "line 3: is not a line that predict wrote; choose another --out"),
        (b"\xff\n", "line 3: is not UTF-8 text"),
    ],
)
def test_a_damaged_line_is_named(path: Path, tasks: list[Task], line: bytes, said: str) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:2], line, *lines[2:]]))
    with pytest.raises(InputError) as caught:
        store.recover(path, tasks)
    assert said in str(caught.value)


def test_another_prompt_is_another_run(path: Path, tasks: list[Task]) -> None:
    llama = [Task(task.dataset, task.split, task.types, task.sentence, Asking(wrapping="inst")) for task in tasks]
    with pytest.raises(InputError, match=r"line 1: holds .* of another run; choose another --out"):
        store.recover(path, llama)


def test_order_comes_from_the_tasks_and_doubles_go(path: Path, tasks: list[Task]) -> None:
    path.write_bytes(path.read_bytes() * 2)
    cut = store.put_in_order(path, tasks).cut
    assert [line.key for line in store.read_lines(path)] == [task.key for task in tasks]
    assert cut == {"length": 2, "input_cut": 2}


def test_a_file_in_order_is_not_written_again(path: Path, tasks: list[Task]) -> None:
    store.put_in_order(path, tasks)
    before = path.stat().st_ino
    store.put_in_order(path, tasks)
    assert path.stat().st_ino == before


def test_an_interrupted_ordering_leaves_the_file(
    path: Path, tasks: list[Task], monkeypatch: pytest.MonkeyPatch
) -> None:
    content = path.read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InputError, match="the disk is full"):
        store.put_in_order(path, tasks)
    assert path.read_bytes() == content
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_lines_get_to_the_disk_while_the_run_goes_on(
    tmp_path: Path, tasks: list[Task], monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    monkeypatch.setattr(store, "SYNC_SECONDS", 0.0)
    monkeypatch.setattr(os, "fsync", synced.append)
    with store.appending(tmp_path / "file") as append:
        for task in tasks[:3]:
            append(task.record("", {}))
        assert (tmp_path / "file").read_bytes().count(b"\n") == len(synced) == 3


def test_the_prompt_hash_does_not_depend_on_the_order(tasks: list[Task]) -> None:
    prompts = [task.prompt for task in tasks]
    assert prompt_hash(prompts) == prompt_hash(reversed(prompts)) != prompt_hash(prompts[1:])
