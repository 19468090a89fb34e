from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gner_bench.errors import InputError, UsageError
from gner_bench.files import NamedPath
from gner_bench.report.load import load_all, load_system, metrics_of
from gner_bench.scoring.tokenizers import Tokenizers

ScoresFile = Callable[..., Path]
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


def test_reads_system_sets_and_signature(scores_file: ScoresFile) -> None:
    system = load_system(scores_file(note="demonstration", right={"crossner_ai": 0.5, "ncbi": 1}))
    assert (system.name, system.parameters, system.note) == ("gner-tiny", 4_600_000, "demonstration")
    assert list(system.values.sets) == ["crossner_ai", "ncbi"]
    assert system.values.sets["ncbi"].micro("strict").f1 == 1
    assert system.signature.startswith("data:crossner_ai/test=40@")
    assert "|m:gner+strict|" in system.signature_short
    assert system.run is None


def test_unknown_parameters_and_unknown_keys(tmp_path: Path, document: Callable[..., dict[str, Any]]) -> None:
    path = tmp_path / "scores.json"
    path.write_text(json.dumps(document(parameters=None) | {"new": [1]}))
    assert load_system(path).parameters is None


@pytest.mark.parametrize("metrics", [("strict",), ("partial", "token"), ("gner", "strict", "exact", "type")])
def test_any_metrics_are_read(scores_file: ScoresFile, metrics: tuple[str, ...]) -> None:
    assert metrics_of(load_all([scores_file(metrics=metrics)])) == list(metrics)


def test_version_1_is_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "scores.json"
    path.write_text(json.dumps({"version": 1, "system": {"name": "old"}, "datasets": {}}))
    with pytest.raises(InputError, match="version: 1 has no counts of sentences; score the predictions again"):
        load_system(path)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("version", "2"),
        ("version", MISSING),
        ("system", []),
        ("system.name", 3),
        ("system.parameters", "248M"),
        ("system.parameters", True),
        ("datasets", {}),
        ("datasets.crossner_ai", None),
        ("datasets.crossner_ai.split", MISSING),
        ("datasets.crossner_ai.gner", MISSING),
        ("datasets.crossner_ai.gner.f1", MISSING),
        ("datasets.crossner_ai.gner.f1", "0.5"),
        ("datasets.crossner_ai.gner.f1", True),
        ("datasets.crossner_ai.strict.f1", 0.50001),
        ("datasets.crossner_ai.structuring", 3),
        ("datasets.crossner_ai.counts.rows", [[0, 9, 1, 1]]),
        ("signature", MISSING),
        ("signature_short", 1),
    ],
)
def test_a_wrong_field_is_named(
    tmp_path: Path, document: Callable[..., dict[str, Any]], field: str, value: object
) -> None:
    path = tmp_path / "scores.json"
    path.write_text(json.dumps(changed(document(), field, value)))
    with pytest.raises(InputError) as caught:
        load_system(path)
    assert caught.value.field is not None
    assert field.startswith(caught.value.field) or caught.value.field.startswith(field)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("field", "named"),
    [
        ("datasets.mit-movie.gner.f1", "F1"),
        ("datasets.mit-movie.gner.recall", "recall"),
        ("average.gner.f1", "F1"),
        ("average.gner.precision", "precision"),
    ],
)
def test_a_value_that_is_not_that_of_the_counts_is_refused(
    tmp_path: Path, document: Callable[..., dict[str, Any]], field: str, named: str
) -> None:
    path = tmp_path / "scores.json"
    path.write_text(json.dumps(changed(document(), field, 0.9)))
    with pytest.raises(InputError, match=rf"{re.escape(field)}: 0\.9 is not the {named} of the counts"):
        load_system(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.json.*No such file"):
        load_system(tmp_path / "none.json")


@pytest.mark.parametrize("data", [b'{"version": 2,\n oops', b"\xff\xfe", b"[1]", b""])
def test_a_file_that_is_no_json_object(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "scores.json"
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"JSON|UTF-8"):
        load_system(path)


def test_a_metric_that_scores_lack_is_named(scores_file: ScoresFile) -> None:
    with pytest.raises(InputError, match="metrics: holds no token; score the predictions again with --metric token"):
        load_system(scores_file(), ["token"])


def test_predictions_are_scored_on_the_fly(
    predictions_file: Callable[..., Path], record: Callable[..., dict[str, Any]]
) -> None:
    path = predictions_file(record(prediction="Ann(B-person) saw(O) Oslo(O)"), file="mine.jsonl")
    system = load_system(path, ["strict"], Tokenizers("none"))
    assert system.name == "mine"
    assert system.scores.metrics == ("strict",)
    assert system.values.average("strict").recall == 0.5
    assert system.document.version == 2
    assert system.predictions is not None


def test_a_run_folder_is_its_predictions_not_older_scores(
    predictions_file: Callable[..., Path], record: Callable[..., dict[str, Any]], scores_file: ScoresFile
) -> None:
    path = predictions_file(record(), file="run/predictions.jsonl")
    scores_file("run", right={"crossner_ai": 0.1})
    (path.parent / "run.json").write_text(json.dumps({"model": {"name": "m"}, "throughput": {}}))
    system = load_system(path.parent)
    assert (system.name, list(system.scores.sets)) == ("m", ["news"])
    assert system.run is not None
    assert system.run.model.name == "m"


def test_a_run_folder_without_predictions_is_its_scores(scores_file: ScoresFile) -> None:
    assert load_system(scores_file("run").parent).name == "gner-tiny"


def test_run_json_is_of_the_scores_beside_it_only(scores_file: ScoresFile) -> None:
    path = scores_file("run", "elsewhere.json")
    (path.parent / "run.json").write_text(json.dumps({"throughput": {}}))
    assert load_system(path).run is None


def test_training_sets_are_read_with_and_without_split(scores_file: ScoresFile) -> None:
    system = load_system(scores_file(training_sets=("crossner_ai/train", "ncbi")))
    assert [system.trained_on(name) for name in ("crossner_ai", "ncbi", "crossner")] == [True, True, False]


def test_systems_of_one_name_get_their_folder(scores_file: ScoresFile) -> None:
    paths = [scores_file("a"), scores_file("b"), scores_file("c", name="other")]
    assert [s.name for s in load_all(paths)] == ["gner-tiny (a)", "gner-tiny (b)", "other"]


def test_systems_of_one_name_and_folder_get_their_file(scores_file: ScoresFile) -> None:
    paths = [scores_file("a", "x.json"), scores_file("a", "y.json")]
    assert [s.name for s in load_all(paths)] == ["gner-tiny (a/x.json)", "gner-tiny (a/y.json)"]


def test_systems_of_one_name_folder_and_file_get_their_path(scores_file: ScoresFile) -> None:
    paths = [scores_file("a/run"), scores_file("b/run")]
    assert [s.name for s in load_all(paths)] == [f"gner-tiny ({path})" for path in paths]


def test_a_file_given_twice_is_one_system(scores_file: ScoresFile) -> None:
    path = scores_file()
    assert [s.name for s in load_all([path, path])] == ["gner-tiny"]


def test_a_given_name_is_that_of_the_scores_too(scores_file: ScoresFile) -> None:
    path = scores_file(training_sets=("ncbi",))
    [system] = load_all([NamedPath(path, "ours")])
    assert (system.name, system.scores.origin.system.name, system.document.system.name) == ("ours",) * 3
    assert (system.parameters, system.own_name) == (4_600_000, "gner-tiny")


def test_a_given_name_keeps_what_the_catalogue_knows_of_the_system(scores_file: ScoresFile) -> None:
    path = scores_file(name="GNER-T5-base", parameters=None)
    [system] = load_all([NamedPath(path, "ours")])
    assert system.known is not None
    assert system.known.name == "GNER-T5-base"
    [other] = load_all([NamedPath(scores_file("b", parameters=None), "GNER-T5-large")])
    assert other.parameters == other.known.parameters if other.known else False


def test_a_given_name_stays_where_another_system_has_it(scores_file: ScoresFile) -> None:
    sources = [NamedPath(scores_file("a"), "m"), scores_file("b", name="m"), scores_file("c", name="m")]
    assert [s.name for s in load_all(sources)] == ["m", "m (b)", "m (c)"]


def test_a_name_that_is_given_twice_is_refused(scores_file: ScoresFile) -> None:
    with pytest.raises(UsageError, match=r"two systems are called 'm' \(NAME=FILE\); give each a name of its own"):
        load_all([NamedPath(scores_file(folder), "m") for folder in "ab"])
    same = NamedPath(scores_file("a"), "m")
    assert [s.name for s in load_all([same, same])] == ["m"]


def test_a_tokenizer_is_for_a_given_name(
    predictions_file: Callable[..., Path], record: Callable[..., dict[str, Any]]
) -> None:
    path = predictions_file(record(), file="mine.jsonl")
    tokenizers = Tokenizers(named={"ours": "there/is/none.json"})
    with pytest.raises(InputError, match=r"none\.json"):
        load_system(path, tokenizers=tokenizers, name="ours")
    assert load_system(path, tokenizers=tokenizers, name="theirs").name == "theirs"
