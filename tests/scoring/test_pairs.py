from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from gner_bench.scoring.paired import Difference
from gner_bench.scoring.pairs import Pairs, letters, pairs_of


def test_letters_by_hand() -> None:
    assert letters("abc", []) == {"a": "a", "b": "a", "c": "a"}
    assert letters("abc", [("a", "c")]) == {"a": "a", "b": "ab", "c": "b"}
    assert letters("abc", [("a", "b"), ("a", "c"), ("b", "c")]) == {"a": "a", "b": "b", "c": "c"}
    assert letters("a", []) == {"a": "a"}


@given(st.sets(st.tuples(st.integers(0, 6), st.integers(0, 6)).filter(lambda pair: pair[0] < pair[1])))
def test_systems_share_a_letter_where_they_do_not_differ(differ: set[tuple[int, int]]) -> None:
    systems = [str(i) for i in range(7)]
    found = letters(systems, [(str(i), str(j)) for i, j in differ])
    for i, j in combinations(range(7), 2):
        assert bool(set(found[str(i)]) & set(found[str(j)])) is ((i, j) not in differ)
    # No letter says what another says already.
    groups = {mark: {system for system in systems if mark in found[system]} for mark in "".join(found.values())}
    assert not any(one < other for one in groups.values() for other in groups.values())


def test_more_letters_than_there_are_become_numbers() -> None:
    systems = [str(i) for i in range(54)]
    found = letters(systems, list(combinations(systems, 2)))
    assert [found["0"], found["26"], found["51"], found["52"]] == ["a", "A", "Z", "(53)"]


def test_a_pair_is_turned() -> None:
    mean = Difference("mean", 0.5, 0.6, 0.1, (-0.1, 0.3), 0.4, 0.3, None, 0.2)
    pairs = Pairs(("A", "B", "C"), {("A", "B"): [mean]})
    turned = pairs.difference(0, "B", "A")
    assert turned is not None
    assert (turned.first, turned.second, turned.difference, turned.interval) == (0.6, 0.5, -0.1, (-0.3, 0.1))
    assert pairs.difference(0, "A", "C") is None
    assert pairs.f1(0) == {"B": 0.6, "A": 0.5}
    assert pairs.letters() == [{"A": "a", "B": "a"}]


def test_systems_may_have_their_data_sets_in_another_order() -> None:
    def of(*names: str) -> list[Difference]:
        return [Difference(name, len(name), 0, 0, (0, 0), 0.4, 0.3, None, 0.2) for name in names]

    pairs = pairs_of("ABC", {("A", "B"): of("a", "bb", "mean"), ("B", "C"): of("bb", "a", "mean")})
    assert [each.name for each in pairs.differences["B", "C"]] == ["a", "bb", "mean"]
    assert pairs.f1(0)["B"] == 1
