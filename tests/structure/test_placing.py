"""Mentions without places on the words of a sentence, by the rules of docs/answers.md."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gner_bench.answers import Mentions
from gner_bench.bio import lenient_spans
from gner_bench.structure import place
from gner_bench.structure.placing import MISSING, TAKEN


def tags(words: str, *mentions: tuple[str, str]) -> str:
    return " ".join(place(Mentions(mentions), words.split()).tags)


@pytest.mark.parametrize(
    ("words", "mentions", "wanted"),
    [
        # Repeated: at every occurrence, once however often it is listed.
        ("Rio or Rio", [("Rio", "a")], "B-a O B-a"),
        ("Rio or Rio", [("Rio", "a"), ("Rio", "a")], "B-a O B-a"),
        ("ha ha ha", [("ha ha", "a")], "B-a I-a O"),
        # Case counts unless no occurrence has it; then white space does not.
        ("May or may", [("may", "a")], "O O B-a"),
        ("May or MAY", [("may", "a")], "B-a O B-a"),
        ("the U. S. of", [("U.S.", "a")], "O B-a I-a O"),
        ("the U.S. of", [("U. S.", "a")], "O B-a O"),
        # Partial words are no place.
        ("in Yorkshire", [("York", "a")], "O O"),
        ("New Yorkers", [("New York", "a")], "O O"),
        ("the U.S. of", [("U.S", "a")], "O O O"),
        # Longer first, then the order of the answer; an occurrence that is taken is skipped.
        ("Rio de Janeiro or Rio", [("Rio", "a"), ("Rio de Janeiro", "b")], "B-b I-b I-b O B-a"),
        ("a b c", [("a b", "x"), ("b c", "y")], "B-x I-x O"),
        ("a b c", [("b c", "y"), ("a b", "x")], "O B-y I-y"),
        ("Paris", [("Paris", "x"), ("Paris", "y")], "B-x"),
        # Neighbours stay two.
        ("Rio Oslo", [("Rio", "a"), ("Oslo", "a")], "B-a B-a"),
    ],
)
def test_where_mentions_are_placed(words: str, mentions: list[tuple[str, str]], wanted: str) -> None:
    assert tags(words, *mentions) == wanted


def test_what_has_no_place_counts_as_predicted_and_is_told() -> None:
    mentions = [("Oslo", "x"), ("Paris", "x"), ("Paris", "y"), ("", "x"), ("York", "x"), ("?", "x")]
    placed = place(Mentions(mentions), ["Paris", "Yorkshire"])
    assert placed.tags == ["B-x", "O"]
    assert sorted(placed.unplaced) == [("", "x"), ("?", "x"), ("Oslo", "x"), ("Paris", "y"), ("York", "x")]
    assert placed.noted == {MISSING: 4, TAKEN: 1}


@given(
    st.lists(st.sampled_from(["a", "A", "b", "ab", "B."]), max_size=8),
    st.lists(st.tuples(st.sampled_from(["a", "b", "a b", "ab", "B. a", "c"]), st.sampled_from("xy")), max_size=5),
)
def test_every_mention_has_a_place_or_is_unplaced_and_none_is_invented(
    words: list[str], mentions: list[tuple[str, str]]
) -> None:
    placed = place(Mentions(mentions), words)
    squeezed = {("".join(text.split()).lower(), kind) for text, kind in mentions}
    found = {("".join(words[first:end]).lower(), kind) for first, end, kind in lenient_spans(placed.tags)}
    unplaced = {("".join(text.split()).lower(), kind) for text, kind in placed.unplaced}
    assert found <= squeezed
    assert found | unplaced == squeezed
