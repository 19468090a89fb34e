from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from seqeval.scheme import IOB2, Entities

from gner_bench.bio import lenient_spans, strict_spans
from gner_bench.scoring.counts import entities, normalise

TAGS = st.lists(st.sampled_from(["O", "B-x", "I-x", "B-y", "I-y"]), max_size=12)


def test_reference_vectors(shared: Path) -> None:
    vectors = [json.loads(line) for line in (shared / "reference/entities_vectors.jsonl").open(encoding="utf-8")]
    assert len(vectors) == 400
    for vector in vectors:
        assert entities(vector["words"], lenient_spans(vector["tags"])) == {tuple(each) for each in vector["entities"]}


@pytest.mark.parametrize(
    ("tags", "spans"),
    [
        (["B-x", "I-x", "O"], [(0, 2, "x")]),
        (["I-x", "O", "I-y"], [(0, 1, "x"), (2, 3, "y")]),
        (["B-x", "I-y"], [(0, 2, "y")]),
        (["B-x", "B-x"], [(0, 1, "x"), (1, 2, "x")]),
        (["B-x", "I-y", "I-x"], [(0, 3, "x")]),
    ],
)
def test_the_lenient_reading_keeps_every_label(tags: list[str], spans: list[tuple[int, int, str]]) -> None:
    assert lenient_spans(tags) == spans


@pytest.mark.parametrize(
    ("tags", "spans"),
    [
        (["B-x", "I-x", "O"], [(0, 2, "x")]),
        (["I-x", "O", "I-y"], []),
        (["B-x", "I-y"], [(0, 1, "x")]),
        (["B-x", "I-y", "I-x"], [(0, 1, "x")]),
        (["B-x", "O", "I-x"], [(0, 1, "x")]),
    ],
)
def test_the_strict_reading_drops_what_continues_nothing(tags: list[str], spans: list[tuple[int, int, str]]) -> None:
    assert strict_spans(tags) == spans


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("The  Beatles", "beatles"),
        ("U.S.A.", "usa"),
        ("The The", ""),
        ("an A and theatre", "and theatre"),
        ("É!", "é"),
        ("the-band", "theband"),
        ("“quoted”", "“quoted”"),
        ("Tom\u00a0 Hanks", "tom hanks"),
    ],
)
def test_normalisation(text: str, normal: str) -> None:
    assert normalise(text) == normal


@given(st.text("aTnhe .,-!É\t“", max_size=12))
def test_normalised_text_has_neither_capitals_nor_punctuation_nor_articles(text: str) -> None:
    found = normalise(text)
    assert found == " ".join(found.lower().split())
    assert not set(found) & set(".,-!")
    assert not set(found.split()) & {"a", "an", "the"}


def test_equal_entities_count_once() -> None:
    assert entities(["Paris", "paris"], [(0, 1, "location"), (1, 2, "location")]) == {("paris", "location")}


@given(TAGS)
def test_strict_spans_are_those_of_seqeval(tags: list[str]) -> None:
    found = [entity.to_tuple()[1:] for entity in Entities([tags], IOB2).entities[0]]
    assert [(start, end, kind) for start, end, kind in strict_spans(tags)] == [(s, e, k) for k, s, e in found]


@given(TAGS)
def test_on_valid_bio_both_readings_agree(tags: list[str]) -> None:
    valid: list[str] = []
    for tag in tags:
        continues = tag.startswith("I-") and valid and valid[-1][1:] == tag[1:]
        valid.append(tag if continues or not tag.startswith("I-") else "O")
    assert lenient_spans(valid) == strict_spans(valid)
