"""Runs whose data was corrected after sentences were predicted, and scores of files that are not their run's."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from gner_bench.api import load_predictions, score
from gner_bench.cli import main
from gner_bench.data import Dataset
from gner_bench.documents.run import read_run
from gner_bench.errors import IntegrityError
from gner_bench.predict import engine, store
from gner_bench.predict.merge import merge
from gner_bench.predict.options import Limit, Options, Shard
from gner_bench.scoring.gold import Gold

from .echo import echo_backend, echo_data

ONE = ("one",)


def corrected(datasets: list[Dataset], **changes: Any) -> list[Dataset]:
    """The data with the second sentence of the first set changed; by default its first word is a person."""
    first, *others = datasets
    sentences = list(first.sentences)
    tags = ("B-person", *sentences[1].tags[1:])
    sentences[1] = replace(sentences[1], **(changes or {"tags": tags}))
    return [replace(first, sentences=tuple(sentences)), *others]


def predict(out: Path, data: list[Dataset], said: list[str] | None = None, **options: Any) -> Path:
    say = (lambda _: None) if said is None else said.append
    return engine.predict(echo_backend(), data, Options(None, out, **options), say)


def never(_: object) -> None:
    raise AssertionError("nothing is left to predict")


def test_a_complete_run_takes_the_new_gold_and_asks_nothing_again(tmp_path: Path) -> None:
    data = echo_data(4)
    path = predict(tmp_path / "run", data)
    fresh = predict(tmp_path / "fresh", corrected(data))
    said: list[str] = []
    silent = replace(echo_backend(), decode=never)  # type: ignore[arg-type]
    engine.predict(silent, corrected(data), Options(None, tmp_path / "run"), said.append)
    assert path.read_bytes() == fresh.read_bytes()
    assert said == [
        f"{path}: sentences with other gold in the data than when they were predicted: one (1); their gold is renewed,"
        " the predictions stay"
    ]
    hashes = [read_run(tmp_path / name / "run.json").datasets["one"].content_hash for name in ("run", "fresh")]
    assert hashes == [corrected(data)[0].content_hash] * 2
    said.clear()
    engine.predict(silent, corrected(data), Options(None, tmp_path / "run"), said.append)
    assert said == []


def test_an_extended_run_does_not_mix_old_and_new_gold(tmp_path: Path) -> None:
    data = echo_data(5)
    predict(tmp_path / "run", data[:1], limit=Limit(1, 3))
    path = predict(tmp_path / "run", corrected(data))  # more sentences, and another data set
    assert path.read_bytes() == predict(tmp_path / "fresh", corrected(data)).read_bytes()
    assert score(path)["one"].content_hash == corrected(data)[0].content_hash


def test_killed_between_the_new_gold_and_run_json_the_same_command_mends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = echo_data(4)
    path = predict(tmp_path, data)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as context:
        context.setattr(engine, "write_run", killed)
        with pytest.raises(KeyboardInterrupt):
            predict(tmp_path, corrected(data))
    with pytest.raises(IntegrityError, match="words or gold tags of one/test are not those of the run"):
        score(path)
    predict(tmp_path, corrected(data))
    assert score(path)["one"].content_hash == corrected(data)[0].content_hash


def test_killed_while_gold_is_written_the_file_is_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = echo_data(4)
    path = predict(tmp_path, data)
    before = path.read_bytes()

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as context:
        context.setattr(store.os, "fsync", killed)  # type: ignore[attr-defined]
        with pytest.raises(KeyboardInterrupt):
            predict(tmp_path, corrected(data))
    assert path.read_bytes() == before
    assert predict(tmp_path, corrected(data)).read_bytes() != before


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"words": ("w9", *"abcdefg")}, "words (word 1 is 'w1', in the data 'w9')"),
        ({"words": ("w1",), "tags": ("O",)}, "words (8 words, 1 in the data)"),
        # A prompt joins words by spaces: these would be asked for by the same text.
        ({"words": ("w1 a", *"bcdefg"), "tags": ("O",) * 7}, "words (8 words, 7 in the data)"),
        ({"types": ("place", "person")}, "types (person, place; in the data place, person)"),
        ({"types": ("person", "place", "date")}, "types (person, place; in the data person, place, date)"),
    ],
)
def test_other_words_or_types_are_refused_and_named(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    path = predict(tmp_path, echo_data(4))
    before = path.read_bytes()
    with pytest.raises(IntegrityError) as caught:
        predict(tmp_path, corrected(echo_data(4), **changes))
    assert str(caught.value) == (
        f"{path}, line 2: one/test/1 has other {said}: the data changed after it was predicted; put the data back or"
        " choose another --out"
    )
    assert caught.value.exit_code == 5
    assert path.read_bytes() == before


def test_shards_are_merged_again_with_the_new_gold_once_all_have_it(tmp_path: Path) -> None:
    data, shards = echo_data(5), [Shard(1, 2), Shard(2, 2)]
    for shard in shards:
        predict(tmp_path, data, shard=shard)
    merge(tmp_path)
    for shard in shards:
        predict(tmp_path, corrected(data), shard=shard)
    assert score(merge(tmp_path))["one"].content_hash == corrected(data)[0].content_hash
    # A shard whose file is not what its run.json says, as after a file was copied back.
    predict(tmp_path / "old", data, shard=shards[1])
    old = (tmp_path / "old/shard-2-of-2/predictions.jsonl").read_bytes()
    (tmp_path / "shard-2-of-2/predictions.jsonl").write_bytes(old)
    (tmp_path / "predictions.jsonl").unlink()
    with pytest.raises(IntegrityError, match=r"the gold of one in the shards is not that of their run\.json"):
        merge(tmp_path)
    with pytest.raises(IntegrityError, match="words or gold tags of one/test are not those of the run"):
        score(load_predictions(*(tmp_path / shard.folder for shard in shards)))


# Files that are not what run.json describes


def edit(path: Path, change: Callable[[dict[str, Any]], None], line: int = 1) -> None:
    """Change a record of the file."""
    lines = path.read_text(encoding="utf-8").splitlines()
    record = json.loads(lines[line])
    change(record)
    lines[line] = json.dumps(record)
    path.write_text("".join(f"{text}\n" for text in lines), encoding="utf-8")


def retag(record: dict[str, Any]) -> None:
    record["instance"]["labels"][0] = "B-person"


def reword(record: dict[str, Any]) -> None:
    record["instance"]["words"][0] = "other"


def run(*arguments: object) -> Result:
    from click.testing import CliRunner

    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.mark.parametrize("change", [retag, reword])
def test_every_verb_that_counts_refuses_an_edited_file(tmp_path: Path, change: Callable[[Any], None]) -> None:
    path = predict(tmp_path / "run", echo_data(4, ONE))
    other = predict(tmp_path / "other", echo_data(4, ONE))
    two = predict(tmp_path / "two", echo_data(4, ("two",)))
    edit(path, change)
    for command in (
        ("score", path),
        ("score", path.parent, two.parent, "-q"),
        ("compare", other.parent, path.parent),
        ("report", path, "--out", tmp_path / "report"),
        ("explain", path, "--worst", 1),
        ("explain", path, "--sample", "one/0"),
    ):
        result = run(*command)
        assert result.exit_code == 5, result.output
        assert f"Error: {path}: words or gold tags of one/test are not those of the run (content hash" in result.stderr
        assert result.stdout == ""


def test_what_is_no_edit_is_scored(tmp_path: Path) -> None:
    data = echo_data(6, ONE)
    path = predict(tmp_path / "run", data)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(reversed(lines)))  # another order
    assert score(path).sentences == 6
    path.write_bytes(b"".join(lines[:4]))  # a part, which is said to be incomplete
    assert score(path).lacking == 2
    # Two runs on parts of one data set, and shards, are one system together.
    halves = [predict(tmp_path / str(end), data, limit=Limit(end - 2, end)) for end in (3, 6)]
    assert score(load_predictions(*halves)).sentences == 6
    shards = [predict(tmp_path / "shards", data, shard=Shard(index, 2)) for index in (1, 2)]
    assert score(load_predictions(*shards)).sentences == 6
    assert score(shards[0]).lacking == 0


def test_gold_that_is_given_is_not_that_of_the_run(tmp_path: Path) -> None:
    data = echo_data(4, ONE)
    path = predict(tmp_path, data)
    edit(path, retag)
    assert score(load_predictions(path, gold=data))["one"].content_hash == data[0].content_hash
    with pytest.raises(IntegrityError):
        score(load_predictions(path, gold=Gold()))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda record: record.update(dataset="two"), "holds the data set two, which run.json does not name"),
        (lambda record: record.update(split="dev"), "one is of the split dev, in run.json test"),
        (lambda record: record["instance"].update(id="new"), "holds 5 sentences of one, run.json describes 4"),
    ],
)
def test_renamed_sets_and_added_sentences_are_no_part_of_the_run(
    tmp_path: Path, change: Callable[[dict[str, Any]], None], said: str
) -> None:
    path = predict(tmp_path, echo_data(4, ONE))
    lines = path.read_bytes().splitlines(keepends=True)
    if "5 sentences" in said:
        path.write_bytes(b"".join([*lines, lines[1]]))
        edit(path, change, line=4)
    else:
        for line in range(4):
            edit(path, change, line)
    with pytest.raises(IntegrityError, match=said):
        score(path)
