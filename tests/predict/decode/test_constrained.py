from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gner_bench.errors import GnerBenchError
from gner_bench.predict.decode.constrained import ConstrainedSentence
from gner_bench.predict.decode.draft import Drafter
from gner_bench.predict.decode.units import Units

END = 1


def units(merged: str = "") -> Units:
    """Units of single characters after a space; ``¤`` is not in the vocabulary, ``merged`` is one token."""

    def encode(texts: list[str]) -> list[list[int]]:
        spaced = (f" {text}".replace(merged, "\ue000") if merged else f" {text}" for text in texts)
        return [[ord(c) for c in text if c != "¤"] for text in spaced]

    return Units(encode, lambda ids: "".join(map(chr, ids)), END)


def decode(sentence: ConstrainedSentence, most: int, chance: random.Random) -> tuple[str, int]:
    """Let a model with random preferences write; the text and the number of passes."""
    text, passes = "", 0
    while not sentence.done:
        draft, allowed = sentence.propose(most), sentence.allowed
        assert len(draft) <= most
        assert len(allowed) == len(draft) + 1
        assert all(token in ids for token, ids in zip(draft, allowed, strict=False))
        choices = [chance.choice(ids) for ids in allowed]
        same = next((j for j, token in enumerate(draft) if token != choices[j]), len(draft))
        probabilities = [chance.random() if len(ids) > 1 else 1.0 for ids in allowed]
        sentence.advance(choices[: same + 1], choices, probabilities[: same + 1])
        text += "".join(chr(token) for token in choices[: same + 1] if token != END)
        passes += 1
    return text, passes


def legal(tags: Sequence[str], types: Sequence[str]) -> bool:
    before = ["O", *tags]
    return all(
        tag == "O" or (tag[2:] in types and (tag[0] == "B" or previous[2:] == tag[2:]))
        for previous, tag in zip(before, tags, strict=False)
    )


@given(
    st.lists(st.text("ab(O).¤ ", max_size=4), max_size=12),
    st.lists(st.sampled_from(["x", "xy", "y z", "I-x"]), max_size=3, unique=True),
    st.integers(0, 40),
    st.booleans(),
    st.sampled_from(["", ".(", "(B"]),
    st.randoms(use_true_random=False),
)
def test_writes_legal_tags_after_the_words_in_order(
    words: list[str], types: list[str], most: int, guess: bool, merged: str, chance: random.Random
) -> None:
    made = units(merged)
    draft = Drafter(made).sentence("d", words, types) if guess else None
    sentence = ConstrainedSentence(made, words, types, draft)
    text, passes = decode(sentence, most, chance)
    assert len(sentence.tags) == len(sentence.confidence) == len(words)
    assert legal(sentence.tags, types)
    assert all(0 <= probability <= 1 for probability in sentence.confidence)
    written = "".join(f" {word}({tag})" for word, tag in zip(words, sentence.tags, strict=True))
    assert text == (written.replace(merged, "\ue000") if merged else written).replace("¤", "")
    assert passes <= len(text) + 1


def test_only_tags_are_chosen() -> None:
    sentence = ConstrainedSentence(units(), ["hi", "you"], ["x"], None)
    assert "".join(map(chr, sentence.propose(50))) == " hi(O) you(O)"
    choices = [sorted(map(chr, ids)) for ids in sentence.allowed if len(ids) > 1]
    assert choices == [["B", "O"], ["B", "O"]]
    assert sentence.allowed[-1] == (END,)


def test_confidence_is_the_product_over_the_tag() -> None:
    sentence = ConstrainedSentence(units(), ["a"], ["xy", "xz"], None)
    sentence.propose(50)
    text = " a(B-xz)"
    sentence.advance(list(map(ord, text)), [], [1, 1, 1, 0.5, 1, 1, 0.25, 1])
    assert (sentence.done, sentence.tags, sentence.confidence) == (True, ["B-xz"], [0.125])
    assert (sentence.propose(5), sentence.allowed) == ([], [(END,)])


def test_of_types_with_the_same_ids_the_first_stands_for_both() -> None:
    sentence = ConstrainedSentence(units(), ["a"], ["x¤", "x"], None)
    sentence.propose(0)
    sentence.advance(list(map(ord, " a(B-x)")), [], [1.0] * 7)
    assert sentence.tags == ["B-x¤"]


def test_a_type_that_goes_on_after_another_tag_cannot_be_had() -> None:
    sentence = ConstrainedSentence(units(), ["a"], ["x", "x)y"], None)
    sentence.advance(list(map(ord, " a(B-x)")), [], [1.0] * 7)
    assert (sentence.done, sentence.tags) == (True, ["B-x"])


def test_words_without_ids_are_done_at_once() -> None:
    nothing = Units(lambda texts: [[] for _ in texts], lambda ids: "", END)
    sentence = ConstrainedSentence(nothing, ["a", "b"], ["x"], None)
    assert (sentence.done, sentence.tags, sentence.confidence) == (True, ["O", "O"], [1.0, 1.0])


def test_refuses_a_token_that_is_not_allowed() -> None:
    sentence = ConstrainedSentence(units(), ["a"], ["x"], None)
    sentence.propose(3)
    with pytest.raises(GnerBenchError, match="not allowed"):
        sentence.advance([ord("?")], [], [1.0])


def test_learns_from_finished_sentences() -> None:
    made = units()
    drafter = Drafter(made)
    for _ in range(8):
        sentence = ConstrainedSentence(made, ["see", "rome"], ["x"], drafter.sentence("d", ["see", "rome"], ["x"]))
        draft = "".join(map(chr, sentence.propose(100)))
        written = list(map(ord, " see(O) rome(B-x)"))
        sentence.advance(written, [], [1.0] * len(written))
    assert draft == " see(O) rome(B-x)"
