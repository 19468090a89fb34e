"""What `gner-bench predict` takes of the data, and how it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from gner_bench.documents.record import read_records

Run = Callable[..., Result]
Refusal = Callable[..., str]
PREDICT = ("predict", "--model", "demo", "--data", "demo")
pytestmark = pytest.mark.usefixtures("quick")


def taken(out: Path) -> list[str]:
    return [f"{record.dataset}/{record.id}" for record in read_records(out / "predictions.jsonl")]


def about(out: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((out / "run.json").read_text(encoding="utf-8"))
    return document


def test_a_range_of_each_data_set(run: Run, tmp_path: Path) -> None:
    result = run(*PREDICT, "--datasets", "mit-movie,crossner_ai", "--limit", "3-4", "--out", tmp_path)
    assert result.exit_code == 0, result.output
    assert result.stdout == f"{tmp_path}/predictions.jsonl\n"
    assert taken(tmp_path) == ["mit-movie/2", "mit-movie/3", "crossner_ai/2", "crossner_ai/3"]
    assert about(tmp_path)["selection"] == {"limit": "3-4"}
    assert about(tmp_path)["datasets"]["mit-movie"]["sentences_in_data"] == 24


def test_sentences_by_id(run: Run, tmp_path: Path) -> None:
    (tmp_path / "ids").write_text("mit-movie/7\nmit-restaurant/2\n", encoding="utf-8")
    assert run(*PREDICT, "--sample-ids", f"@{tmp_path}/ids", "--out", tmp_path / "run").exit_code == 0
    assert taken(tmp_path / "run") == ["mit-movie/7", "mit-restaurant/2"]
    assert about(tmp_path / "run")["selection"] == {"sample_ids": ["mit-movie/7", "mit-restaurant/2"]}
    scored = run("score", tmp_path / "run")
    assert scored.exit_code == 0
    assert "Warning: not all sentences were scored: 1 of 24 of mit-movie/test" in scored.stderr


def test_a_shard_goes_to_its_own_folder(run: Run, tmp_path: Path) -> None:
    command = (*PREDICT, "--dataset", "mit-movie", "--limit", "5", "--shard", "2/2", "--out", tmp_path)
    assert run(*command).exit_code == 0
    assert taken(tmp_path / "shard-2-of-2") == ["mit-movie/1", "mit-movie/3"]
    assert about(tmp_path / "shard-2-of-2")["selection"] == {"limit": "1-5", "shard": "2/2"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--limit", "0"), "--limit: '0': expected a number of sentences, or a range such as 11-20"),
        (("--limit", "20-11"), "--limit: '20-11': expected"),
        (("--limit", "99-100"), "there is no sentence 99-100"),
        (("--shard", "3/2"), "--shard: '3/2': expected i/n with i from 1 to n"),
        (("--sample-ids", ","), "--sample-ids: ',': names no sentence"),
        (("--sample-ids", "@no/such/file"), "no/such/file: No such file"),
        (("--sample-ids", "7"), "--sample-ids: there is no sentence '7'; write DATASET/ID with one of"),
        (("--sample-ids", "mit-movie/99"), "--sample-ids: there is no sentence 'mit-movie/99'; write DATASET/ID"),
    ],
)
def test_what_is_not_there_is_one_line(refusal: Refusal, tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    assert said in refusal(*PREDICT, *arguments, "--out", tmp_path / "run")


def test_a_launched_process_refuses_a_shard(refusal: Refusal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert "take their shards themselves" in refusal(*PREDICT, "--shard", "1/2", "--out", tmp_path)
