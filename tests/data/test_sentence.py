from __future__ import annotations

import hashlib
import json

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gner_bench.data import Dataset, Sentence
from gner_bench.data.sentence import content_hash, short_hash

Tagged = tuple[tuple[str, ...], tuple[str, ...]]

WORD = st.text(st.characters(codec="utf-8", exclude_categories=("Cc",)), min_size=1)
TAG = st.sampled_from(["O", "B-person", "I-person", "B-programming language"])
SENTENCE = st.lists(st.tuples(WORD, TAG), min_size=1, max_size=5).map(
    lambda rows: (tuple(word for word, _ in rows), tuple(tag for _, tag in rows))
)
CORPUS = st.lists(SENTENCE, min_size=1, max_size=6)


def replaced(items: tuple[str, ...], index: int, value: str) -> tuple[str, ...]:
    return (*items[:index], value, *items[index + 1 :])


@given(CORPUS.flatmap(lambda corpus: st.tuples(st.just(corpus), st.permutations(corpus))))
def test_the_content_hash_does_not_depend_on_the_order(corpora: tuple[list[Tagged], list[Tagged]]) -> None:
    corpus, shuffled = corpora
    assert content_hash(shuffled) == content_hash(corpus)


@given(CORPUS, st.data(), WORD)
def test_the_content_hash_changes_with_any_word(corpus: list[Tagged], data: st.DataObject, word: str) -> None:
    (words, tags), *others = data.draw(st.permutations(corpus))
    index = data.draw(st.integers(0, len(words) - 1))
    assume(words[index] != word)
    assert content_hash([(replaced(words, index, word), tags), *others]) != content_hash(corpus)


@pytest.mark.slow
@given(CORPUS, st.data(), TAG)
def test_the_content_hash_changes_with_any_tag(corpus: list[Tagged], data: st.DataObject, tag: str) -> None:
    (words, tags), *others = data.draw(st.permutations(corpus))
    index = data.draw(st.integers(0, len(tags) - 1))
    assume(tags[index] != tag)
    assert content_hash([(words, replaced(tags, index, tag)), *others]) != content_hash(corpus)


@given(CORPUS, SENTENCE)
def test_the_content_hash_changes_with_another_sentence(corpus: list[Tagged], sentence: Tagged) -> None:
    assert content_hash([*corpus, sentence]) != content_hash(corpus)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param([(("a b", "c"), ("O", "O"))], [(("a", "b c"), ("O", "O"))], id="spaces in words"),
        pytest.param([(("a", "b"), ("O", "O"))], [(("a",), ("O",)), (("b",), ("O",))], id="sentence ends"),
        pytest.param([(("a",), ("O",))], [(("A",), ("O",))], id="case"),
        pytest.param([(("a",), ("O",))] * 2, [(("a",), ("O",))], id="a second copy"),
    ],
)
def test_the_content_hash_tells_apart(one: list[Tagged], other: list[Tagged]) -> None:
    assert content_hash(one) != content_hash(other)


def test_the_content_hash_is_the_same_everywhere() -> None:
    expected = "5025ee07c6a8572b20d04a93b194b8b3a83c2b0027fa773092f5189886374de5"
    assert content_hash([(("Zoë", "ran"), ("B-person", "O"))]) == expected


def test_ids_names_and_splits_are_not_part_of_the_content() -> None:
    def dataset(id: str, name: str, split: str) -> Dataset:
        return Dataset(name, split, ("person",), (Sentence(id, ("Ann",), ("B-person",)),))

    assert dataset("0", "a", "dev").content_hash == dataset("9", "b", "test").content_hash


@given(st.lists(st.text(st.characters(codec="utf-8")) | st.sampled_from(['a", "b', "\\", '"', "\x7f", "\n", ""])))
def test_hashes_are_those_of_the_words_as_json(words: list[str]) -> None:
    assert short_hash(words) == hashlib.sha256(json.dumps(words).encode()).hexdigest()[:12]
    both = json.dumps([words, words]).encode()
    assert content_hash([(words, words)]) == hashlib.sha256(both).hexdigest()
