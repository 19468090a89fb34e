"""Sentences in parts: all words once, no part too large, cut after a sentence or clause where there is one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gner_bench.predict.windows import windows


def test_a_window_ends_after_a_sentence_then_after_a_clause_then_where_it_is_full() -> None:
    words = ["a", "b", ".", "c", "d", ",", "e", "f", "g", "h", "i", "j"]
    assert windows(words, [1] * 12, 12) == [(0, 12)]
    assert windows(words, [1] * 12, 5) == [(0, 3), (3, 6), (6, 11), (11, 12)]
    assert windows(["long", "b"], [9, 1], 4) == [(0, 1), (1, 2)]
    assert windows([], [], 3) == []


@given(st.lists(st.tuples(st.sampled_from(["a", "b.", ",", "?", ""]), st.integers(0, 5))), st.integers(1, 12))
def test_windows_hold_all_words_in_order_and_none_is_too_large(pairs: list[tuple[str, int]], most: int) -> None:
    words, sizes = [word for word, _ in pairs], [size for _, size in pairs]
    parts = windows(words, sizes, most)
    assert [index for first, end in parts for index in range(first, end)] == list(range(len(words)))
    assert all(sum(sizes[first:end]) <= most or end == first + 1 for first, end in parts)
