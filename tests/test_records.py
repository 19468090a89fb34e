from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gner_bench.errors import InputError
from gner_bench.records import Record, read_records

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
