"""What a system met in training: types, mentions, sentences, and F1 of what it met and of what it did not."""

from __future__ import annotations

from pathlib import Path

import pytest

from gner_bench.api import score
from gner_bench.catalog import catalog
from gner_bench.documents.scores import Resampling, Seen
from gner_bench.errors import InputError
from gner_bench.scoring.scores import Scores
from gner_bench.scoring.seen import Training, read_training, training_of, type_key, verdict, with_training

from .sentences import given_sets, sentence

TRAIN = "Ann\tB-PER\nsaw\tO\nOslo\tB-city\n\nthe\tB-city\nHague\tI-city\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data set whose test split must not be read: it holds Bergen."""
    place = tmp_path / "travel"
    place.mkdir()
    (place / "label.txt").write_text("PER\ncity\nriver\n")
    (place / "train.txt").write_text(TRAIN)
    (place / "test.txt").write_text("Bergen\tB-city\n")
    return place


def seen_of(scores: Scores, name: str) -> Seen:
    seen = scores[name].analysis.seen
    assert seen is not None
    return seen


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Restaurant Name", "restaurant_name"),
        ("PER", "person"),
        ("organisation", "ORG"),
        ("Multi-tissue", "multitissue"),
    ],
)
def test_names_of_one_type_share_a_key(one: str, other: str) -> None:
    assert type_key(one) == type_key(other)


@pytest.mark.parametrize(("one", "other"), [("person", "politician"), ("+", "-"), ("title", "job title")])
def test_names_of_two_types_do_not(one: str, other: str) -> None:
    assert type_key(one) != type_key(other)


@pytest.mark.parametrize(
    ("known", "complete", "types", "said"),
    [
        (("a", "b"), True, ("a", "b"), "types seen"),
        (("a", "b"), False, ("a", "b"), "types seen"),
        (("a",), True, ("a", "b", "c"), "1 of 3 types seen"),
        (("a",), False, ("a", "b", "c"), "at least 1 of 3 types seen"),
        (("z",), True, ("a", "b"), "types unseen"),
        (("z",), False, ("a", "b"), "unknown"),
        ((), True, (), "unknown"),
    ],
)
def test_the_verdict_says_what_is_known(
    known: tuple[str, ...], complete: bool, types: tuple[str, ...], said: str
) -> None:
    training = Training(("other",), dict.fromkeys(known, 0), complete)
    assert verdict("news", {kind: training.how(kind) for kind in types}, training) == said


def test_a_set_is_supervised_whatever_the_split_and_case_of_its_name() -> None:
    assert verdict("mit-movie", {"plot": "unseen"}, Training(("MIT-movie/train",))) == "supervised on this set"


def test_the_catalogue_says_which_types_its_training_sets_have() -> None:
    whole, part = training_of(["bc5cdr", "ncbi"]), training_of(["bc5cdr", "Pile-NER-type"])
    unlisted = training_of(["sets of InstructUIE"])
    assert training_of([]) is None
    assert whole
    assert (whole.complete, whole.how("chemical"), whole.how("gene")) == (True, "normalised", "unseen")
    assert part
    assert (part.complete, part.how("protein"), part.how("poem")) == (False, "exact", "unknown")
    assert unlisted
    assert (unlisted.complete, unlisted.how("person")) == (False, "unknown")


def test_gner_checkpoints_have_met_types_of_every_zero_shot_set() -> None:
    """Pile-NER-type has person, organization, location, title, … by the lists that were published of it."""
    training = training_of(catalog().find_model("GNER-T5-base").training_sets)  # type: ignore[union-attr]
    assert training is not None
    said = {
        dataset.name: verdict(dataset.name, {kind: training.how(kind) for kind in dataset.types}, training)
        for dataset in catalog().group("zero-shot")
    }
    assert said["crossner_ai"] == "at least 5 of 13 types seen"
    assert all(text.startswith("at least") for text in said.values())


def test_training_data_are_the_train_splits_of_folders(folder: Path) -> None:
    training = read_training([folder])
    assert training is not None
    assert (training.names, training.complete) == (("travel",), True)
    assert training.types == {"PER": 1, "city": 2, "river": 0}
    assert training.texts == frozenset({"ann", "oslo", "hague"})
    assert training.sentences == frozenset({"Ann saw Oslo", "the Hague"})


def test_any_format_can_be_training_data(tmp_path: Path) -> None:
    path = tmp_path / "train.json"
    path.write_text('[{"tokens": ["Ann", "ran"], "ner_tags": ["B-person", "O"]}]')
    training = read_training([path])
    assert training is not None
    assert training.types == {"person": 1}
    assert training.texts == frozenset({"ann"})


def test_a_folder_without_training_data_is_an_error(tmp_path: Path) -> None:
    place = tmp_path / "travel"
    place.mkdir()
    (place / "label.txt").write_text("city\n")
    (place / "test.txt").write_text("Bergen\tB-city\n")
    with pytest.raises(InputError, match=r"train"):
        read_training([place])


def test_data_at_hand_stand_for_what_the_catalogue_says_of_the_same_set(folder: Path) -> None:
    data = read_training([folder])
    both, own = training_of(["travel", "ncbi"], data), training_of(["Travel"], data)
    assert both
    assert both.names == ("travel", "ncbi")
    assert both.how("disease") == "normalised"
    assert own is data


def test_seen_and_unseen_types_and_mentions_are_scored_apart(folder: Path) -> None:
    """By hand, person and city are seen, ship is not:

    1. gold Ann (person), Oslo (city); predicted Ann (person), Oslo (ship): seen types 1 right of 1 predicted and 2
       gold, unseen types 0 of 1 and 0;
    2. gold Fram (ship), Bergen (city), predicted as such: one more right of each group.

    The texts Ann and Oslo are seen (one right of 2 and 2), Fram and Bergen are not (2 of 2 and 2).
    """
    types = ("person", "city", "ship")
    predictions = given_sets(
        news=[
            sentence("B-person O B-city", "B-person O B-ship", "Ann saw Oslo", types),
            sentence("B-ship O B-city", "B-ship O B-city", "Fram left Bergen", types),
        ]
    )
    data = read_training([folder])
    scores = with_training(score(predictions, ["gner", "strict", "exact"]), data, Resampling(20), predictions)
    seen = seen_of(scores, "news")
    assert seen.verdict == "2 of 3 types seen, 1 of 2 sentences in training"
    assert seen.types == {"person": "normalised", "city": "exact", "ship": "unseen"}
    assert seen.mentions == {"tokens": (2, 4), "types": (2, 4)}
    assert seen.sentences == 1
    for metric in ("gner", "strict"):
        counts = [vars(seen.by_type[group][metric].counts).values() for group in ("seen", "unseen")]
        assert list(map(tuple, counts)) == [(2, 2, 3), (1, 2, 1)]
        counts = [vars((seen.by_mention or {})[group][metric].counts).values() for group in ("seen", "unseen")]
        assert list(map(tuple, counts)) == [(1, 2, 2), (2, 2, 2)]
    assert set(seen.by_type["seen"]) == {"gner", "strict"}, "boundaries have no types"


def test_intervals_of_all_types_in_one_group_are_those_of_the_set() -> None:
    predictions = given_sets(news=[sentence("B-a O B-b", "B-a B-b O"), sentence("B-b", "B-b"), sentence("B-a", "O")])
    scores = score(predictions, ["gner"])
    seen = seen_of(with_training(scores, Training(("x",), {"a": 1, "b": 1}), Resampling()), "news")
    assert seen.verdict == "types seen"
    value = seen.by_type["seen"]["gner"]
    assert value.f1 == scores["news"].f1
    assert value.interval
    assert value.interval["f1"] == scores["news"].interval


def test_a_mention_counts_as_the_metric_normalises_it_and_wherever_it_is_placed(folder: Path) -> None:
    """The Hague was seen as the text hague; a prediction that is at no words of the sentence has a text, too."""
    predictions = given_sets(
        news=[sentence("B-city", "B-city", "HAGUE!", ("city",), unplaced=(("Oslo", "city"), ("Fram", "city")))]
    )
    data = read_training([folder])
    seen = seen_of(with_training(score(predictions), data, Resampling(0), predictions), "news")
    assert seen.mentions == {"tokens": (1, 1), "types": (1, 1)}
    by_mention = seen.by_mention or {}
    for metric in ("gner", "strict"):
        assert tuple(vars(by_mention["seen"][metric].counts).values()) == (1, 2, 1)
        assert tuple(vars(by_mention["unseen"][metric].counts).values()) == (0, 1, 0)


def test_nothing_is_said_of_a_system_of_which_nothing_is_known() -> None:
    scores = score(given_sets(news=[sentence("B-a", "B-a")]))
    assert with_training(scores, None, Resampling()) is scores
