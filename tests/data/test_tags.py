from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gner_bench.bio import Reading, Repair, TagReader, may_follow
from gner_bench.errors import InputError

FILE = Path("file.txt")
TAGS = st.lists(st.sampled_from(["O", "B-a", "I-a", "B-b", "I-b"]), max_size=12)


def reader(reading: Reading | None = None, types: tuple[str, ...] | None = ("a", "b")) -> TagReader:
    return TagReader(FILE, types, reading or Reading())


def legal(tags: tuple[str, ...]) -> bool:
    return all(may_follow(before, tag) for before, tag in zip(("O", *tags), tags, strict=False))


def test_bioes_becomes_bio() -> None:
    assert reader().read(["S-a", "B-a", "I-a", "E-a", "O"], 1) == ("B-a", "B-a", "I-a", "I-a", "O")


@pytest.mark.parametrize(
    ("repair", "expected", "repaired"),
    [
        ("begin", ("B-a", "I-a", "O", "B-a", "B-b", "I-b"), 2),
        ("discard", ("O", "O", "O", "B-a", "O", "O"), 4),
        ("keep", ("I-a", "I-a", "O", "B-a", "I-b", "I-b"), 0),
    ],
)
def test_a_repair_of_illegal_tags(repair: Repair, expected: tuple[str, ...], repaired: int) -> None:
    tags = reader(Reading(repair))
    assert tags.read(["I-a", "I-a", "O", "B-a", "I-b", "I-b"], 1) == expected
    assert tags.repaired == repaired


def test_an_illegal_tag_is_an_error_that_names_its_line() -> None:
    with pytest.raises(InputError, match=r"file\.txt, line 12: tag: 'I-a' continues no entity; choose a repair"):
        reader().read(["O", "O", "I-a"], 10)


def test_the_line_does_not_move_in_formats_with_a_sentence_a_line() -> None:
    with pytest.raises(InputError, match=r"line 10:"):
        reader().read(["O", "O", "I-a"], 10, step=0)


@given(TAGS, st.sampled_from(["begin", "discard"]))
def test_a_repair_leaves_legal_tags_and_counts_its_changes(tags: list[str], repair: Repair) -> None:
    found = reader(Reading(repair))
    repaired = found.read(tags, 1)
    assert legal(repaired)
    assert found.repaired == sum(before != after for before, after in zip(tags, repaired, strict=True))
    if legal(tuple(tags)):
        assert repaired == tuple(tags)


@given(TAGS)
def test_what_was_read_before_changes_nothing(tags: list[str]) -> None:
    used = reader(Reading("keep"))
    used.read(["O", "I-a", "I-b", "B-a", "I-a", "O"], 1)
    assert used.read(tags, 1) == tuple(tags)
    strict = reader()
    strict.read(["B-a", "I-a", "O", "B-b", "I-b", "B-a", "O"], 1)
    if legal(tuple(tags)):
        assert strict.read(tags, 1) == tuple(tags)
    else:
        with pytest.raises(InputError):
            strict.read(tags, 1)


def test_types_are_renamed_and_dropped_before_they_are_checked() -> None:
    tags = reader(Reading(rename={"organisation": "a"}, drop=frozenset(["misc"])))
    assert tags.read(["B-organisation", "I-organisation", "B-misc", "I-misc"], 1) == ("B-a", "I-a", "O", "O")
    assert list(tags.seen) == ["a"]


def test_without_a_list_types_are_remembered_in_order() -> None:
    tags = reader(types=None)
    tags.read(["S-z", "O", "S-y", "S-z"], 1)
    assert list(tags.seen) == ["z", "y"]


@pytest.mark.parametrize("tag", ["", "person", "B-", "-a", "X-a", "b-a", "B_a", "B-c"])
def test_a_tag_of_no_known_form_or_type(tag: str) -> None:
    with pytest.raises(InputError, match=r"line 4: tag: '.*' is neither O nor"):
        reader().read(["O", tag], 3)


def test_a_huge_tag_is_cut_in_the_message() -> None:
    with pytest.raises(InputError) as caught:
        reader().read(["x" * 10_000_000], 1)
    assert len(str(caught.value)) < 200
