from __future__ import annotations

import json
import tracemalloc
from bisect import bisect_left
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gner_bench.structure import match, matching
from gner_bench.structure.matching import longest_common_subsequence

Pair = tuple[int, int, Any]
SENTENCES = st.lists(st.sampled_from("abcde"), max_size=14)


def quadratic_lcs_length(left: Sequence[str], right: Sequence[str]) -> int:
    row = [0] * (len(right) + 1)
    for word in left:
        before = row
        row = [0]
        for index, other in enumerate(right):
            row.append(before[index] + 1 if word == other else max(row[-1], before[index + 1]))
    return row[-1]


def by_patience(expected: Sequence[str], generated: Sequence[str]) -> list[int | None]:
    """The longest common subsequence as the protocol states it: patience sorting with a pair for each placed word."""
    tails: list[int] = []
    newest: list[Pair] = []
    for index, word in enumerate(expected):
        for position in range(len(generated) - 1, -1, -1):
            if generated[position] == word:
                pile = bisect_left(tails, position)
                tails[pile : pile + 1] = [position]
                newest[pile : pile + 1] = [(index, position, newest[pile - 1] if pile else None)]
    sources: list[int | None] = [None] * len(expected)
    pair = newest[-1] if newest else None
    while pair is not None:
        sources[pair[0]] = pair[1]
        pair = pair[2]
    return sources


def numbered(words: Sequence[str]) -> list[str]:
    return [f"B-{index}" for index in range(len(words))]


def test_reference_vectors(shared: Path) -> None:
    vectors = [json.loads(line) for line in (shared / "reference/matching_vectors.jsonl").open(encoding="utf-8")]
    assert len(vectors) == 1500
    for vector in vectors:
        found = match(vector["words"], vector["generated_words"], vector["generated_labels"])
        assert (found.step, found.tags) == (vector["matched_by"], vector["tags"])


def test_equal_words_are_exact_whatever_their_case() -> None:
    found = match(["New", "York"], ["new", "YORK"], ["B-location", "I-location"])
    assert (found.step, found.tags) == ("exact", ["B-location", "I-location"])


def test_dropped_words_become_o() -> None:
    found = match(["a", "b", "c"], ["a", "c"], ["B-x", "I-x"])
    assert (found.step, found.tags, found.sources) == ("subsequence", ["B-x", "O", "I-x"], [0, None, 1])


def test_nothing_generated_is_a_subsequence() -> None:
    assert match(["a"], [], []).step == "subsequence"


def test_changed_and_added_words_go_through_the_longest_common_subsequence() -> None:
    found = match(["a", "b", "c"], ["a", "x", "c", "y"], ["B-1", "B-2", "B-3", "B-4"])
    assert (found.step, found.tags) == ("lcs", ["B-1", "O", "B-3"])


def test_back_tokenization_is_applied_to_the_lower_cased_words_of_the_sentence_alone() -> None:
    seen: list[Sequence[str]] = []

    def without_braces(words: Sequence[str]) -> list[str]:
        seen.append(words)
        return [word.replace("{", "") for word in words]

    found = match(["X{", "b"], ["x", "b{"], ["B-1", "B-2"], without_braces)
    assert seen == [["x{", "b"]]
    assert (found.step, found.tags) == ("lcs", ["B-1", "O"])


def test_labels_must_be_as_many_as_generated_words() -> None:
    with pytest.raises(ValueError, match="2 generated words but 1 labels"):
        match(["a"], ["a", "b"], ["O"])


@given(SENTENCES)
def test_a_faithful_copy_is_exact(words: list[str]) -> None:
    found = match(words, words, numbered(words))
    assert (found.step, found.tags) == ("exact", numbered(words))


@given(SENTENCES, st.data())
def test_any_subsequence_is_placed_whole(words: list[str], data: st.DataObject) -> None:
    kept = [word for word in words if data.draw(st.booleans())]
    found = match(words, kept, numbered(kept))
    assert found.step == ("exact" if len(kept) == len(words) else "subsequence")
    assert [tag for tag in found.tags if tag != "O"] == numbered(kept)


@given(SENTENCES, SENTENCES)
def test_matches_are_common_subsequences_of_greatest_length(words: list[str], generated: list[str]) -> None:
    found = match(words, generated, numbered(generated))
    placed = [(word, source) for word, source in zip(words, found.sources, strict=True) if source is not None]
    assert all(generated[source] == word for word, source in placed)
    assert [source for _, source in placed] == sorted({source for _, source in placed})
    assert len(placed) == quadratic_lcs_length(words, generated)
    assert len(found.tags) == len(words)


# Long and repetitive sentences


@given(st.integers(1, 5), st.data())
@settings(max_examples=200)
def test_of_equally_long_alignments_the_one_of_patience_sorting_is_chosen(kinds: int, data: st.DataObject) -> None:
    words = st.lists(st.sampled_from("abcde"[:kinds] + "z"), max_size=40)
    expected, generated = data.draw(words), data.draw(words)
    assert longest_common_subsequence(expected, generated) == by_patience(expected, generated)


@given(SENTENCES, SENTENCES, st.integers(1, 6))
@settings(max_examples=200)
def test_what_is_kept_of_a_long_sentence_changes_nothing(words: list[str], generated: list[str], kept: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(matching, "KEPT", kept)
        assert longest_common_subsequence(words, generated) == by_patience(words, generated)


def test_ten_thousand_equal_words_are_matched_in_little_time_and_memory() -> None:
    # With the same words everywhere each goes to the one at its place, and the last one is left over.
    words = ["a"] * 10_000
    tracemalloc.start()
    found = match(words, [*words, "a"], ["O"] * 10_001)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (found.step, found.sources, found.cut) == ("lcs", list(range(10_000)), 0)
    assert most < 30_000_000


def test_beyond_the_bound_generated_words_are_left_out_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matching, "MOST", 6)
    found = match(["a", "b"], ["x", "a", "y", "b"], ["O", "B-1", "O", "B-2"])
    assert (found.step, found.tags, found.cut) == ("lcs", ["B-1", "O"], 1)
    assert match(["a", "b"], ["x", "a", "b"], ["O", "B-1", "B-2"]).cut == 0
    assert match(["a"] * 9, ["a"] * 9, ["O"] * 9).step == "exact"
