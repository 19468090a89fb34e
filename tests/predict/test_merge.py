from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gner_bench.errors import GnerBenchError, IncompleteError, InputError
from gner_bench.predict import engine
from gner_bench.predict.merge import merge
from gner_bench.predict.options import Limit, Options, Shard

from .echo import echo_backend, echo_data


def run(folder: Path, count: int, sentences: int = 5, **changes: Any) -> Path:
    """Run ``count`` shards below ``folder`` and return it."""
    for index in range(1, count + 1):
        options = Options(None, folder, shard=Shard(index, count), **changes)
        path = engine.predict(echo_backend(), echo_data(sentences), options)
        assert path == folder / f"shard-{index}-of-{count}/predictions.jsonl"
    return folder


def read(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((path / "run.json").read_text(encoding="utf-8"))
    return document


@pytest.mark.parametrize("count", [1, 2, 3, 12])
def test_merged_shards_are_the_run_in_one_piece(tmp_path: Path, count: int) -> None:
    """With twelve shards of ten sentences, two are empty."""
    whole = engine.predict(echo_backend(), echo_data(5), Options(None, tmp_path / "whole"))
    merged = merge(run(tmp_path / "parts", count))
    assert merged.read_bytes() == whole.read_bytes()
    ours, theirs = read(merged.parent), read(whole.parent)
    for key in ("model", "settings", "datasets", "selection", "prompt_hash", "sentences", "sentences_done", "status"):
        assert ours[key] == theirs[key], key
    assert ours["cut"] == theirs["cut"]
    assert len(ours["shards"]) == count


def test_a_selection_is_sharded_too(tmp_path: Path) -> None:
    changes: dict[str, Any] = {"limit": Limit(2, 4), "label_order": "shuffled"}
    whole = engine.predict(echo_backend(), echo_data(5), Options(None, tmp_path / "whole", **changes))
    merged = merge(run(tmp_path / "parts", 2, **changes))
    assert merged.read_bytes() == whole.read_bytes()
    assert read(merged.parent)["selection"] == {"limit": "2-4"}


def test_merging_twice_writes_once(tmp_path: Path) -> None:
    path = merge(run(tmp_path, 2))
    before = path.stat().st_mtime_ns, read(tmp_path)
    assert merge(run(tmp_path, 2)) == path
    assert (path.stat().st_mtime_ns, read(tmp_path)) == before


def test_a_merged_run_is_complete_for_predict(tmp_path: Path) -> None:
    path = merge(run(tmp_path, 2))
    before = path.stat().st_mtime_ns
    engine.predict(replace(echo_backend(), decode=pytest.fail), echo_data(5), Options(None, tmp_path))
    assert path.stat().st_mtime_ns == before


def remove(folder: Path) -> None:
    shutil.rmtree(folder)


def cut(folder: Path) -> None:
    path = folder / "predictions.jsonl"
    path.write_bytes(path.read_bytes()[:-9])


def unfinish(folder: Path) -> None:
    (folder / "run.json").write_text(json.dumps({**read(folder), "status": "running"}), encoding="utf-8")


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (remove, "shard 2/3 is not there"),
        (cut, "shard 2/3 is unfinished (2 of 3 sentences)"),
        (unfinish, "shard 2/3 is unfinished (3 of 3 sentences)"),
        (lambda folder: (folder / "predictions.jsonl").unlink(), "shard 2/3 is unfinished (0 of 3 sentences)"),
    ],
)
def test_what_is_missing_is_named(tmp_path: Path, harm: Callable[[Path], None], said: str) -> None:
    run(tmp_path, 3)
    harm(tmp_path / "shard-2-of-3")
    remove(tmp_path / "shard-3-of-3")
    with pytest.raises(IncompleteError) as caught:
        merge(tmp_path)
    assert str(caught.value) == f"{tmp_path}: {said}; shard 3/3 is not there"
    assert caught.value.exit_code == 6
    assert not (tmp_path / "predictions.jsonl").exists()


def change(folder: Path, **changes: Any) -> None:
    (folder / "run.json").write_text(json.dumps({**read(folder), **changes}), encoding="utf-8")


def test_shards_of_different_runs_are_not_merged(tmp_path: Path) -> None:
    run(tmp_path, 2)
    folder = tmp_path / "shard-2-of-2"
    before = read(folder)
    for changes, said in [
        ({"settings": {**before["settings"], "dtype": "bf16", "seed": 1}}, "dtype bf16, not fp32; seed 1, not none"),
        ({"model": {**before["model"], "files": {}}}, "other weights"),
        ({"prompt_hash": "0"}, "other sentences or prompts"),
        ({"datasets": {}}, "other sentences or prompts"),
    ]:
        change(folder, **{**before, **changes})
        with pytest.raises(InputError) as caught:
            merge(tmp_path)
        assert str(caught.value) == f"{folder}: differs from shard-1-of-2: {said}"


def test_shards_with_the_lines_of_others_are_not_merged(tmp_path: Path) -> None:
    run(tmp_path, 2)
    shutil.copyfile(tmp_path / "shard-1-of-2/predictions.jsonl", tmp_path / "shard-2-of-2/predictions.jsonl")
    with pytest.raises(InputError, match=r"do not hold the sentences that their run\.json names"):
        merge(tmp_path)
    assert not (tmp_path / "predictions.jsonl").exists()


def test_a_folder_without_shards_is_refused(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "none"):
        with pytest.raises(InputError, match="holds no shards"):
            merge(folder)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", ["", "{}", '{"model": {"files": {}}, "settings": {}}'])
def test_a_shard_with_another_run_json_is_refused(tmp_path: Path, content: str) -> None:
    run(tmp_path, 2)
    (tmp_path / "shard-2-of-2/run.json").write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=r"is not the run\.json of a"):
        merge(tmp_path)


def test_shards_in_the_folder_of_another_run_are_refused_before_they_are_made(tmp_path: Path) -> None:
    engine.predict(echo_backend(dtype="bf16"), echo_data(5), Options(None, tmp_path))
    with pytest.raises(InputError, match="holds a run with dtype bf16, not fp32"):
        run(tmp_path, 2)


def test_another_number_of_shards_is_refused_before_they_are_made(tmp_path: Path) -> None:
    run(tmp_path, 2)
    with pytest.raises(InputError, match="holds a shard 1/2, not of 3"):
        run(tmp_path, 3)
    shutil.copytree(tmp_path / "shard-1-of-2", tmp_path / "shard-1-of-3", dirs_exist_ok=True)
    with pytest.raises(GnerBenchError, match="holds shards of several runs: of 2 and of 3"):
        merge(tmp_path)
