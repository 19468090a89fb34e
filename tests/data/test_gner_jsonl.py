from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gner_bench.data import Dataset, Reading, Sentence, read_dataset
from gner_bench.data.formats import Source, detect, read_file
from gner_bench.errors import InputError

Build = Callable[..., dict[str, Any]]
Write = Callable[..., Path]


def read(path: Path, types: tuple[str, ...] | None = None, reading: Reading | None = None) -> list[Dataset]:
    return read_file(Source(path, "mine", "train", types, reading or Reading()))


def refusal(path: Path, types: tuple[str, ...] | None = None, reading: Reading | None = None) -> str:
    with pytest.raises(InputError) as caught:
        read(path, types, reading)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert len(message) < len(str(path)) + 200
    return message.removeprefix(str(path))


def sentences(path: Path) -> tuple[Sentence, ...]:
    return read(path)[0].sentences


def test_a_record_is_a_sentence(record: Build, predictions_file: Write) -> None:
    sentence = Sentence("7", ("Ann", "saw", "Oslo"), ("B-person", "O", "B-place"))
    assert read(predictions_file(record(id="7"))) == [Dataset("news", "test", ("person", "place"), (sentence,))]


def test_data_sets_and_splits_come_in_order_of_appearance(record: Build, predictions_file: Write) -> None:
    records = [record(id="0", dataset=name, split=split) for name, split in ("ba", "aa", "ab")]
    found = read(predictions_file(*records, record(id="1", dataset="b", split="a")))
    assert [(each.name, each.split, len(each.sentences)) for each in found] == [
        ("b", "a", 2),
        ("a", "a", 1),
        ("a", "b", 1),
    ]


def test_without_names_and_ids_the_source_and_the_place_count(record: Build, predictions_file: Write) -> None:
    bare = {key: value for key, value in record().items() if key not in ("dataset", "split", "prediction")}
    del bare["instance"]["id"]
    found = read(predictions_file(bare, bare, {**bare, "id": 9}))[0]
    assert (found.name, found.split) == ("mine", "train")
    assert [each.id for each in found.sentences] == ["0", "1", "9"]


def test_the_order_of_types_in_a_prompt_is_kept(record: Build, predictions_file: Write) -> None:
    lists = [["person", "place"], ["place", "person"], ["person", "place", "ship"], ["ship", "person", "place"]]
    found = read(predictions_file(*(record(id=str(i), label_list=each) for i, each in enumerate(lists))))[0]
    assert found.types == ("person", "place", "ship")
    assert [each.types for each in found.sentences] == [tuple(lists[0]), tuple(lists[1]), (), tuple(lists[3])]


def test_the_types_of_a_label_file_win(record: Build, predictions_file: Write) -> None:
    found = read(predictions_file(record()), types=("ship", "place", "person"))[0]
    assert found.types == ("ship", "place", "person")
    assert found.sentences[0].types == ("person", "place")


def test_a_type_that_the_label_file_lacks(record: Build, predictions_file: Write) -> None:
    assert (
        refusal(predictions_file(record()), ("person",)) == ", line 1: label_list: 'place' is no type of the label file"
    )


def test_types_are_renamed_and_dropped_in_tags_and_lists(record: Build, predictions_file: Write) -> None:
    reading = Reading(rename={"person": "human"}, drop=frozenset({"place"}))
    found = read(predictions_file(record()), reading=reading)[0]
    assert (found.types, found.sentences[0].tags) == (("human",), ("B-human", "O", "O"))


def test_a_record_that_lists_no_type_beside_others(record: Build, predictions_file: Write) -> None:
    path = predictions_file(record(), record(id="1", labels=["O"] * 3, label_list=[]))
    assert ", line 2: label_list: names no type that is left" in refusal(path)


def test_repairs_are_counted_over_all_lists_of_types(record: Build, predictions_file: Write) -> None:
    tags = ["I-person", "O", "B-person"]
    path = predictions_file(record(labels=tags), record(id="1", labels=tags, label_list=["person"]))
    assert ", line 1: instance.labels: 'I-person' continues no entity" in refusal(path)
    found = read(path, reading=Reading(repair="begin"))[0]
    assert (found.repaired, found.sentences[1].tags) == (2, ("B-person", "O", "B-person"))


def test_an_array_is_read_like_lines(record: Build, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps([record(), record(id="1")], indent=1))
    assert [each.id for each in sentences(path)] == ["0", "1"]


def test_mark_windows_line_ends_blank_lines_and_gzip_change_nothing(record: Build, predictions_file: Write) -> None:
    path = predictions_file(record(), record(id="1"))
    plain = sentences(path)
    path.write_bytes(b"\xef\xbb\xbf\r\n" + path.read_bytes().replace(b"\n", b"\r\n\r\n"))
    assert sentences(path) == plain
    packed = path.with_suffix(".jsonl.gz")
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert sentences(packed) == plain


BAD = {
    "an id twice": ({"id": "0"}, "id: '0' is twice in 'news/test'"),
    "an id that is a list": ({"id": [1]}, "instance.id: expected a string or a whole number, found [1]"),
    "labels cut short": ({"labels": ["O"]}, "instance.labels: 1 labels for 3 words"),
    "labels of another kind": ({"labels": ["O", 1, "O"]}, "instance.labels: expected an array of strings"),
    "an unknown type": ({"labels": ["B-ship", "O", "O"]}, "instance.labels: 'B-ship' is neither O nor B-/I-"),
    "words of another kind": ({"words": "Ann saw Oslo"}, "instance.words: expected list, found str"),
    "no list of types": ({"label_list": None}, "label_list: expected list, found NoneType"),
    "a data set that is a number": ({"dataset": 3}, "dataset: expected str, found int"),
}


@pytest.mark.parametrize(("changes", "message"), BAD.values(), ids=BAD)
def test_a_bad_record_is_refused_with_line_and_field(
    record: Build, predictions_file: Write, changes: dict[str, Any], message: str
) -> None:
    bad = record(id="1")
    for key, value in changes.items():
        (bad["instance"] if key in bad["instance"] else bad)[key] = value
    path = predictions_file(record(), bad)
    assert refusal(path).startswith(f", line 2: {message}")
    path.write_text(json.dumps([record(), bad]))
    assert refusal(path).startswith(f": [1].{message}")


def test_files_that_are_no_records(record: Build, predictions_file: Write) -> None:
    path = predictions_file(record(), record(id="1"))
    good = path.read_bytes()
    for content, message in {
        b"": ": is empty",
        b" \n\n": ": is empty",
        b"[]": ": is empty",
        good[:-9]: ", line 2: is not JSON (a line cut short?)",
        b"[" + good[:-9]: ": is not JSON (a file cut short?)",
        b"[3]": ", line 1: expected a JSON object, found int",
        b"{": ", line 1: is not JSON",
        good.replace(b"Ann", b"\xe9"): ", line 1: is not UTF-8 text",
        good.replace(b"Ann", b"\\ud800"): ", line 1: holds half of a surrogate pair",
        b'{"a": 1}': ": is in no format that can be told from it; known: gner-jsonl, spans, tokens, label-studio",
    }.items():
        path.write_bytes(content)
        assert refusal(path).startswith(message)


def test_the_format_is_told_by_ending_and_keys(tmp_path: Path) -> None:
    for name, content, format in (
        ("a.txt", "", "conll"),
        ("a.TSV.gz", "", "conll"),
        ("a.jsonl", '{"instance": {}}', "gner-jsonl"),
        ("a.json", '[{"tokenized_text": []}', "spans"),
        ("a.jsonl", '\n{"conversations": []}\nrest', "uniner"),
    ):
        (tmp_path / name).write_text(content)
        assert detect(tmp_path / name) == format


@pytest.mark.slow
@pytest.mark.parametrize("words", [300_000, 0])
def test_a_line_of_two_megabytes_is_refused(record: Build, predictions_file: Write, words: int) -> None:
    huge = record(
        words=["word"] * words or ["x"], labels=["O"] * max(words - 1, 0) + ["B-" + "x" * (2_000_000 - 6 * words)]
    )
    assert "is neither O nor" in refusal(predictions_file(huge))


def test_split_files_of_the_layout_may_be_records(record: Build, tmp_path: Path) -> None:
    (tmp_path / "news").mkdir()
    (tmp_path / "news" / "test.jsonl").write_text(json.dumps(record()))
    assert read_dataset(tmp_path, "news").sentences[0].words == ("Ann", "saw", "Oslo")


def test_real_predictions_are_seven_data_sets_with_shuffled_types(shared: Path) -> None:
    found = read(shared / "predictions" / "gner-t5-base.dev700.jsonl")
    assert [(each.split, len(each.sentences)) for each in found] == [("dev", 100)] * 7
    for each in found:
        gold = read_dataset(shared / "data" / "gner", each.name, "dev")
        assert set(each.types) == set(gold.types)
        assert {sentence.words for sentence in each.sentences} <= {sentence.words for sentence in gold.sentences}
        assert sum(bool(sentence.types) for sentence in each.sentences) >= 98
