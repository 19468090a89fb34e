from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gner_bench.answers import gner
from gner_bench.answers.gner import label_faults, tagged_text
from gner_bench.structure import parse_generation

WORDS = st.text("abcXYZ019.,'-éß東", min_size=1, max_size=8)
LABELS = st.sampled_from(["O", "B-person", "I-person", "B-music genre", "I-music genre"])


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("did(O) george(B-actor) clooney(I-actor)", [("did", "O"), ("george", "B-actor"), ("clooney", "I-actor")]),
        ("", []),
        ("no label at all", []),
        ("a(O) (O) b(O)", [("a", "O"), ("b", "O")]),
        ("two words(B-x) rest", [("two words", "B-x")]),
        ("((O) )(O)", [("(", "O"), (")", "O")]),
        ("a(B-x\n)(O)", [("a(B-x\n)", "O")]),
        ("john(B-person smith(I-person) x(O)", [("john", "B-person smith(I-person"), ("x", "O")]),
        ("a(B-) b(E-x) c(o) d(O)", [("a", "B-"), ("b(E-x) c(o) d", "O")]),
    ],
)
def test_labels_end_words(text: str, pairs: list[tuple[str, str]]) -> None:
    assert parse_generation(text) == pairs


def test_reference_vectors(shared: Path) -> None:
    vectors = [json.loads(line) for line in (shared / "reference/parsing_vectors.jsonl").open(encoding="utf-8")]
    assert len(vectors) == 600
    for vector in vectors:
        assert parse_generation(vector["text"]) == list(zip(vector["words"], vector["labels"], strict=True))


@given(st.lists(st.tuples(WORDS, LABELS), max_size=30))
def test_what_a_perfect_checkpoint_writes_is_read_back(pairs: list[tuple[str, str]]) -> None:
    text = tagged_text([word for word, _ in pairs], [label for _, label in pairs])
    assert parse_generation(text) == pairs


@given(st.text("ab (O)B-I\n", max_size=60))
def test_any_text_gives_stripped_words_with_labels(text: str) -> None:
    for word, label in parse_generation(text):
        assert word == word.strip() != ""
        assert label == "O" or label.startswith(("B-", "I-"))
        assert "\n" not in label


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("a(O) b(B-person) c(I-person)", {}),
        ("", {}),
        ("a ( b ) c", {}),
        ("((O) 1999(O) )(O) (O)(O)", {"without_word": 2}),
        ("a(o) b(O)", {"unread": 1}),
        ("a(b-person) b(E-person) c(B_person) d(B: person) e(O)", {"unread": 4}),
        ("a(person) b(Person) c(place) d(O)", {"unread": 2}),
        ("(1999)(O) (etc.)(O) (T-shirt)(O) (both-ways)(O)", {}),
        ("john(B-person smith(I-person) x(O)", {"unclosed": 1}),
        ("a(B-x\n)(O)", {"unclosed": 1}),
        ("a(O) b(B-per", {"unclosed": 1}),
        ("a(O) b(I", {"unclosed": 1}),
        ("a(O) b(", {}),
        ("a(B-) b(I-) c(I- )", {"empty_type": 3}),
        ("(O) a(O) (B-person)", {"without_word": 2}),
    ],
)
def test_malformed_labels(text: str, faults: dict[str, int]) -> None:
    assert +label_faults(text, parse_generation(text), ["person"]) == faults


@given(st.lists(st.tuples(WORDS, LABELS), max_size=30))
def test_what_a_perfect_checkpoint_writes_has_no_malformed_label(pairs: list[tuple[str, str]]) -> None:
    text = tagged_text([word for word, _ in pairs], [label for _, label in pairs])
    assert not label_faults(text, pairs, ["person", "music genre"])


@given(st.text(alphabet="(OBI-)x \n", max_size=40))
@settings(max_examples=300)
def test_texts_of_many_brackets_are_read_as_others(text: str) -> None:
    expected = parse_generation(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gner, "MANY", 0)
        assert parse_generation(text) == expected


def test_a_hundred_thousand_labels_that_never_close_are_read_in_a_moment() -> None:
    text = "a(B-x " * 100_000
    assert parse_generation(text) == []
    assert parse_generation(f"{text}\nb(O) {text}")[0][1] == "O"
