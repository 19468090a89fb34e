from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from gner_bench.data import read_dataset

Run = Callable[..., Result]
Refusal = Callable[..., str]

COLUMNS = "Ann\tB-PER\nLee\tI-PER\nhid\tO\nOslo\tB-LOC\n\nhi\tO\n\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder of the data sets ``a``, with all splits, and ``b`` with a test split."""
    for name, splits in (("a", ("train", "dev", "test")), ("b", ("test",))):
        folder = tmp_path / "root" / name
        folder.mkdir(parents=True)
        (folder / "label.txt").write_text("PER\nLOC\n")
        for split in splits:
            (folder / f"{split}.txt").write_text(COLUMNS)
    return tmp_path / "root"


def written(result: Result) -> list[str]:
    assert (result.exit_code, result.stderr) == (0, ""), result.output
    return result.stdout.splitlines()


@pytest.mark.parametrize("format", ["gner-jsonl", "spans"])
def test_a_folder_of_data_sets_survives_a_json_format(run: Run, root: Path, tmp_path: Path, format: str) -> None:
    out = tmp_path / "all.jsonl"
    assert written(run("convert", root, out, "--to", format)) == [str(out)]
    written(run("convert", out, tmp_path / "back", "--to", "gner"))
    files = [path.relative_to(root) for path in root.rglob("*.txt")]
    assert len(files) == 6
    for file in files:
        assert (tmp_path / "back" / file).read_bytes() == (root / file).read_bytes()


def test_one_data_set_gets_a_name_and_one_split_is_chosen(run: Run, root: Path, tmp_path: Path) -> None:
    options = ("--to", "gner", "--name", "new", "--split", "dev")
    files = written(run("convert", root / "a", tmp_path / "out", *options))
    assert files == [str(tmp_path / "out" / "new" / name) for name in ("label.txt", "dev.txt")]


@pytest.mark.parametrize(
    ("file", "name", "split"),
    [
        ("a/train.txt", "a", "train"),
        ("a/valid.conll", "a", "dev"),
        ("a/validation.tsv", "a", "dev"),
        ("a/mine.txt", "mine", "test"),
    ],
)
def test_name_and_split_are_those_of_the_file(run: Run, tmp_path: Path, file: str, name: str, split: str) -> None:
    path = tmp_path / file
    path.parent.mkdir()
    path.write_text(COLUMNS)
    files = written(run("convert", path, tmp_path / "out", "--to", "gner"))
    assert files[1] == str(tmp_path / "out" / name / f"{split}.txt")


def test_a_file_may_be_given_another_name_and_split(
    run: Run, record: Callable[..., dict[str, Any]], predictions_file: Callable[..., Path], tmp_path: Path
) -> None:
    path = predictions_file(record())
    files = written(run("convert", path, tmp_path, "--to", "gner", "--name", "new", "--split", "train"))
    assert files[1] == str(tmp_path / "new" / "train.txt")


def test_repairs_and_drops_are_told(run: Run, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("a\tI-PER\nb\tB-LOC\nc\tB-MISC\n")
    options = ("--repair", "begin", "--drop", "MISC", "--rename", "PER=person", "--rename", "LOC=place=here")
    result = run("convert", tmp_path / "mine.txt", tmp_path, "--to", "gner", *options)
    assert result.stderr == "repaired (begin): 1 tags of mine/test\ndropped: entities of MISC\n"
    found = read_dataset(tmp_path, "mine")
    assert (found.types, found.sentences[0].tags) == (("person", "place=here"), ("B-person", "B-place=here", "O"))


def test_placed_mentions_are_told(run: Run, tmp_path: Path) -> None:
    turns = ["Text: Ann met Ann", "I've read this text.", "What describes person in the text?", '["Ann", "Bo"]']
    talk = [{"from": who, "value": said} for who, said in zip(("human", "gpt") * 2, turns, strict=True)]
    (tmp_path / "pile.json").write_text(json.dumps([{"id": "x", "conversations": talk}]))
    result = run("convert", tmp_path / "pile.json", tmp_path / "out.jsonl", "--to", "gner-jsonl")
    assert result.exit_code == 0
    assert result.stderr == (
        "mentions: 1 placed (1 of them in several places); not placed: 0 overlapping, 0 of two types, 1 missing\n"
    )


def test_what_would_be_lost_is_an_error_without_lossy(run: Run, refusal: Refusal, root: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.conll"
    (root / "b" / "label.txt").write_text("LOC\nPER\n")
    message = refusal("convert", root / "b", out, "--to", "conll")
    assert message == f"{out}: the list of types of b/test would be lost (--lossy allows it)"
    assert not out.exists()
    assert written(run("convert", root / "b", out, "--to", "conll", "--lossy")) == [str(out)]
    assert out.read_text() == COLUMNS


def test_requests_that_make_no_sense(refusal: Refusal, root: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    for arguments, message in {
        (root, "--name", "x"): f"{root}: holds several data sets, which --name cannot name",
        (root, "--from", "spans"): f"{root}: is a folder; spans is read from a file",
        (root, "--revision", "main"): "a configuration and a revision are of the hub (--from hub)",
        (tmp_path / "none"): f"{tmp_path / 'none'}: no such file or folder",
        (tmp_path / "none", "--from", "gner"): f"{tmp_path / 'none'}: no such folder",
        (root / "b", "--split", "dev"): f"{root / 'b' / 'dev.txt'}: no such file or folder",
        (root / "b" / "test.txt", "--from", "spans"): f"{root / 'b' / 'test.txt'}, line 1: is not JSON",
    }.items():
        given = arguments if isinstance(arguments, tuple) else (arguments,)
        assert refusal("convert", given[0], out, "--to", "gner", *given[1:]).startswith(message)
    assert not out.exists()


def test_names_of_a_file_with_several_data_sets_stay(
    refusal: Refusal, record: Callable[..., dict[str, Any]], predictions_file: Callable[..., Path], tmp_path: Path
) -> None:
    path = predictions_file(record(), record(split="dev"))
    message = refusal("convert", path, tmp_path, "--to", "gner", "--name", "x")
    assert message == f"{path}: holds 2 data sets with names of their own, which stay"


def test_a_rename_without_a_new_name(run: Run, root: Path, tmp_path: Path) -> None:
    result = run("convert", root, tmp_path / "out", "--to", "gner", "--rename", "PER")
    assert result.exit_code == 2
    assert "--rename expects OLD=NEW" in result.stderr


def test_the_hub_is_read_by_name(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from datasets import Dataset

    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    (tmp_path / "owner").mkdir()
    rows = {"tokens": [["Ann", "Lee"]], "ner_tags": [["B-PER", "I-PER"]]}
    Dataset.from_dict(rows).to_parquet(str(tmp_path / "owner" / "test.parquet"))
    files = run("convert", tmp_path / "owner", tmp_path / "out", "--to", "gner", "--from", "hub").stdout.splitlines()
    assert files == [str(tmp_path / "out" / "owner" / name) for name in ("label.txt", "test.txt")]


def test_an_unreachable_hub_is_one_line(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*_: Any, **__: Any) -> None:
        raise ConnectionError("no network")

    monkeypatch.setattr("huggingface_hub.HfApi.dataset_info", unreachable)
    result = run("convert", "owner/name", tmp_path / "out", "--to", "gner", "--from", "hub")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "Error: owner/name: the hub cannot be reached (no network)\n"
