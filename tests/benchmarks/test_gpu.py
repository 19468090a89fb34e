"""benchmarks/gpu.py from end to end on the CPU with tiny shapes."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import gpu
import pytest

from gner_bench.predict.memory import memory_of, most_rows
from tests.conftest import build_record

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As ../shared, with three short outputs; a study whose floors are round."""
    folder = tmp_path_factory.mktemp("shared")
    (folder / "tokenizers").symlink_to(shared / "tokenizers")
    (folder / "predictions").mkdir()
    records = [build_record(id=str(place)) for place in range(3)]
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
        gpu.main([*given, "--rows", "1,2", "--batches", "2,3", "--seconds", "0.001", "--sentences", "3", *words])
        document: dict[str, Any] = json.loads((tmp_path / "gpu.json").read_text(encoding="utf-8"))
        return document["measurements"]

    return run


@pytest.fixture
def unmeasured(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Measurements give the same values at once; the list has the keys of those that were made."""
    made: list[str] = []
    original = gpu.measurements

    def measured(key: str) -> dict[str, Any]:
        made.append(key)
        return {"compared": 1, "what": "tokens", "differ": 0}

    def measurements(options: Any) -> list[gpu.Measurement]:
        plain = original(options)
        return [replace(entry, make=lambda bench, key=entry.key: measured(key)) for entry in plain]  # type: ignore[misc]

    monkeypatch.setattr(gpu, "measurements", measurements)
    return made


def test_every_branch_on_the_cpu(
    measure: Callable[..., dict[str, Any]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    done = measure(shapes="t5-tiny,llama-tiny")
    assert [entry.get("failure") for entry in done.values()] == [None] * 19
    compared = [entry for entry in done.values() if "compared" in entry]
    assert [entry["differ"] for entry in compared] == [0] * 7
    rates = [entry for entry in done.values() if "seconds" in entry]
    assert [entry["texts that differ"] for entry in rates] == [0] * 12
    assert [(entry["kind"], entry["rows"]) for entry in rates[:2]] == [("drafted", 1), ("generate", 2)]
    # Drafts of the sentence itself: a sentence takes a few passes, `generate` one for each token of its batch.
    assert rates[0]["passes a sentence"] < rates[1]["passes a sentence"] / 2
    table = capsys.readouterr().out
    assert table == (tmp_path / "gpu.md").read_text(encoding="utf-8")
    row = next(line for line in table.splitlines() if line.startswith("| t5-tiny | drafted | 1 |")).split(" | ")
    assert float(row[9]) == pytest.approx(1000 / rates[0]["sentences/s"] / 0.25, abs=0.06)
    assert "Failed" not in table
    assert "Not measured" not in table


def test_it_goes_on_after_a_kill(
    measure: Callable[..., dict[str, Any]], unmeasured: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    free, kills = gpu.free, [3, 4, 5]  # the third measurement ends the process in the first two runs

    def killed(device: Any) -> None:
        if len(unmeasured) in kills:
            kills.remove(len(unmeasured))
            raise Killed
        free(device)

    monkeypatch.setattr(gpu, "free", killed)
    for _ in range(2):
        with pytest.raises(Killed):
            measure()
    third = unmeasured[2]
    assert unmeasured == [unmeasured[0], unmeasured[1], third, third]
    kills.clear()
    done = measure()
    assert done[third]["failure"] == "was killed twice"
    assert unmeasured.count(third) == 2
    assert len(unmeasured) == len(set(unmeasured)) + 1 == len(done) + 1
    measure()
    assert len(unmeasured) == len(done) + 1


def test_it_stops_when_its_time_is_over(
    measure: Callable[..., dict[str, Any]], unmeasured: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    free = gpu.free

    def hanging(device: Any) -> None:
        while len(unmeasured) == 2:
            time.sleep(0.01)

    monkeypatch.setattr(gpu, "free", hanging)
    done = measure("--minutes", "0.005")
    assert [("minutes" in entry) for entry in done.values()] == [True, False]
    table = (tmp_path / "gpu.md").read_text(encoding="utf-8")
    assert "Not measured; the same command goes on with it:" in table
    assert f"- {unmeasured[1]}\n" in table
    monkeypatch.setattr(gpu, "free", free)
    done = measure()
    assert all("minutes" in entry for entry in done.values())
    assert unmeasured.count(unmeasured[0]) == 1


def test_a_failed_measurement_is_told_and_not_made_again(
    measure: Callable[..., dict[str, Any]], unmeasured: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    entries = gpu.measurements

    def first_fails(options: Any) -> list[gpu.Measurement]:
        first, *others = entries(options)

        def fail(bench: gpu.Bench) -> dict[str, Any]:
            raise RuntimeError("CUDA error: out of memory\nCompile with TORCH_USE_CUDA_DSA")

        return [replace(first, make=fail), *others]

    monkeypatch.setattr(gpu, "measurements", first_fails)
    done = measure()
    assert next(iter(done.values()))["failure"] == "RuntimeError: CUDA error: out of memory"
    count = len(unmeasured)
    measure()
    assert len(unmeasured) == count
    assert "Failed:\n\n- gner-tiny" in (tmp_path / "gpu.md").read_text(encoding="utf-8")


def test_other_circumstances_are_refused(
    measure: Callable[..., dict[str, Any]], unmeasured: list[str], tmp_path: Path
) -> None:
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
    assert bf16[:4] == ["| t5-base", "bf16", "0.5 GB", "47.2 MB"]  # 1,280 tokens of 2 * 12 * 768 * 2 bytes
    shape = {"layers": 12, "heads": 12, "kv_heads": 12, "head_size": 64, "width": 768, "inner": 2048}
    more = {"vocabulary": 32128, "encoder_decoder": True, "parameters": 247_577_856, "itemsize": 2}
    one = memory_of(rows=1, source=640, output=640, tokens=2, graphs=0, **shape, **more)
    free = int(24e9 - gpu.RESERVED - one.weights)
    assert bf16[4] == str(most_rows(free, 640, 640, 2, **shape, **{k: v for k, v in more.items() if k != "itemsize"}))
