from __future__ import annotations

import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gner_bench.files import AT_ONCE, to_json
from gner_bench.scoring.statistics import Packed

TEXTS = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=4), max_size=8)


@given(TEXTS, st.slices(8))
def test_it_reads_like_the_list(texts: list[str], some: slice) -> None:
    packed = Packed(texts)
    assert list(packed) == texts
    assert packed[some] == texts[some]
    assert [packed[-1 - place] for place in range(len(texts))] == texts[::-1]
    assert pickle.loads(pickle.dumps(packed)) == packed


@given(TEXTS, TEXTS)
def test_extended_it_holds_both(first: list[str], second: list[str]) -> None:
    packed = Packed(first)
    packed.extend(Packed(second))
    assert packed == Packed(first + second)


def test_there_is_nothing_after_the_end() -> None:
    with pytest.raises(IndexError):
        Packed(["a"])[1]


@given(TEXTS)
def test_it_is_written_as_an_array(texts: list[str]) -> None:
    assert to_json({"ids": Packed(texts)}) == to_json({"ids": texts})


def test_long_ones_are_written_in_parts() -> None:
    texts = [str(number) for number in range(2 * AT_ONCE + 1)]
    assert json.loads(to_json(Packed(texts))) == texts
