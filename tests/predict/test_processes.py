from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from accelerate.commands.launch import main as accelerate
from click.testing import CliRunner
from torch.distributed.launcher.api import LaunchConfig, elastic_launch

from gner_bench.cli import main
from gner_bench.demo import CHECKPOINT, CORPUS
from gner_bench.errors import UsageError
from gner_bench.predict import processes
from gner_bench.predict.options import Shard
from gner_bench.predict.processes import cores, is_first, own_device, own_shard, use_threads

from ..forked import Forked

ARGUMENTS = ["--model", str(CHECKPOINT), "--data", str(CORPUS), "--datasets", "mit-movie", "--limit", "9"]
ARGUMENTS += ["--batch-size", "2", "--device", "cpu"]


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("WORLD_SIZE", "LOCAL_WORLD_SIZE", "RANK", "LOCAL_RANK", "ACCELERATE_USE_CPU"):
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


def forked(config: LaunchConfig, entrypoint: str) -> Callable[..., Any]:
    """As torchrun starts ``python -u -m gner_bench …``, but forked: to import torch takes each process seconds."""

    def start(*arguments: str) -> Any:
        assert (entrypoint, *arguments[:3]) == (sys.executable, "-u", "-m", "gner_bench")
        return elastic_launch(replace(config, start_method="fork"), command)(*arguments[3:])

    def command(*arguments: str) -> None:
        main(arguments, standalone_mode=False)

    return start


def test_two_processes_write_what_one_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`accelerate launch` starts several processes with --multi_gpu alone; --device cpu is ours."""
    monkeypatch.setattr("torch.distributed.run.elastic_launch", forked)
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


@pytest.fixture
def cores_of(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., int]:
    """How many cores a process sees of a machine with 16, of which its control groups grant it a part."""

    def seen(line: str, files: dict[str, str]) -> int:
        monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(16)), raising=False)
        monkeypatch.setattr("gner_bench.predict.processes.CGROUPS", tmp_path)
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text, encoding="utf-8")
        read = Path.read_text
        groups = Path("/proc/self/cgroup")
        monkeypatch.setattr(Path, "read_text", lambda path, **how: line if path == groups else read(path, **how))
        return cores()

    return seen


V1 = "5:memory:/x\n4:cpuacct,cpu:/docker/1\n"


@pytest.mark.parametrize(
    ("line", "files", "count"),
    [
        ("0::/\n", {}, 16),
        ("0::/\n", {"cpu.max": "max 100000\n"}, 16),
        ("0::/\n", {"cpu.max": "250000 100000\n"}, 2),  # two and a half
        ("0::/\n", {"cpu.max": "50000 100000\n"}, 1),  # a half
        ("0::/jobs/7\n", {"jobs/cpu.max": "400000 100000\n", "jobs/7/cpu.max": "max 100000\n"}, 4),
        ("0::/gone/7\n", {"cpu.max": "300000 100000\n"}, 3),  # a container sees its own group as the root
        (V1, {"cpu/cpu.cfs_quota_us": "600000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 6),
        (V1, {"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, 16),
        ("0::/\n", {"cpu.max": "nonsense"}, 16),
        ("nonsense\n", {}, 16),
        ("0::/\n", {"cpu.max": "9900000 100000\n"}, 16),
    ],
)
def test_cores_are_those_that_the_process_may_use(
    cores_of: Callable[..., int], line: str, files: dict[str, str], count: int
) -> None:
    assert cores_of(line, files) == count


def test_processes_of_one_launch_share_the_cores(cores_of: Callable[..., int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "32")  # on four machines
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "5")
    assert cores_of("0::/\n", {}) == 3
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "99")
    assert cores_of("0::/\n", {}) == 1


@pytest.fixture
def threads(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Puts everything that threads are asked of back, as the first process of a command finds it."""
    before = torch.get_num_threads()
    for name in ("OMP_WAIT_POLICY", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS"):
        monkeypatch.setenv(name, "")  # to be restored
        monkeypatch.delenv(name)
    processes._usual_threads.cache_clear()
    yield
    processes._usual_threads.cache_clear()
    torch.set_num_threads(before)


@pytest.mark.usefixtures("threads")
def test_threads_are_the_cores_or_what_the_user_has_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "cores", lambda: 2)
    torch.set_num_threads(8)  # what torch takes by itself
    assert use_threads() == torch.get_num_threads() == 2
    assert (os.environ["OMP_WAIT_POLICY"], os.environ["RAYON_NUM_THREADS"]) == ("PASSIVE", "2")
    assert use_threads(3) == torch.get_num_threads() == 3
    assert use_threads() == 2  # as before: the first system of a run does not decide for the next one
    processes._usual_threads.cache_clear()
    monkeypatch.setenv("OMP_NUM_THREADS", "8")  # torch has read it
    monkeypatch.setenv("OMP_WAIT_POLICY", "ACTIVE")
    torch.set_num_threads(8)
    assert use_threads() == 8
    assert os.environ["OMP_WAIT_POLICY"] == "ACTIVE"


@pytest.mark.usefixtures("threads")
def test_predictions_do_not_depend_on_threads(tmp_path: Path) -> None:
    texts = []
    few = ["predict", *ARGUMENTS, "--limit", "3"]
    for threads in ("1", "2"):
        out = tmp_path / threads
        result = CliRunner().invoke(main, [*few, "--out", str(out), "--threads", threads])
        assert result.exit_code == 0, result.stderr
        assert json.loads((out / "run.json").read_text(encoding="utf-8"))["threads"] == int(threads)
        texts.append((out / "predictions.jsonl").read_bytes())
    assert texts[0] == texts[1]
    # Nor do they keep a run from being continued.
    again = ["predict", *ARGUMENTS, "--limit", "4", "--out", str(tmp_path / "1"), "--threads", "2"]
    result = CliRunner().invoke(main, again)
    assert result.exit_code == 0, result.stderr
