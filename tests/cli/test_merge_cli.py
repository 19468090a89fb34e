from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Run = Callable[..., Result]
PREDICT = ("predict", "--model", "demo", "--data", "demo", "--datasets", "mit-movie,mit-restaurant", "--limit", "4")
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("quick")]


def last_line(result: Result) -> str:
    assert "Traceback" not in result.output
    return result.stderr.splitlines()[-1]


@pytest.mark.slow
def test_shards_become_the_run_in_one_piece(run: Run, tmp_path: Path) -> None:
    assert run(*PREDICT, "--out", tmp_path / "whole").exit_code == 0
    for shard in ("1/3", "3/3"):
        assert run(*PREDICT, "--shard", shard, "--out", tmp_path / "parts").exit_code == 0
    early = run("merge", tmp_path / "parts")
    assert (early.exit_code, last_line(early)) == (6, f"Error: {tmp_path}/parts: shard 2/3 is not there")
    assert run(*PREDICT, "--shard", "2/3", "--out", tmp_path / "parts").exit_code == 0
    result = run("merge", tmp_path / "parts")
    assert result.exit_code == 0, result.output
    assert result.stdout == f"{tmp_path}/parts/predictions.jsonl\n"
    merged, whole = (tmp_path / name / "predictions.jsonl" for name in ("parts", "whole"))
    assert merged.read_bytes() == whole.read_bytes()
    assert (tmp_path / "parts/tokenizer.json").exists()
    assert run("score", tmp_path / "parts").exit_code == 0


def test_shards_of_other_settings_are_named(run: Run, tmp_path: Path) -> None:
    assert run(*PREDICT, "--shard", "1/2", "--out", tmp_path).exit_code == 0
    assert run(*PREDICT, "--shard", "2/2", "--num-beams", "2", "--out", tmp_path).exit_code == 0
    result = run("merge", tmp_path)
    assert result.exit_code == 2
    assert last_line(result) == (
        f"Error: {tmp_path}/shard-2-of-2: differs from shard-1-of-2: decoding beam, not drafted; num_beams 2, not 1"
    )


def test_a_folder_without_shards(run: Run, tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text(json.dumps({}), encoding="utf-8")
    result = run("merge", tmp_path)
    assert result.exit_code == 2
    assert "holds no shards" in last_line(result)
