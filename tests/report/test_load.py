from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gner_bench.errors import InputError
from gner_bench.report import load_all, load_scores

MISSING = object()


def changed(document: dict[str, Any], field: str, value: object) -> dict[str, Any]:
    """The document with the field at the dotted path set to ``value``, or removed."""
    *above, last = field.split(".")
    inner = document
    for key in above:
        inner = inner[key]
    if value is MISSING:
        del inner[last]
    else:
        inner[last] = value
    return document


def test_reads_system_sets_and_signature(scores_file: Callable[..., Path]) -> None:
    scores = load_scores(scores_file(note="demonstration", f1={"crossner_ai": 0.5, "ncbi": 1}))
    assert (scores.name, scores.parameters, scores.note) == ("gner-tiny", 4_600_000, "demonstration")
    assert list(scores.datasets) == ["crossner_ai", "ncbi"]
    ai = scores.datasets["crossner_ai"]
    assert (ai.split, ai.sentences, ai.f1["gner"], ai.f1["strict"]) == ("test", 431, 0.5, 0.5)
    assert ai.steps == {"exact": 9, "subsequence": 0, "lcs": 1}
    assert scores.signature.startswith("F1|system:gner-tiny")


def test_unknown_parameters_and_unknown_keys_and_later_versions(
    tmp_path: Path, document: Callable[..., dict[str, Any]]
) -> None:
    path = tmp_path / "scores.json"
    path.write_text(json.dumps(document(parameters=None) | {"version": 2, "new": [1]}))
    assert load_scores(path).parameters is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("version", 0),
        ("version", "1"),
        ("version", True),
        ("version", MISSING),
        ("system", []),
        ("system.name", 3),
        ("system.note", MISSING),
        ("system.parameters", "248M"),
        ("datasets", {}),
        ("datasets.crossner_ai", None),
        ("datasets.crossner_ai.split", MISSING),
        ("datasets.crossner_ai.sentences", -1),
        ("datasets.crossner_ai.gner", MISSING),
        ("datasets.crossner_ai.gner.f1", MISSING),
        ("datasets.crossner_ai.gner.f1", "0.5"),
        ("datasets.crossner_ai.gner.f1", True),
        ("datasets.crossner_ai.strict.f1", float("nan")),
        ("datasets.crossner_ai.strict.f1", 50.0),
        ("datasets.crossner_ai.matched_by.lcs", 1.5),
        ("signature", MISSING),
    ],
)
def test_a_wrong_field_is_named(
    tmp_path: Path, document: Callable[..., dict[str, Any]], field: str, value: object
) -> None:
    path = tmp_path / "scores.json"
    path.write_text(json.dumps(changed(document(), field, value)))
    with pytest.raises(InputError) as caught:
        load_scores(path)
    assert caught.value.field == field
    assert str(path) in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.json.*No such file"):
        load_scores(tmp_path / "none.json")


@pytest.mark.parametrize("data", [b'{"version": 1,\n oops', b"\xff\xfe", b"[1]", b""])
def test_a_file_that_is_no_json_object(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "scores.json"
    path.write_bytes(data)
    with pytest.raises(InputError, match="JSON"):
        load_scores(path)


def test_broken_json_is_located(tmp_path: Path) -> None:
    path = tmp_path / "scores.json"
    path.write_text('{"version": 1,\n oops')
    with pytest.raises(InputError) as caught:
        load_scores(path)
    assert caught.value.line == 2


def test_systems_of_one_name_get_their_folder(scores_file: Callable[..., Path]) -> None:
    paths = [scores_file("a"), scores_file("b"), scores_file("c", name="other")]
    assert [s.name for s in load_all(paths)] == ["gner-tiny (a)", "gner-tiny (b)", "other"]


def test_systems_of_one_name_and_folder_get_their_file(scores_file: Callable[..., Path]) -> None:
    paths = [scores_file("a", "x.json"), scores_file("a", "y.json")]
    assert [s.name for s in load_all(paths)] == ["gner-tiny (a/x.json)", "gner-tiny (a/y.json)"]


def test_systems_of_one_name_folder_and_file_get_their_path(scores_file: Callable[..., Path]) -> None:
    paths = [scores_file("a/run"), scores_file("b/run")]
    assert [s.name for s in load_all(paths)] == [f"gner-tiny ({path})" for path in paths]


def test_a_file_given_twice_is_one_system(scores_file: Callable[..., Path]) -> None:
    path = scores_file()
    assert [s.name for s in load_all([path, path])] == ["gner-tiny"]
