"""The targets of the ablation: what a perfect checkpoint writes, and how it is read back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gner_bench.answers.gner import Target, parse_target
from gner_bench.errors import UsageError
from gner_bench.structure import structure

WORDS = ["did", "george", "clooney", "make", "a", "musical"]
TAGS = ["O", "B-actor", "I-actor", "O", "O", "B-genre"]
TYPES = ("actor", "genre")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("entities", "george(actor) clooney(actor) musical(genre)"),
        ("context:1", "did(O) george(actor) clooney(actor) make(O) a(O) musical(genre)"),
        ("full", "did(O) george(actor) clooney(actor) make(O) a(O) musical(genre)"),
        ("full+bio", "did(O) george(B-actor) clooney(I-actor) make(O) a(O) musical(B-genre)"),
        ("full+bioes", "did(O) george(B-actor) clooney(E-actor) make(O) a(O) musical(S-genre)"),
    ],
)
def test_what_a_perfect_checkpoint_writes(name: str, text: str) -> None:
    assert str(parse_target(name)) == name
    assert parse_target(name).perfect(WORDS, TAGS) == text


def test_context_is_cut_at_the_ends_and_between_mentions() -> None:
    tags = ["O"] * 7 + ["B-x", "O", "O", "O"]
    assert parse_target("context:2").perfect(list("abcdefghijk"), tags) == "f(O) g(O) h(x) i(O) j(O)"


@pytest.mark.parametrize("name", ["context:0", "context", "bio", "context:-1", "context:x", ""])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(UsageError, match="context:L"):
        parse_target(name)


def read(text: str, words: list[str], target: Target) -> list[str]:
    return structure(words, TYPES, text, None, target).match.tags


names = st.sampled_from(["entities", "context:1", "context:3", "full", "full+bio", "full+bioes"])
sentences = st.lists(st.sampled_from(["O", "actor", "genre"]), min_size=1, max_size=12).flatmap(
    lambda kinds: st.just([("O" if kind == "O" else f"B-{kind}") for kind in kinds])
)


@given(names, sentences, st.data())
def test_a_perfect_text_is_read_back(name: str, tags: list[str], data: st.DataObject) -> None:
    """Words are distinct, and mentions of one type do not touch: without B and I nothing parts them."""
    for index in range(1, len(tags)):
        if tags[index][2:] == tags[index - 1][2:] and tags[index] != "O":
            tags[index] = f"I-{tags[index][2:]}"
    words = [f"w{index}" for index in range(len(tags))]
    target = parse_target(name)
    assert read(target.perfect(words, tags), words, target) == tags


def test_what_is_not_in_the_list_of_types_is_outside() -> None:
    assert read("did(O) george(city)", ["did", "george"], parse_target("full")) == ["O", "O"]


def test_brackets_in_the_sentence_are_words() -> None:
    words = ["(", "george", ")"]
    for name in ("full", "full+bioes"):
        target = parse_target(name)
        text = target.perfect(words, ["O", "B-actor", "O"])
        assert read(text, words, target) == ["O", "B-actor", "O"]


def test_mentions_that_lay_apart_in_the_sentence_stay_apart() -> None:
    words = ["tom", "met", "ann"]
    assert read("tom(actor) ann(actor)", words, parse_target("entities")) == ["B-actor", "O", "B-actor"]
