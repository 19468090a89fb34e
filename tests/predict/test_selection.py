from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from gner_bench.data import Sentence, read_dataset
from gner_bench.errors import GnerBenchError, UsageError
from gner_bench.predict.inputs import section_warnings
from gner_bench.predict.options import Limit, Options, Shard, chosen, parse_ids, parse_limit, parse_shard, sharded
from gner_bench.predict.plan import Asking, plan
from gner_bench.predict.sampling import found_order

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


def test_a_sample_depends_on_seed_set_and_id_alone() -> None:
    few, many = ids(40, sample=5), ids(40, sample=12)
    assert len(few) == 10
    assert set(few) < set(many)
    assert many == [id for id in ids(40) if id in many]
    assert [id for id in few if id.startswith("two/")] == ids(40, ("two",), sample=5)
    assert ids(40, sample=5, sample_seed=1) != few
    assert ids(3, sample=5) == ids(3)
    # One draw by hand: the lowest SHA-256 of "0 one/test/ID" for the ids 0 to 39.
    assert ids(40, ("one",), sample=1) == ["one/12"]


def test_every_sentence_is_drawn_as_often() -> None:
    """2,000 draws of 3 of 9: 667 each, give or take 21 (the standard deviation of a binomial)."""
    counts = dict.fromkeys(ids(9, ("one",)), 0)
    for seed in range(2000):
        for id in ids(9, ("one",), sample=3, sample_seed=seed):
            counts[id] += 1
    assert all(abs(count - 2000 / 3) < 5 * 21 for count in counts.values())


def sentences_with(tags: list[str]) -> list[Sentence]:
    return [Sentence(str(index), ("a", "b"), (tag, "O")) for index, tag in enumerate(tags)]


def test_sections_by_type_are_found_and_a_random_order_is_not() -> None:
    tags = ["B-x"] * 150 + ["B-y"] * 150 + ["O"] * 100
    found = found_order(sentences_with(tags), 50)
    assert found is not None
    assert (found.size, found.least, found.most) == (50, 0, 50)
    shuffled, found_by_chance = random.Random(0), 0
    for _ in range(200):  # at a level of 0.1%
        shuffled.shuffle(tags)
        found_by_chance += found_order(sentences_with(tags), 50) is not None
    assert found_by_chance <= 2
    assert found_order(sentences_with(tags[:1]), 1) is None
    assert found_order([], 5) is None


def test_a_limit_warns_of_a_set_in_sections(shared: Path) -> None:
    """Of the real sets: mit-movie is in sections, crossner_music is in random order."""
    sets = [read_dataset(shared / "data/gner", name, "test") for name in ("mit-movie", "crossner_music")]
    [line] = section_warnings(sets, replace(OPTIONS, limit=Limit(1, 100)))
    assert line == (
        "--limit 1-100 takes a section of mit-movie/test, not a sample: its sentences are not in random order: of 100"
        " in a row 14 to 80 have the type genre (46 on average); --sample 100 draws at random"
    )
    assert not list(section_warnings(sets, OPTIONS))
    assert not list(section_warnings(sets, replace(OPTIONS, limit=Limit(1, 2443))))


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
