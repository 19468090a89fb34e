from __future__ import annotations

from collections.abc import Sequence

import pytest

from gner_bench.answers import answer_format
from gner_bench.structure import place, structure
from gner_bench.structure.structured import WordDifferences, word_differences


def test_a_label_outside_the_types_becomes_o_and_is_counted() -> None:
    found = structure(["a", "b"], ["person"], "a(B-person) b(B-orther)")
    assert found.match.tags == ["B-person", "O"]
    assert found.unknown_labels == 1


def test_omitted_and_added_words_are_counted() -> None:
    found = structure(["a", "b", "c"], ["x"], "a(O) z(B-x) c(O) c(O)")
    assert (found.match.step, found.omitted_words, found.added_words) == ("lcs", 1, 2)


def test_a_faithful_output_leaves_nothing_to_count() -> None:
    found = structure(["a", "b"], ["x"], "a(B-x) b(I-x)")
    assert (found.unknown_labels, found.omitted_words, found.added_words) == (0, 0, 0)


def test_the_words_and_labels_as_generated_are_kept() -> None:
    found = structure(["a", "b"], ["x"], "a(B-x) z(B-y)")
    assert found.generated == [("a", "B-x"), ("z", "B-y")]


def test_words_that_the_back_tokenizer_changes_are_noticed_in_their_own_case() -> None:
    def without_braces(words: Sequence[str]) -> list[str]:
        return [word.replace("{", "") for word in words]

    found = structure(["X{", "B", "{"], ["x"], "x(B-x) b(O)", without_braces)
    assert found.outside_vocabulary == ("X{", "{")
    assert structure(["B"], ["x"], "b(O)", without_braces).outside_vocabulary == ()
    assert structure(["X{"], ["x"], "x{(O)").outside_vocabulary == ()


def test_runs_of_words_without_counterpart_are_told_apart() -> None:
    words = ["a", "b", "c", "d", "e"]
    found = word_differences(words, structure(words, [], "z(O) a(O) x(O) c(O) y(O) y(O) e(O)"))
    assert found == WordDifferences(["d"], ["z", "y", "y"], [("b", "x")])


def test_nothing_generated_omits_every_word() -> None:
    assert word_differences(["a", "b"], structure(["a", "b"], [], "")) == WordDifferences(["a", "b"], [], [])


def test_an_answer_in_another_target_is_told_in_its_own_pieces() -> None:
    text = "tom(actor) (O) hanks(city) sang"
    structured = structure(["tom", "hanks"], ["actor"], text, None, answer_format("entities"))
    assert structured.labels == ["I-actor", "O"]
    pieces = structured.pieces(text)
    assert "".join(piece.text for piece in pieces) == text
    assert [(piece.kind, piece.index) for piece in pieces if piece.kind != "space"] == [
        ("word", 0),
        ("label", 0),
        ("dropped", None),
        ("word", 1),
        ("label", 1),
        ("tail", None),
    ]


def test_answers_that_are_not_tagged_words_are_placed_and_not_structured() -> None:
    with pytest.raises(TypeError, match="uniner are not words with labels"):
        structure(["a"], ["x"], "[]", None, answer_format("uniner"))
    with pytest.raises(TypeError, match="matched, not placed"):
        place(answer_format("gner").read("a(O)", ["a"], ["x"]), ["a"])
