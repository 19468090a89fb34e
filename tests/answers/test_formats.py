"""Every answer format: what a perfect system writes is read back, and no text makes a reader raise."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gner_bench.answers import ANSWERS, AnswerFormat, Mentions, Question, Tagged, answer_format
from gner_bench.answers.lenient_json import MENDED, UNREADABLE
from gner_bench.bio import lenient_spans
from gner_bench.errors import UsageError
from gner_bench.scoring.counts import entities
from gner_bench.structure import place, structure

NAMES = [name for name in ANSWERS.names() if name != "context"] + ["context:2"]
TYPES = ("person", "music genre")
# Words that no mark of any format can be confused with, since a text that holds such marks is ambiguous.
WORDS = st.text("abcXYZ019.,'-éß東", min_size=1, max_size=6)


def tags_of(format: AnswerFormat, text: str, words: list[str]) -> list[str]:
    answer = format.read(text, words, TYPES)
    return structure(words, TYPES, answer).match.tags if isinstance(answer, Tagged) else place(answer, words).tags


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
@given(words=st.lists(WORDS, min_size=1, max_size=8, unique_by=str.lower), data=st.data())
def test_what_a_perfect_system_writes_is_read_back(name: str, words: list[str], data: st.DataObject) -> None:
    format = answer_format(name)
    kinds = data.draw(st.lists(st.sampled_from(["O", *TYPES]), min_size=len(words), max_size=len(words)))
    tags = [kind if kind == "O" else f"B-{kind}" for kind in kinds]
    for index in range(1, len(tags)):
        if tags[index] != "O" and tags[index - 1][2:] == tags[index][2:]:
            tags[index] = f"I-{kinds[index]}"
    read = tags_of(format, format.perfect(words, tags), words)
    assert entities(words, lenient_spans(read)) == entities(words, lenient_spans(tags))


@pytest.mark.parametrize("name", NAMES)
@given(text=st.text("[]{}()<>/\"'\\,:=ab person\nOBI-10", max_size=40))
def test_no_text_makes_a_reader_raise(name: str, text: str) -> None:
    assert len(tags_of(answer_format(name), text, ["a", "b"])) == 2


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("unnier", "unknown answer format 'unnier'; did you mean 'uniner'?"),
        ("context", "'context' is no answer format; expected context:L with L from 1"),
        ("context:0", "'context:0': expected context:L with L from 1"),
        ("gner:2", "'gner:2' is no answer format; expected gner"),
    ],
)
def test_other_names_are_refused_with_the_nearest(name: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        answer_format(name)
    assert str(caught.value) == message


def test_the_first_editions_name_of_gner_is_known() -> None:
    assert answer_format("full+bio") is answer_format("gner")
    assert answer_format("gner").version == "hierarchical-1"
    assert answer_format("context:3").version == "hierarchical-1/context:3"


def test_formats_that_are_only_read_cannot_be_asked() -> None:
    with pytest.raises(UsageError, match="nothing asks for them"):
        answer_format("uniner").ask(Question(["Ann"], TYPES))


def test_answers_to_several_questions_are_an_array_in_the_order_of_the_types() -> None:
    answer = answer_format("uniner").read('["[\\"Ann\\"]", "[\'jazz\'"]', ["Ann"], TYPES)
    assert answer == Mentions([("Ann", "person"), ("jazz", "music genre")], [MENDED])
    assert answer_format("uniner").read("Ann", ["Ann"], TYPES) == Mentions([], [UNREADABLE])
    assert answer_format("uniner").read("none", ["Ann"], TYPES) == Mentions([], [])


def test_spans_may_be_of_words_or_characters_and_have_scores() -> None:
    words = ["Ann", "saw", "Oslo"]
    for text in ('[[0, 0, "person", 0.5]]', '[{"start": 0, "end": 3, "label": "person", "score": 0.5}]'):
        placed = place(answer_format("spans").read(text, words, TYPES), words)
        assert (placed.tags, placed.confidence) == (["B-person", "O", "O"], [0.5, 1.0, 1.0])
    stray = place(answer_format("spans").read('[[0, 3, "person"], [true, 1, "x"], 3]', words, TYPES), words)
    assert (stray.tags, stray.noted.total()) == (["O"] * 3, 3)
    assert isinstance(stray.noted, Counter)
