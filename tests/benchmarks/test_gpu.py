"""benchmarks/gpu.py from end to end on the CPU with tiny shapes."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import gpu
import pytest

from gner_bench.predict.decode.graphs import most_graphs
from gner_bench.predict.memory import memory_of, most_rows
from tests.conftest import build_record

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As ../shared, with three short outputs; a study whose floors are round."""
    folder = tmp_path_factory.mktemp("shared")
    (folder / "tokenizers").symlink_to(shared / "tokenizers")
    (folder / "predictions").mkdir()
    records = [build_record(dataset=name) for name in ("news", "film", "law")]
    lines = "".join(json.dumps(record) + "\n" for record in records)
    (folder / gpu.PREDICTIONS).write_text(lines, encoding="utf-8")
    (folder / "reference").mkdir()
    study = "| model | AR B=64 | draft cap 32, B=64 |\n| --- | --- | --- |\n| T5-tiny | 0.5 | 0.25 (2.0x) |\n"
    (folder / "reference/decoding_study.md").write_text(study, encoding="utf-8")
    return folder


@pytest.fixture
def measure(folder: Path, tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Runs the script; returns the measurements of its file."""

    def run(*words: str, shapes: str = "t5-tiny") -> dict[str, Any]:
        given = ["--shared", str(folder), "--out", str(tmp_path), "--device", "cpu", "--shapes", shapes]
        gpu.main([*given, "--rows", "1", "--batches", "2", "--seconds", "0.001", "--sentences", "1", *words])
        document: dict[str, Any] = json.loads((tmp_path / "gpu.json").read_text(encoding="utf-8"))
        return document["measurements"]

    return run


@dataclass
class Faked:
    """Measurements that take no time: ``made`` are the keys of those that were begun, ``before`` is called first."""

    made: list[str] = field(default_factory=list)
    before: Callable[[], None] = lambda: None

    def measure(self, bench: gpu.Bench, key: str) -> dict[str, Any]:
        self.made.append(key)
        self.before()
        return {"compared": 1, "what": "tokens", "differ": 0}


@pytest.fixture
def faked(monkeypatch: pytest.MonkeyPatch) -> Faked:
    fake, original = Faked(), gpu.measurements

    def measurements(options: Any) -> list[gpu.Measurement]:
        return [replace(entry, make=partial(fake.measure, key=entry.key)) for entry in original(options)]

    monkeypatch.setattr(gpu, "measurements", measurements)
    return fake


def test_every_branch_on_the_cpu(
    measure: Callable[..., dict[str, Any]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    done = measure(shapes="t5-tiny,llama-tiny")
    assert [entry.get("failure") for entry in done.values()] == [None] * 13
    compared = [entry for entry in done.values() if "compared" in entry]
    assert [entry["differ"] for entry in compared] == [0] * 7
    rates = [entry for entry in done.values() if "seconds" in entry]
    assert [entry["texts that differ"] for entry in rates] == [0] * 6
    assert [(entry["kind"], entry["rows"]) for entry in rates[:2]] == [("drafted", 1), ("generate", 2)]
    # Drafts of the sentence itself: a sentence takes a few passes, `generate` one for each token of its batch.
    assert rates[0]["passes a sentence"] < rates[1]["passes a sentence"] / 2
    table = capsys.readouterr().out
    assert table == (tmp_path / "gpu.md").read_text(encoding="utf-8")
    row = next(line for line in table.splitlines() if line.startswith("| t5-tiny | drafted | 1 |")).split(" | ")
    assert float(row[9]) == pytest.approx(1000 / rates[0]["sentences/s"] / 0.25, abs=0.06)
    assert "Failed" not in table
    assert "Not measured" not in table


def test_it_goes_on_after_a_kill(measure: Callable[..., dict[str, Any]], faked: Faked) -> None:
    class Killed(BaseException):
        pass

    def kill() -> None:
        if len(faked.made) > 2:
            raise Killed

    faked.before = kill  # the third measurement ends the process, whenever it is made
    for _ in range(2):
        with pytest.raises(Killed):
            measure()
    first, second, third = faked.made[:3]
    assert faked.made == [first, second, third, third]
    faked.before = lambda: None
    done = measure()
    assert done[third]["failure"] == "was killed twice"
    assert len(faked.made) == len(done) + 1
    assert set(faked.made) == set(done)
    measure()
    assert len(faked.made) == len(done) + 1


def test_the_alarm_ends_what_is_under_way() -> None:
    def wait() -> None:
        with gpu.alarm(0.001):
            while True:
                time.sleep(0.001)

    with pytest.raises(gpu.OutOfTime):
        wait()


def test_it_stops_when_its_time_is_over(measure: Callable[..., dict[str, Any]], faked: Faked, tmp_path: Path) -> None:
    def ring() -> None:
        if len(faked.made) == 2:
            raise gpu.OutOfTime

    faked.before = ring
    done = measure()
    first, second = faked.made
    assert ["minutes" in done[first], "minutes" in done[second]] == [True, False]
    table = (tmp_path / "gpu.md").read_text(encoding="utf-8")
    assert f"Not measured; the same command goes on with it:\n\n- {second}\n" in table
    done = measure()
    assert all("minutes" in entry for entry in done.values())
    assert faked.made.count(first) == 1
    assert done[second]["attempts"] == 1


def test_a_failed_measurement_is_told_and_not_made_again(
    measure: Callable[..., dict[str, Any]], faked: Faked, tmp_path: Path
) -> None:
    def fail() -> None:
        if len(faked.made) == 1:
            raise RuntimeError("CUDA error: out of memory\nCompile with TORCH_USE_CUDA_DSA")

    faked.before = fail
    done = measure()
    measure()
    assert len(faked.made) == len(done)
    line = f"- {faked.made[0]}: RuntimeError: CUDA error: out of memory\n"
    assert f"Failed:\n\n{line}" in (tmp_path / "gpu.md").read_text(encoding="utf-8")


def test_other_circumstances_are_refused(measure: Callable[..., dict[str, Any]], faked: Faked) -> None:
    measure()
    with pytest.raises(SystemExit, match=r"gpu\.json was begun with another sentences; take another --out"):
        measure("--sentences", "2")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--shapes", "t5-huge"], "--shapes: no shape t5-huge; there are t5-base"),
        (["--shared", "nowhere"], "nowhere/predictions/gner-t5-base.dev700.jsonl is not there"),
    ],
)
def test_wrong_options_are_one_line(words: Sequence[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        gpu.main(words)
    assert ended.value.code == 2
    assert said in capsys.readouterr().err.splitlines()[-1]


def test_the_table_of_memory(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Flan-T5-base has 247,577,856 parameters with its own head; a token has keys and values of 12 layers of 768."""
    monkeypatch.setattr(gpu, "SHAPES", ("t5-base",))
    gpu.main(["--memory-table"])
    bf16 = capsys.readouterr().out.splitlines()[2].split(" | ")
    assert bf16[:4] == ["| t5-base", "bf16", "0.5", "47"]  # 1,280 tokens of 2 * 12 * 768 * 2 bytes
    shape = {"layers": 12, "heads": 12, "kv_heads": 12, "head_size": 64, "width": 768, "inner": 2048}
    more = {"vocabulary": 32128, "encoder_decoder": True, "parameters": 247_577_856, "itemsize": 2}
    one = memory_of(rows=1, source=640, output=640, tokens=2, graphs=0, **shape, **more)
    free = int(24e9 - gpu.RESERVED - one.weights)
    assert bf16[4] == str(most_rows(free, 640, 640, graphs=most_graphs(256, 1280), **shape, **more))


def test_the_floors_are_those_of_the_study(shared: Path, tmp_path: Path) -> None:
    floors = gpu.floors(shared / "reference/decoding_study.md")
    assert set(floors) == set(gpu.SHAPES)
    assert (floors["t5-xxl"][gpu.PLAIN_FLOOR], floors["t5-xxl"][gpu.DRAFT_FLOOR]) == (13.1, 5.65)
    assert (floors["llama-7b"][gpu.PLAIN_FLOOR], floors["t5-base"][gpu.DRAFT_FLOOR]) == (15.9, 0.12)
    assert gpu.floors(tmp_path / "none.md") == {}
