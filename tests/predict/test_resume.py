"""Runs that are killed and interrupted at any moment, as processes of their own."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from gner_bench.cli import main
from gner_bench.demo import CHECKPOINT, CORPUS
from gner_bench.predict import engine
from gner_bench.predict.options import Options

from ..forked import Forked
from . import echo

KILLS = 20
SEED = int(os.environ.get("GNER_BENCH_KILL_SEED", "0"))
SENTENCES = 1200
PREDICT = ["predict", "--model", str(CHECKPOINT), "--data", str(CORPUS)]
Start = Callable[..., Forked]


@pytest.fixture
def start(tmp_path: Path) -> Start:
    """Calls a function in a process of its own."""
    return lambda call, *arguments: Forked(partial(call, *arguments), tmp_path / "said.txt")


def finish(process: Forked) -> None:
    code, said = process.end()
    assert code == 0, said


def lines(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.exists() else 0


def wait_for_lines(process: Forked, path: Path, count: int) -> None:
    while process.runs() and lines(path) < count:
        time.sleep(0.002)


def test_a_run_killed_at_random_moments_ends_with_the_uninterrupted_file(tmp_path: Path, start: Start) -> None:
    moments = random.Random(SEED)
    data = echo.echo_data(SENTENCES)
    whole = engine.predict(echo.echo_backend(), data, Options(None, tmp_path / "whole"))
    path = tmp_path / "cut/predictions.jsonl"

    def predict() -> None:
        random.seed()  # sentences come in another order each time, which a fork alone does not give
        engine.predict(echo.echo_backend(0.001), data, Options(None, path.parent))

    before = []
    for _ in range(KILLS):
        before.append(lines(path))
        process = start(predict)
        wait_for_lines(process, path, before[-1] + moments.randrange(100))
        time.sleep(moments.random() * 0.01)
        process.send(signal.SIGKILL)
        process.end()
    assert len(set(before)) > KILLS / 2
    assert before[-1] < 2 * SENTENCES
    assert json.loads((tmp_path / "cut/run.json").read_text(encoding="utf-8"))["status"] == "running"
    finish(start(predict))
    assert path.read_bytes() == whole.read_bytes()
    assert not list(path.parent.glob("*.tmp"))


def test_a_killed_checkpoint_continues_to_the_same_file(tmp_path: Path, start: Start) -> None:
    command = (*PREDICT, "--datasets", "mit-movie", "--batch-size", "4", "--out")
    finish(start(main, [*command, str(tmp_path / "whole")]))
    process = start(main, [*command, str(tmp_path / "cut")])
    wait_for_lines(process, tmp_path / "cut/predictions.jsonl", 8)
    process.send(signal.SIGKILL)
    process.end()
    assert json.loads((tmp_path / "cut/run.json").read_text(encoding="utf-8"))["status"] == "running"
    finish(start(main, [*command, str(tmp_path / "cut")]))
    written = [(tmp_path / name / "predictions.jsonl").read_bytes() for name in ("whole", "cut")]
    assert written[0] == written[1]


@pytest.mark.parametrize("times", [1, 2])
def test_ctrl_c_is_one_line_and_keeps_what_is_finished(tmp_path: Path, start: Start, times: int) -> None:
    arguments = [*PREDICT, "--datasets", "mit-movie,crossner_ai", "--batch-size", "2", "--out", str(tmp_path)]
    process = start(main, arguments)
    path = tmp_path / "predictions.jsonl"
    wait_for_lines(process, path, 4)
    for _ in range(times):
        process.send(signal.SIGINT)
        time.sleep(0.002)
    code, said = process.end()
    assert code in ((130,) if times == 1 else (130, -signal.SIGINT)), said
    assert "Traceback" not in said
    assert path.read_bytes().endswith(b"\n")
    assert 4 <= lines(path) < 48
    document = json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))
    if times == 1:
        assert said.splitlines()[-1].startswith("Interrupted: what is finished is in ")
        assert (document["status"], document["sentences_done"]) == ("interrupted", lines(path))
    assert document["status"] in ("running", "interrupted")
