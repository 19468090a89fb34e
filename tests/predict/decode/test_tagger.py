from __future__ import annotations

import pytest

from gner_bench.predict.decode.tagger import SentenceTags, Tagger, shape

TYPES = ("actor", "genre")


def greedy(sentence: SentenceTags, size: int) -> list[str]:
    tags, previous, last = [], "O", ""
    for index in range(size):
        previous = sentence.guess(index, previous, last)
        last = previous[2:] or last
        tags.append(previous)
    return tags


def test_knows_nothing_at_first() -> None:
    sentence = SentenceTags(Tagger(), ["george", "clooney"], TYPES)
    assert greedy(sentence, 2) == ["O", "O"]
    assert sentence.guess(1, "B-actor", "actor") == "I-actor"
    assert sentence.guess(0, "O", "", ["B-genre", "B-actor"]) == "B-genre"


def test_learns_words_and_their_spans() -> None:
    tagger = Tagger()
    words, tags = ["did", "george", "clooney", "make", "a", "musical"], ["O", "B-actor", "I-actor", "O", "O", "B-genre"]
    for _ in range(8):
        SentenceTags(tagger, words, TYPES).learn(tags)
    assert greedy(SentenceTags(tagger, words, TYPES), 6) == tags
    assert greedy(SentenceTags(tagger, words, ()), 6) == ["O"] * 6


def test_names_only_types_of_the_list() -> None:
    tagger = Tagger()
    for _ in range(5):
        SentenceTags(tagger, ["musical"], TYPES).learn(["B-genre"])
    assert greedy(SentenceTags(tagger, ["musical"], ["actor"]), 1) == ["B-actor"]


@pytest.mark.parametrize("fits", [["O"], ["I-actor"], ["I-genre", "I-actor"], ["B-genre", "O"], ["B-orther"]])
@pytest.mark.parametrize("previous", ["O", "B-actor", "I-orther"])
def test_keeps_to_what_fits(fits: list[str], previous: str) -> None:
    assert SentenceTags(Tagger(), ["x"], TYPES).guess(0, previous, "", fits) in fits


@pytest.mark.parametrize("types", [(), ("actor",), TYPES])
def test_learns_from_anything(types: tuple[str, ...]) -> None:
    SentenceTags(Tagger(), ["a", "b", "c", ""], types).learn([None, "I-actor", "B-orther", "I-genre"])


@pytest.mark.parametrize(
    ("word", "expected"),
    [("Oslo", "Aa"), ("USA", "AA"), ("1990-s", "0-a"), ("Éa", "a"), ("", ""), ("A.B.C.D", "A.A.A.")],
)
def test_shape(word: str, expected: str) -> None:
    assert shape(word) == expected
