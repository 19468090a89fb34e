from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gner_bench.data import Dataset, Reading
from gner_bench.data.formats import Source, read_file
from gner_bench.data.formats.uniner import Placement, read_uniner_counted
from gner_bench.errors import InputError


def talk(text: str, answers: dict[str, list[str]], **more: Any) -> dict[str, Any]:
    turns = [f"Text: {text}", "I've read this text."]
    for kind, mentions in answers.items():
        turns += [f"What describes {kind} in the text?", json.dumps(mentions)]
    speakers = ("human", "gpt") * len(turns)
    return {"conversations": [{"from": who, "value": said} for who, said in zip(speakers, turns, strict=False)], **more}


def write(tmp_path: Path, *records: Any) -> Path:
    path = tmp_path / "train.json"
    path.write_text(json.dumps(records))
    return path


def read(path: Path, reading: Reading | None = None) -> tuple[Dataset, Placement]:
    (dataset,), placement = read_uniner_counted(Source(path, "pile", "train", None, reading or Reading()))
    return dataset, placement


def placed(tmp_path: Path, text: str, answers: dict[str, list[str]]) -> tuple[str, Placement]:
    """The text as ``word/tag`` for words in entities."""
    dataset, placement = read(write(tmp_path, talk(text, answers)))
    (sentence,) = dataset.sentences
    pairs = zip(sentence.words, sentence.tags, strict=True)
    return " ".join(word if tag == "O" else f"{word}/{tag}" for word, tag in pairs), placement


def test_text_and_mentions_are_split_alike(tmp_path: Path) -> None:
    text, placement = placed(tmp_path, "Ann-Lee (b. 1900) won!", {"person": ["Ann-Lee"], "date": ["(b. 1900)"]})
    assert text == "Ann-Lee/B-person (/B-date b/I-date ./I-date 1900/I-date )/I-date won !"
    assert placement == Placement(found=2)


def test_every_occurrence_is_tagged_and_whole_words_only(tmp_path: Path) -> None:
    text, placement = placed(tmp_path, "Ann met Anna and Ann", {"person": ["Ann"]})
    assert text == "Ann/B-person met Anna and Ann/B-person"
    assert placement == Placement(found=1, several=1)


def test_longer_mentions_go_first(tmp_path: Path) -> None:
    text, placement = placed(tmp_path, "New York beats York", {"city": ["York"], "team": ["New York"]})
    assert text == "New/B-team York/I-team beats York/B-city"
    assert placement == Placement(found=2)


def test_a_mention_within_placed_entities_only_is_dropped(tmp_path: Path) -> None:
    text, placement = placed(tmp_path, "New York", {"city": ["York"], "team": ["New York"]})
    assert text == "New/B-team York/I-team"
    assert placement == Placement(found=1, overlapping=1)


def test_equally_long_mentions_go_in_the_order_of_the_file(tmp_path: Path) -> None:
    text, placement = placed(tmp_path, "a b c", {"y": ["b c"], "x": ["a b"]})
    assert text == "a b/B-y c/I-y"
    assert placement == Placement(found=1, overlapping=1)


def test_a_mention_that_overlaps_itself_is_placed_from_the_left(tmp_path: Path) -> None:
    assert placed(tmp_path, "a a a", {"x": ["a a"]})[0] == "a/B-x a/I-x a"


def test_a_mention_of_two_types_is_of_the_first(tmp_path: Path) -> None:
    text, placement = placed(tmp_path, "Ann", {"person": ["Ann", "Ann"], "name": ["Ann"]})
    assert text == "Ann/B-person"
    assert placement == Placement(found=1, conflicting=1)


def test_case_counts_unless_nothing_else_is_found(tmp_path: Path) -> None:
    text, placement = placed(tmp_path, "ANN Ann OSLO", {"person": ["Ann"], "place": ["Oslo"]})
    assert text == "ANN Ann/B-person OSLO/B-place"
    assert placement == Placement(found=2)


@pytest.mark.parametrize("mention", ["Bo", "", "  "])
def test_what_is_not_in_the_text_is_missing(tmp_path: Path, mention: str) -> None:
    assert placed(tmp_path, "Ann", {"person": [mention]}) == ("Ann", Placement(missing=1))


def test_the_types_of_a_sentence_are_those_asked_for(tmp_path: Path) -> None:
    path = write(tmp_path, talk("a", {"x": [], "y": ["a"]}, id="first"), talk("b", {"z": [], "x": []}))
    dataset, _ = read(path)
    assert dataset.types == ("x", "y", "z")
    assert [(each.id, each.types) for each in dataset.sentences] == [("first", ("x", "y")), ("1", ("z", "x"))]


def test_one_question_each_about_one_text_makes_one_sentence(tmp_path: Path) -> None:
    talks = [talk("Ann", {"person": ["Ann"]}, id="p"), talk("Ann", {"place": []}, id="q"), talk("Ann", {"place": []})]
    dataset, _ = read(write(tmp_path, *talks))
    assert [(each.id, each.types) for each in dataset.sentences] == [("p", ()), ("1", ("place",))]


def test_dropped_types_place_nothing_and_others_are_renamed(tmp_path: Path) -> None:
    path = write(tmp_path, talk("New York", {"team": ["New York"], "LOC": ["York"]}))
    dataset, placement = read(path, Reading(rename={"LOC": "place"}, drop=frozenset({"team"})))
    assert (dataset.types, dataset.sentences[0].tags, placement.found) == (("place",), ("O", "B-place"), 1)


def test_lines_mark_and_windows_line_ends(tmp_path: Path) -> None:
    records = [talk("Ann", {"person": ["Ann"]}), talk("b", {"person": []})]
    array = read(write(tmp_path, *records))
    lines = "".join(json.dumps(record) + "\r\n" for record in records)
    (tmp_path / "train.json").write_bytes(b"\xef\xbb\xbf" + lines.encode())
    assert read(tmp_path / "train.json") == array
    assert read_file(Source(tmp_path / "train.json", "pile", "train")) == [array[0]]


def changed(index: int, **turn: Any) -> dict[str, Any]:
    record = talk("Ann", {"person": ["Ann"]})
    record["conversations"][index].update(turn)
    return record


GOOD = talk("Ann", {"person": ["Ann"]})
BAD = {
    "no conversations": ({"id": 1}, "conversations: is missing"),
    "no turn": ({"conversations": []}, "conversations: expected pairs of human and gpt, found 0 turns"),
    "a cut conversation": (
        {"conversations": GOOD["conversations"][:3]},
        "conversations: expected pairs of human and gpt, found 3 turns",
    ),
    "a turn that is a string": ({"conversations": ["Text: a"]}, 'conversations[0]: expected {"from": "human", "value"'),
    "the wrong speaker": (changed(1, **{"from": "human"}), 'conversations[1]: expected {"from": "gpt", "value": …}'),
    "no text": (changed(0, value="Ann"), "conversations[0].value: expected Text: …, found 'Ann'"),
    "another question": (changed(2, value="Who?"), "conversations[2].value: expected What describes … in the text?"),
    "an answer that is no JSON": (
        changed(3, value="['Ann']"),
        "conversations[3].value: expected a JSON array of strings",
    ),
    "an answer with numbers": (changed(3, value="[1]"), "conversations[3].value: expected a JSON array of strings"),
    "a value that is a list": (changed(3, value=["Ann"]), 'conversations[3]: expected {"from": "gpt", "value": …}'),
    "a huge answer": (changed(3, value="x" * 10_000_000), "conversations[3].value: expected a JSON array of strings"),
}


@pytest.mark.parametrize(("record", "message"), BAD.values(), ids=BAD)
def test_another_form_is_refused_with_index_and_field(tmp_path: Path, record: dict[str, Any], message: str) -> None:
    path = write(tmp_path, talk("x", {"person": []}), record)
    with pytest.raises(InputError) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}: [1].{message}")
    assert len(str(caught.value)) < len(str(path)) + 250


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "is empty"), (b'[{"conversations": [', "is not JSON"), (b'[{"conversations": "\xe9"}]', "is not UTF-8")],
)
def test_files_that_are_no_conversations(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(InputError, match=message):
        read(tmp_path / "a.json")
