from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gner_bench.errors import GnerBenchError, UsageError
from gner_bench.predict.options import Limit, Options, Shard, chosen, parse_ids, parse_limit, parse_shard, sharded
from gner_bench.predict.plan import Asking, plan

from .echo import echo_data

OPTIONS = Options(None, Path("out"))


def ids(sentences: int = 9, names: tuple[str, ...] = ("one", "two"), **changes: object) -> list[str]:
    options = replace(OPTIONS, **changes)  # type: ignore[arg-type]
    return [f"{d.name}/{s.id}" for d in chosen(echo_data(sentences, names), options) for s in d.sentences]


def test_what_can_be_asked_for() -> None:
    assert parse_limit("7") == Limit(1, 7)
    assert parse_limit("11-20") == Limit(11, 20)
    assert parse_shard("2/4") == Shard(2, 4)
    assert parse_ids("a/1, 2,,a/1") == ("a/1", "2")


def test_ids_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "ids").write_text("one/1\r\none/2, two/3\n\n", encoding="utf-8")
    assert parse_ids(f"@{tmp_path}/ids") == ("one/1", "one/2", "two/3")


@pytest.mark.parametrize("text", ["", "0", "-1", "3-2", "0-4", "1-", "a", "1.5", "٣", "1-2-3"])
def test_what_is_no_limit(text: str) -> None:
    with pytest.raises(UsageError, match="expected a number of sentences, or a range such as 11-20"):
        parse_limit(text)


@pytest.mark.parametrize("text", ["", "0/4", "5/4", "1/0", "1", "1-4", "a/b"])
def test_what_is_no_shard(text: str) -> None:
    with pytest.raises(UsageError, match="expected i/n with i from 1 to n"):
        parse_shard(text)


@pytest.mark.parametrize(
    ("text", "said"), [("", "names no sentence"), (",", "names no sentence"), ("@no/file", "no/file: No such file")]
)
def test_what_are_no_ids(text: str, said: str) -> None:
    with pytest.raises(GnerBenchError, match=said):
        parse_ids(text)


def test_a_range_is_of_each_data_set() -> None:
    assert ids(limit=Limit(2, 3)) == ["one/1", "one/2", "two/1", "two/2"]
    assert ids(limit=Limit(9, 99)) == ["one/8", "two/8"]
    with pytest.raises(UsageError, match="there is no sentence 10-12"):
        ids(limit=Limit(10, 12))


def test_ids_come_in_the_order_of_the_data() -> None:
    assert ids(sample_ids=("two/3", "one/4", "one/2")) == ["one/2", "one/4", "two/3"]
    assert ids(sample_ids=("two/3",)) == ["two/3"]
    assert ids(names=("one",), sample_ids=("4", "one/2", "2")) == ["one/2", "one/4"]


@pytest.mark.parametrize(
    ("names", "limit", "wanted", "said"),
    [
        (("one", "two"), None, ("3",), "no sentence '3'; write DATASET/ID with one of one, two"),
        (("one", "two"), None, ("one/3", "one/9", "x/1"), "no sentence 'one/9' (and 1 more); write DATASET/ID"),
        (("one",), None, ("9",), "no sentence '9' in one"),
        (("one",), Limit(1, 2), ("2",), "no sentence '2' in one"),
    ],
)
def test_ids_that_are_not_there(
    names: tuple[str, ...], limit: Limit | None, wanted: tuple[str, ...], said: str
) -> None:
    with pytest.raises(UsageError) as caught:
        ids(names=names, limit=limit, sample_ids=wanted)
    assert said in str(caught.value)


@pytest.mark.parametrize("count", [1, 2, 3, 7, 40])
def test_shards_are_disjoint_and_complete(count: int) -> None:
    tasks = [task for dataset in echo_data(9) for task in plan(dataset, "file", 0, Asking())]
    shards = [sharded(tasks, Shard(index, count)) for index in range(1, count + 1)]
    assert sorted(task.key for shard in shards for task in shard) == [task.key for task in tasks]
    assert max(map(len, shards)) - min(map(len, shards)) <= 1
