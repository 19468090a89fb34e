"""Every answer format: what a perfect system writes is read back, and no text makes a reader raise."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gner_bench.answers import ANSWERS, AnswerFormat, Mentions, Question, Tagged, answer_format
from gner_bench.answers.by_type import texts_by_type
from gner_bench.answers.front import read_answer, reading_of
from gner_bench.answers.lenient_json import EMPTY, MENDED, UNREADABLE
from gner_bench.bio import lenient_spans
from gner_bench.errors import UsageError
from gner_bench.scoring.counts import entities
from gner_bench.structure import place, structure

NAMES = [name for name in ANSWERS.names() if name != "context"] + ["context:2"]
TYPES = ("person", "music genre")
# Words that no mark of any format can be confused with, since a text that holds such marks is ambiguous.
WORDS = st.text("abcXYZ019.,'-éß東", min_size=1, max_size=6)
QUOTED = st.text("abX0.,;:'\"\\()[]{}<>=/|*-éß東", min_size=1, max_size=5).filter(lambda word: word.strip(",;:"))
"""Words of all marks: those formats hold them that put mentions in quotes."""
QUOTING = ("json", "uniner", "slimer", "gollie", "spans")


def tags_of(format: AnswerFormat, text: str, words: Sequence[str], rule: str = "raw") -> list[str]:
    answer = format.read(text, words, TYPES) if rule == "raw" else read_answer(format, text, words, TYPES, "mended")
    return structure(words, TYPES, answer).match.tags if isinstance(answer, Tagged) else place(answer, words).tags


def drawn_tags(data: st.DataObject, words: Sequence[str]) -> list[str]:
    kinds = data.draw(st.lists(st.sampled_from(["O", *TYPES]), min_size=len(words), max_size=len(words)))
    tags = [kind if kind == "O" else f"B-{kind}" for kind in kinds]
    for index in range(1, len(tags)):
        if tags[index] != "O" and tags[index - 1][2:] == tags[index][2:]:
            tags[index] = f"I-{kinds[index]}"
    return tags


@pytest.mark.slow
@pytest.mark.parametrize("rule", ["raw", "mended"])
@pytest.mark.parametrize("name", NAMES)
@given(words=st.lists(WORDS, min_size=1, max_size=8, unique_by=str.lower), data=st.data())
def test_what_a_perfect_system_writes_is_read_back(name: str, rule: str, words: list[str], data: st.DataObject) -> None:
    format, tags = answer_format(name), drawn_tags(data, words)
    read = tags_of(format, format.perfect(words, tags), words, rule)
    assert entities(words, lenient_spans(read)) == entities(words, lenient_spans(tags))


@pytest.mark.parametrize("name", QUOTING)
@given(words=st.lists(QUOTED, min_size=1, max_size=6), data=st.data())
def test_mentions_in_quotes_hold_any_mark_and_may_repeat(name: str, words: list[str], data: st.DataObject) -> None:
    """All but the places: a text under two types, or within another, is read but is at the words of the first."""
    format, tags = answer_format(name), drawn_tags(data, words)
    answer = format.read(format.perfect(words, tags), words, TYPES)
    texts = texts_by_type(words, tags)
    wanted = {(text, kind) for kind, several in texts.items() for text in several}
    if isinstance(answer, Mentions):
        assert set(answer.mentions) == wanted
        assert list(answer.notes) == []
    else:
        assert place(answer, words).tags == tags


@pytest.mark.parametrize("name", ["uniner", "slimer"])
@given(words=st.lists(QUOTED, min_size=1, max_size=6), data=st.data())
def test_the_answers_to_several_questions_are_read_back(name: str, words: list[str], data: st.DataObject) -> None:
    texts = texts_by_type(words, drawn_tags(data, words), TYPES)
    answers = json.dumps([json.dumps(texts[kind]) for kind in TYPES])
    answer = read_answer(answer_format(name), answers, [], TYPES, "raw")
    assert isinstance(answer, Mentions)
    assert list(answer.mentions) == [(text, kind) for kind in TYPES for text in texts[kind]]


TEXTS = st.text("[]{}()<>/\"'\\,:;=|*-#`ab person\nOBI-10", max_size=60) | st.text(max_size=30)


@pytest.mark.parametrize("name", NAMES)
@given(text=TEXTS)
def test_no_text_makes_a_reader_raise(name: str, text: str) -> None:
    format = answer_format(name)
    for written in (text, json.dumps([text, text]), f"<think>{text}", f"Person({text}", f"<person>{text}", f"- {text}"):
        assert len(tags_of(format, written, ["a", "b"])) == 2
        answer = read_answer(format, written, ["a", "b"], TYPES, "mended")
        assert reading_of(format, written, answer) in ("as_is", "mended", "partly_read", "unread", "empty")


@pytest.mark.parametrize("name", ["gner", "json", "list", "gollie", "inline"])
def test_brackets_in_brackets_are_no_mention(name: str) -> None:
    for text in ("[" * 300, "(" * 300, '{"a":' * 300, "Person(" * 300, "<a>" * 300, "Person(span=[" * 300):
        assert tags_of(answer_format(name), text, ["a", "b"], "mended") == ["O", "O"]


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


def test_a_format_that_is_only_read_cannot_be_asked() -> None:
    with pytest.raises(UsageError, match="nothing asks for them"):
        answer_format("list").ask(Question(["Ann"], TYPES))


def test_answers_to_several_questions_are_an_array_in_the_order_of_the_types() -> None:
    answer = answer_format("uniner").read('["[\\"Ann\\"]", "[\'jazz\'"]', ["Ann"], TYPES)
    assert answer == Mentions([("Ann", "person"), ("jazz", "music genre")], [MENDED])
    assert answer_format("uniner").read("Ann", ["Ann"], TYPES) == Mentions([], [UNREADABLE])
    assert answer_format("uniner").read("none", ["Ann"], TYPES) == Mentions([], [])


@pytest.mark.parametrize(
    ("name", "text", "reading"),
    [
        ("json", '{"person": ["Ann"]}', "as_is"),
        ("json", "{}", "as_is"),
        ("json", "None", "as_is"),
        ("json", "{'person': ['Ann']}", "mended"),
        ("json", "```json\n{}\n```", "mended"),
        ("json", '{"Person": ["Ann"]}', "mended"),
        ("json", "- person: Ann", "mended"),
        ("json", '{"person": ["Ann", "fr', "partly_read"),
        ("json", '{"person": ["Ann", true]}', "partly_read"),
        ("json", '{"person": true}', "partly_read"),
        ("json", "I cannot do that.", "unread"),
        ("json", "<think>{}", "unread"),
        ("json", " ", "empty"),
        ("list", "person: Ann; music genre: jazz", "as_is"),
        ("list", "None", "as_is"),
        ("list", "person: Ann; and more", "partly_read"),
        ("list", "I cannot.", "unread"),
        ("list", "", "empty"),
        ("gollie", '[Person(span="Ann")]', "as_is"),
        ("gollie", "[]", "as_is"),
        ("gollie", '[Person(span="Ann")', "mended"),
        ("gollie", '[Person(span="Ann"), Person(span="B', "partly_read"),
        ("gollie", "Nothing was asked.", "unread"),
        ("gollie", "", "empty"),
        ("inline", "<person>Ann</person> likes jazz", "as_is"),
        ("inline", "Ann likes jazz", "as_is"),
        ("inline", "[Ann](person) likes jazz", "mended"),
        ("inline", "<person>Ann likes jazz", "partly_read"),
        ("inline", "I cannot do that.", "unread"),
        ("inline", "", "empty"),
        ("uniner", '["[\\"Ann\\"]", "[]"]', "as_is"),
        ("uniner", '["[\\"Ann\\"]", "I cannot."]', "partly_read"),
        ("uniner", '["[\\"Ann\\"]", ""]', "partly_read"),
        ("uniner", '["I cannot.", "I cannot."]', "unread"),
        ("uniner", '["", ""]', "empty"),
        ("gner", "Ann(B-person) likes(O) jazz(O)", "as_is"),
        ("gner", "<think>Hm(O).</think>Ann(B-person) likes(O) jazz(O)", "mended"),
        ("gner", "I cannot do that.", "unread"),
        ("gner", "", "empty"),
    ],
)
def test_an_answer_is_read_as_it_is_mended_in_part_or_not_at_all(name: str, text: str, reading: str) -> None:
    format = answer_format(name)
    answer = read_answer(format, text, ["Ann", "likes", "jazz"], TYPES, "mended")
    assert reading_of(format, text, answer) == reading
    if reading in ("unread", "empty") and not isinstance(answer, Tagged):
        assert {EMPTY, UNREADABLE}.intersection(answer.notes)


def test_spans_may_be_of_words_or_characters_and_have_scores() -> None:
    words = ["Ann", "saw", "Oslo"]
    for text in ('[[0, 0, "person", 0.5]]', '[{"start": 0, "end": 3, "label": "person", "score": 0.5}]'):
        placed = place(answer_format("spans").read(text, words, TYPES), words)
        assert (placed.tags, placed.confidence) == (["B-person", "O", "O"], [0.5, 1.0, 1.0])
    stray = place(answer_format("spans").read('[[0, 3, "person"], [true, 1, "x"], 3]', words, TYPES), words)
    assert (stray.tags, stray.noted.total()) == (["O"] * 3, 3)
    assert isinstance(stray.noted, Counter)
