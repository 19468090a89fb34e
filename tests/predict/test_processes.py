from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
import torch
from accelerate.commands.launch import main as accelerate
from click.testing import CliRunner

from gner_bench.cli import main
from gner_bench.demo import CHECKPOINT, CORPUS
from gner_bench.errors import UsageError
from gner_bench.predict.options import Shard
from gner_bench.predict.processes import is_first, own_device, own_shard

from ..forked import Forked

ARGUMENTS = ["--model", str(CHECKPOINT), "--data", str(CORPUS), "--datasets", "mit-movie", "--limit", "9"]
ARGUMENTS += ["--batch-size", "2", "--device", "cpu"]


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("WORLD_SIZE", "RANK", "LOCAL_RANK", "ACCELERATE_USE_CPU"):
        monkeypatch.delenv(variable, raising=False)


def test_a_process_alone_takes_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    assert own_shard() is None
    monkeypatch.setenv("WORLD_SIZE", "1")
    assert own_shard() is None
    assert is_first()
    assert own_device("auto") == "auto"


def test_each_process_takes_its_shard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "4")
    monkeypatch.setenv("RANK", "2")
    assert own_shard() == Shard(3, 4)
    assert not is_first()


@pytest.mark.parametrize(("size", "rank"), [("two", "0"), ("2", "2")])
def test_a_broken_environment_is_one_line(monkeypatch: pytest.MonkeyPatch, size: str, rank: str) -> None:
    monkeypatch.setenv("WORLD_SIZE", size)
    monkeypatch.setenv("RANK", rank)
    with pytest.raises(UsageError, match="WORLD_SIZE"):
        own_shard()


def test_each_process_takes_its_own_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCAL_RANK", "3")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert own_device("auto") == "cuda:1"
    assert own_device("cpu") == "cpu"
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    assert own_device("auto") == "auto"
    monkeypatch.setenv("ACCELERATE_USE_CPU", "True")
    assert own_device("auto") == "cpu"


def test_two_processes_write_what_one_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`accelerate launch` starts several processes with --multi_gpu alone; --device cpu is ours."""
    one = CliRunner().invoke(main, ["predict", *ARGUMENTS, "--out", str(tmp_path / "one")])
    launch = ["accelerate launch", "--multi_gpu", "--num_processes", "2", "--num_machines", "1"]
    launch += ["--mixed_precision", "no", "--main_process_port", "0", "-m", "gner_bench"]
    monkeypatch.setattr(sys, "argv", [*launch, "predict", *ARGUMENTS, "--out", str(tmp_path / "two")])
    two = Forked(accelerate, tmp_path / "said.txt").end()
    for folder, (code, said) in {"one": (one.exit_code, one.output), "two": two}.items():
        assert code == 0, said
        assert str(tmp_path / folder / "predictions.jsonl") in said.splitlines()
    written = [(tmp_path / folder / "predictions.jsonl").read_bytes() for folder in ("one", "two")]
    assert written[0] == written[1]
    document = json.loads((tmp_path / "two/run.json").read_text(encoding="utf-8"))
    assert (document["status"], [shard["sentences"] for shard in document["shards"]]) == ("done", [5, 4])
