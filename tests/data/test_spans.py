from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gner_bench.data import Dataset, Reading, Sentence
from gner_bench.data.formats import Source, read_file
from gner_bench.errors import InputError

WORDS = ["Ann", "Lee", "saw", "Oslo"]


def write(tmp_path: Path, *records: dict[str, Any]) -> Path:
    path = tmp_path / "mine.json"
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def spans(*ner: Any, **more: Any) -> dict[str, Any]:
    return {"tokenized_text": WORDS, "ner": list(ner), **more}


def read(path: Path, reading: Reading | None = None) -> Dataset:
    (found,) = read_file(Source(path, "mine", "test", None, reading or Reading()), "spans")
    return found


def refusal(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        read(path)
    message = str(caught.value)
    assert len(message) < len(str(path)) + 250
    return message.removeprefix(str(path))


def test_indices_are_inclusive(tmp_path: Path) -> None:
    path = write(tmp_path, spans([0, 1, "person"], [3, 3, "place"]), spans())
    tags = ("B-person", "I-person", "O", "B-place")
    sentences = (Sentence("0", tuple(WORDS), tags), Sentence("1", tuple(WORDS), ("O",) * 4))
    assert read(path) == Dataset("mine", "test", ("person", "place"), sentences)


def test_neighbours_of_one_type_stay_two_entities(tmp_path: Path) -> None:
    path = write(tmp_path, spans([1, 1, "person"], [0, 0, "person"]))
    assert read(path).sentences[0].tags[:2] == ("B-person", "B-person")


def test_an_array_is_read_like_lines(tmp_path: Path) -> None:
    records = [spans([0, 1, "person"]), spans(id="x")]
    lines = read(write(tmp_path, *records))
    (tmp_path / "mine.json").write_text(json.dumps(records))
    assert read(tmp_path / "mine.json") == lines


@pytest.mark.parametrize("key", ["ner_labels", "label"])
def test_the_list_of_types_of_a_sentence_is_kept(tmp_path: Path, key: str) -> None:
    path = write(tmp_path, spans([0, 1, "person"], **{key: ["place", "person"]}), spans(**{key: ["person", "place"]}))
    found = read(path)
    assert found.types == ("place", "person")
    assert [each.types for each in found.sentences] == [(), ("person", "place")]


@pytest.mark.parametrize("key", ["ner_negatives", "negatives"])
def test_negative_types_follow_those_of_the_spans(tmp_path: Path, key: str) -> None:
    found = read(write(tmp_path, spans([0, 1, "person"], **{key: ["ship", "person"]}), spans([3, 3, "place"])))
    assert (found.types, found.sentences[0].types) == (("person", "ship", "place"), ("person", "ship"))


def test_types_are_renamed_and_dropped(tmp_path: Path) -> None:
    path = write(tmp_path, spans([0, 1, "PER"], [3, 3, "LOC"], ner_labels=["LOC", "PER"]))
    found = read(path, Reading(rename={"PER": "person"}, drop=frozenset({"LOC"})))
    assert (found.types, found.sentences[0].tags) == (("person",), ("B-person", "I-person", "O", "O"))


BAD = {
    "overlapping": ([[0, 1, "a"], [1, 2, "b"]], "ner[1]: [1, 2, 'b'] overlaps [0, 1, 'a'], which BIO cannot hold"),
    "nested": ([[0, 0, "a"], [0, 3, "b"]], "ner[1]: [0, 3, 'b'] overlaps [0, 0, 'a'], which BIO cannot hold"),
    "doubled": ([[0, 0, "a"], [0, 0, "a"]], "ner[1]: [0, 0, 'a'] overlaps [0, 0, 'a'], which BIO cannot hold"),
    "behind the end": ([[0, 4, "a"]], "ner[0]: [0, 4, 'a'] does not lie within the 4 words"),
    "negative": ([[-1, 1, "a"]], "ner[0]: [-1, 1, 'a'] does not lie within the 4 words"),
    "backwards": ([[2, 1, "a"]], "ner[0]: [2, 1, 'a'] does not lie within the 4 words"),
    "a list as type": ([[0, 1, ["a"]]], "ner[0]: expected [first, last, type], found [0, 1, ['a']]"),
    "an empty type": ([[0, 1, ""]], "ner[0]: expected [first, last, type], found [0, 1, '']"),
    "a true as index": ([[0, True, "a"]], "ner[0]: expected [first, last, type], found [0, True, 'a']"),
    "two parts": ([[0, 1]], "ner[0]: expected [first, last, type], found [0, 1]"),
    "an object": ([{"start": 0}], "ner[0]: expected [first, last, type], found {'start': 0}"),
    "unlisted": ([[0, 1, "ship"]], "ner: 'B-ship' is neither O nor B-/I- with a type of the label list"),
}


@pytest.mark.parametrize(("ner", "message"), BAD.values(), ids=BAD)
def test_spans_that_are_no_bio_are_refused(tmp_path: Path, ner: list[Any], message: str) -> None:
    path = write(tmp_path, spans(), spans(*ner, ner_labels=["a", "b"]))
    assert refusal(path) == f", line 2: {message}"
    path.write_text(json.dumps([spans(*ner, ner_labels=["a", "b"])]))
    assert refusal(path) == f": [0].{message}"


def test_a_word_that_is_a_number(tmp_path: Path) -> None:
    path = write(tmp_path, {"tokenized_text": ["a", 1], "ner": []})
    assert refusal(path) == ", line 1: tokenized_text: expected an array of strings"


def test_files_that_are_no_spans(tmp_path: Path) -> None:
    path = write(tmp_path, spans([0, 1, "person"]))
    good = path.read_bytes()
    for content, message in {
        b"": ": is empty",
        good[:-9]: ", line 1: is not JSON (a line cut short?)",
        good.replace(b"Ann", b"\xe9"): ", line 1: is not UTF-8 text",
        b'{"ner": []}': ", line 1: tokenized_text: is missing",
        b'{"tokenized_text": []}': ", line 1: ner: is missing",
        b'{"tokenized_text": [], "ner": "x"}': ", line 1: ner: expected list, found str",
    }.items():
        path.write_bytes(content)
        assert refusal(path).startswith(message)


def test_mark_and_windows_line_ends_change_nothing(tmp_path: Path) -> None:
    path = write(tmp_path, spans([0, 1, "person"]), spans())
    plain = read(path)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert read(path) == plain


def test_a_line_of_ten_megabytes_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, spans([0, 1, ["x" * 10_000_000]]))
    assert "expected [first, last, type]" in refusal(path)
