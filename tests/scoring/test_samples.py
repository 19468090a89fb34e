from __future__ import annotations

import pytest

from gner_bench.errors import UsageError
from gner_bench.scoring.predictions import Prediction
from gner_bench.scoring.samples import find_samples, worst_samples

from .sentences import Given


def sentence(id: str, gold: str = "O", predicted: str = "O", dataset: str = "news", split: str = "test") -> Prediction:
    tags = gold.split(), predicted.split()
    return Prediction(dataset, split, id, ("a", "b"), ("w",) * len(tags[0]), tuple(tags[0]), tuple(tags[1]))


@pytest.fixture
def given() -> Given:
    ids = ["007", "9", "40", "41", "x/1"]
    return Given([*(sentence(id) for id in ids), sentence("9", split="dev"), sentence("1", dataset="news/old")])


def test_a_sentence_is_found_by_set_and_id_in_every_split(given: Given) -> None:
    assert find_samples(given, ["news/9", "news/dev/9", "news/x/1"]) == {
        "news/9": [given.sentences[1], given.sentences[5]],
        "news/dev/9": [given.sentences[5]],
        "news/x/1": [given.sentences[4]],
    }


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("news/42", "given.jsonl: no sentence '42' in news (6 sentences; nearest ids: 9, 40, 41)"),
        ("news/8", "given.jsonl: no sentence '8' in news (6 sentences; nearest ids: 007, 9, 40)"),
        ("news/x/2", "given.jsonl: no sentence 'x/2' in news (6 sentences; nearest ids: x/1)"),
        ("news/zzz", "given.jsonl: no sentence 'zzz' in news (6 sentences; nearest ids: 007, 9, 40)"),
        ("news/old/2", "given.jsonl: no sentence '2' in news/old (1 sentences; nearest ids: 1)"),
        ("nwes/9", "given.jsonl: no data set 'nwes'; did you mean 'news'?"),
        ("films/9", "given.jsonl: no data set 'films'; known: news, news/old"),
        ("news", "given.jsonl: 'news' is not DATASET/ID, such as news/007"),
        ("a\x1b/9", "given.jsonl: no data set 'a\\x1b'; known: news, news/old"),
    ],
)
def test_an_unknown_sentence_is_refused_with_the_nearest(given: Given, name: str, message: str) -> None:
    with pytest.raises(UsageError) as refused:
        find_samples(given, ["news/9", name])
    assert str(refused.value) == message


def test_names_in_a_refusal_cannot_drive_the_terminal() -> None:
    with pytest.raises(UsageError) as refused:
        find_samples(Given([sentence("\n1", dataset="\x1b[2J")]), ["\x1b[2J/2"])
    assert str(refused.value).isprintable()


def test_the_worst_sentences_come_first_and_equals_in_their_order() -> None:
    one, right, two, same = (
        sentence("1", "B-a", "O"),
        sentence("2", "B-a", "B-a"),
        sentence("3", "B-a O O", "O B-a O"),
        sentence("4", "O", "B-a"),
    )
    ranked = worst_samples(Given([one, right, two, same]), 3)
    assert [(each.sentence.id, dict(each.errors)) for each in ranked] == [
        ("3", {"missed": 1, "spurious": 1}),
        ("1", {"missed": 1}),
        ("4", {"spurious": 1}),
    ]
    assert [each.sentence.id for each in worst_samples(Given([one, right, two, same]), 1)] == ["3"]


def test_only_errors_of_the_chosen_classes_count() -> None:
    ranked = worst_samples(Given([sentence("1", "B-a O", "O B-a"), sentence("2", "B-a", "B-b")]), 9, ["wrong_type"])
    assert [(each.name, each.errors.total()) for each in ranked] == [("news/2", 1)]


def test_tags_of_no_strict_span_are_no_errors_but_text_without_a_place_is() -> None:
    stray = sentence("1", "O", "I-a")
    unplaced = Prediction("news", "test", "2", ("a",), ("w",), ("O",), ("O",), (("x", "a"),))
    assert [each.sentence.id for each in worst_samples(Given([stray, unplaced]), 9)] == ["2"]
