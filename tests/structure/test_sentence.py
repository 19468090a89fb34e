from __future__ import annotations

from gner_bench.structure import structure


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
