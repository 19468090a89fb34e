from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gner_bench.api import load_predictions, score
from gner_bench.data.sentence import Dataset, Sentence
from gner_bench.documents.scores import Resampling
from gner_bench.errors import InputError, UsageError
from gner_bench.scoring.gold import Gold, differing, with_gold
from gner_bench.scoring.predictions import Prediction
from gner_bench.scoring.signature import signature_fields

from .sentences import Given, given_sets, sentence

HERE = sentence("B-person O O", "B-person O B-place", "Ann left Oslo", types=("person", "place"))
NEWS = given_sets(news=[HERE, HERE])


def gold_of(*tags: str, words: str = "Ann left Oslo", types: tuple[str, ...] = ("person", "place")) -> Dataset:
    sentences = tuple(Sentence(str(i), tuple(words.split()), tuple(each.split())) for i, each in enumerate(tags))
    return Dataset("news", "test", types, sentences)


def refused(predictions: Given, *gold: Dataset) -> str:
    with pytest.raises((InputError, UsageError)) as caught:
        with_gold(predictions, gold)
    return str(caught.value)


def test_the_tags_of_the_other_gold_are_scored() -> None:
    found = list(with_gold(NEWS, [gold_of("B-person O O", "O O B-place")]))
    assert [each.gold for each in found] == [("B-person", "O", "O"), ("O", "O", "B-place")]
    assert [replace(each, gold=HERE.gold) for each in found] == list(NEWS)


def test_the_same_gold_changes_no_score() -> None:
    kept = with_gold(NEWS, [gold_of("B-person O O", "B-person O O")])
    first, second = (score(each).sets["news"] for each in (NEWS, kept))
    assert (first.content_hash, first.keys) == (second.content_hash, second.keys)
    assert first.statistics == second.statistics


def test_types_that_the_prompt_lacks_join_it_and_are_told() -> None:
    found = with_gold(NEWS, [gold_of("B-misc O O", "O O B-misc", types=("person", "place", "misc"))])
    assert [each.types for each in found] == [("person", "place", "misc")] * 2
    assert "gold entities of types that the prompts did not ask for: 'misc' (2)" in found.origin.warnings
    assert signature_fields(score(found), Resampling())["misc"] == "kept"


def test_a_set_that_the_gold_lacks_keeps_its_own_and_this_is_told() -> None:
    both = given_sets(news=[HERE], films=[HERE])
    found = with_gold(both, [gold_of("O O O")])
    assert {each.dataset: each.gold for each in found} == {"news": ("O",) * 3, "films": HERE.gold}
    assert "gold tags are the file's own, since the gold lacks the data set: films/test" in found.origin.warnings
    assert found.origin.planned == {"news": 1}


def test_a_sentence_of_which_a_word_differs_is_told_and_keeps_the_words_of_the_predictions() -> None:
    found = with_gold(given_sets(news=[HERE]), [gold_of("O O B-place", words="Anne left Oslo")])
    (only,) = found
    assert (only.words, only.gold) == (("Ann", "left", "Oslo"), ("O", "O", "B-place"))
    assert "sentence '0' of news/test: word 1 is 'Ann', in the gold 'Anne'" in found.origin.warnings[-1]


def test_a_record_without_split_is_of_the_only_split_of_that_name() -> None:
    unknown = Given([replace(HERE, split="unknown", file=Path("p.jsonl"), line=1)])
    assert [each.split for each in with_gold(unknown, [gold_of("O O O")])] == ["test"]
    dev = replace(gold_of("O O O"), split="dev")
    assert refused(unknown, gold_of("O O O"), dev) == (
        "p.jsonl, line 1: split: is missing, and the gold has test and dev of news"
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"id": "7"}, "p.jsonl, line 3: instance.id: sentence '7' is not in the gold of news/test"),
        (
            {"words": ("Bob", "saw", "Oslo")},
            "p.jsonl, line 3: instance.words: sentence '0' of news/test has other words in the gold:"
            " word 1 is 'Bob', in the gold 'Ann'",
        ),
        (
            {"words": ("Ann", "left")},
            "p.jsonl, line 3: instance.words: sentence '0' of news/test has other words in the gold:"
            " 2 words, 3 in the gold",
        ),
    ],
)
def test_a_sentence_that_is_not_the_golds_is_refused(change: dict[str, object], message: str) -> None:
    wrong: Prediction = replace(HERE, file=Path("p.jsonl"), line=3, **change)  # type: ignore[arg-type]
    assert refused(Given([wrong]), gold_of("O O O")) == message


def test_gold_of_other_sets_and_gold_given_twice_are_refused() -> None:
    films = replace(gold_of("O O O"), name="films")
    assert refused(NEWS, films) == "no prediction is of a data set of the gold; predicted: news/test; gold: films/test"
    assert refused(NEWS, films, films) == "the gold of films/test is given twice"


def test_sentences_are_the_same_while_fewer_than_half_of_their_words_differ() -> None:
    assert differing("abc", "abc") == []
    assert differing("abc", "abd") == [2]
    assert differing("ab", "ac") is None
    assert differing("abc", "ab") is None


@pytest.mark.slow
def test_misc_can_be_kept_on_real_predictions(shared: Path) -> None:
    file = shared / "predictions" / "gner-t5-large.dev700.jsonl"
    raw = shared / "data" / "raw" / "crossner"
    domains = ("ai", "literature", "music", "politics", "science")
    paths = tuple(raw / domain / "dev.txt" for domain in domains)
    names = tuple(f"crossner_{domain}" for domain in domains)
    own = score(load_predictions(file))
    dropped = score(load_predictions(file, gold=Gold(paths, names)))
    kept = score(load_predictions(file, gold=Gold(paths, names, keep_misc=True)))
    for name, each in own.sets.items():
        assert dropped.sets[name].statistics == each.statistics
        assert (kept.sets[name].content_hash == each.content_hash) == name.startswith("mit")
    said = " ".join(kept.origin.warnings)
    assert "'misc' (258)" in said
    assert "word 43 is 'self-organization', in the gold 'self-organisation'" in said
