from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gner_bench.documents.record import Record, read_records, slices
from gner_bench.errors import InputError

Build = Callable[..., dict[str, Any]]
Write = Callable[..., Path]


@pytest.mark.parametrize("file", ["predictions.jsonl", "predictions.jsonl.gz"])
def test_reads_plain_and_gzipped_files_alike(record: Build, predictions_file: Write, file: str) -> None:
    path = predictions_file(record(id="7", generation={"tokens": 9, "finish": "stop"}), file=file)
    assert list(read_records(path)) == [
        Record(
            dataset="news",
            split="test",
            id="7",
            types=("person", "place"),
            words=("Ann", "saw", "Oslo"),
            tags=("B-person", "O", "B-place"),
            prediction="Ann(B-person) saw(O) Oslo(B-place)",
            generation={"tokens": 9, "finish": "stop"},
            line=1,
        )
    ]


def test_unknown_keys_change_nothing(record: Build, predictions_file: Write) -> None:
    known = record()
    extended = {**record(), "input_ids": [1], "instance": {**known["instance"], "prompt_labels": "Ann(B-person)"}}
    plain = list(read_records(predictions_file(known, file="plain.jsonl")))
    assert list(read_records(predictions_file(extended, file="extended.jsonl"))) == plain


def test_without_split_and_id_the_line_identifies_a_sentence(record: Build, predictions_file: Write) -> None:
    bare = record()
    del bare["split"], bare["instance"]["id"]
    read = list(read_records(predictions_file(bare, bare)))
    assert [(each.split, each.id, each.line) for each in read] == [("unknown", "0", 1), ("unknown", "1", 2)]


def test_a_byte_order_mark_and_a_missing_final_newline_are_no_error(record: Build, predictions_file: Write) -> None:
    path = predictions_file(record(), record(id="1"))
    plain = list(read_records(path))
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().rstrip(b"\n"))
    assert list(read_records(path)) == plain


def test_unicode_line_separators_do_not_end_a_line(record: Build, predictions_file: Write) -> None:
    path = predictions_file(record())
    path.write_text(path.read_text().replace("Ann", "A\u2028n\x85n"), encoding="utf-8")
    assert [each.words[0] for each in read_records(path)] == ["A\u2028n\x85n"]


def test_bad_input_is_refused_with_file_line_and_field(bad_predictions: Any) -> None:
    with pytest.raises(InputError) as caught:
        list(read_records(bad_predictions.path))
    assert str(caught.value).startswith(bad_predictions.place)
    assert bad_predictions.reason in str(caught.value)


def test_records_before_a_bad_line_are_still_read(record: Build, predictions_file: Write) -> None:
    records = read_records(predictions_file(record(), {}))
    assert next(records).words == ("Ann", "saw", "Oslo")
    with pytest.raises(InputError, match="line 2: instance: is missing"):
        next(records)


@pytest.mark.parametrize("key", ["dataset", "label_list", "instance", "prediction"])
def test_a_missing_key_is_named(record: Build, predictions_file: Write, key: str) -> None:
    with pytest.raises(InputError, match=rf"line 1: {key}: is missing"):
        list(read_records(predictions_file({name: value for name, value in record().items() if name != key})))


@pytest.mark.parametrize("key", ["words", "labels"])
def test_a_missing_key_of_the_instance_is_named(record: Build, predictions_file: Write, key: str) -> None:
    broken = record()
    del broken["instance"][key]
    with pytest.raises(InputError, match=rf"line 1: instance\.{key}: is missing"):
        list(read_records(predictions_file(broken)))


@pytest.mark.parametrize("size", [1, 300, 10**6])
def test_slices_hold_the_records_of_the_file_with_their_lines(
    record: Build, predictions_file: Write, size: int
) -> None:
    path = predictions_file(*(record(id=str(number), prediction="é" * number) for number in range(7)))
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\n\n", 2).rstrip(b"\n"))
    whole = list(read_records(path))
    parts = slices(path, size)
    assert [each.line for each in whole] == [1, 3, 5, 6, 7, 8, 9]
    assert [each for part in parts for each in read_records(part)] == whole
    assert len(parts) == {1: 7, 10**6: 1}.get(size, len(parts))


@pytest.mark.parametrize("name", ["predictions.jsonl.gz", "missing.jsonl"])
def test_what_cannot_be_cut_is_one_slice(record: Build, predictions_file: Write, name: str) -> None:
    path = predictions_file(record(), record(id="1"), file="predictions.jsonl.gz").with_name(name)
    assert [part.path for part in slices(path, 1)] == [path]


@pytest.mark.parametrize("content", [b"", b"\n \n\n\n", b"\n\n{}\n"])
def test_blank_lines_are_no_slice(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "predictions.jsonl"
    path.write_bytes(content)
    assert len(slices(path, 1)) == 1
