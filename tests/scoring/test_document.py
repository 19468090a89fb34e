from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gner_bench.api import load_predictions, score
from gner_bench.documents.scores import VERSION, Analysis, Resampling, System, read_scores
from gner_bench.errors import InputError
from gner_bench.files import to_json, write_json
from gner_bench.scoring.document import scores_document, scores_of
from gner_bench.scoring.metrics import METRICS
from gner_bench.scoring.predictions import Origin, Prediction
from gner_bench.scoring.scores import Scores
from gner_bench.scoring.values import SystemValues

from .sentences import given_sets, predictions, sentence

FEW = Resampling(20, seed=4, confidence=0.9)
SENTENCES = st.lists(predictions(), min_size=1, max_size=5)
ORIGIN = Origin(
    (Path("runs/a/predictions.jsonl"),),
    System("tiny [x]", 7_200_000, "ours", ("ncbi",)),
    "beam4",
    "f5dfec16" * 8,
    "hierarchical-1",
    {"news": 9},
    12,
)


def made(**sets: list[Prediction]) -> Scores:
    return score(replace(given_sets(**sets), origin=ORIGIN), METRICS)


def read_back(path: Path) -> tuple[Scores, Resampling]:
    document = read_scores(path)
    return scores_of(document, path), document.resampling


@pytest.fixture
def scores() -> Scores:
    return made(news=[sentence("B-x O", "B-x B-y"), sentence("B-y", "O")], films=[sentence("B-x I-x", "B-x I-y")])


@pytest.fixture
def written(scores: Scores, tmp_path: Path) -> Path:
    path = tmp_path / "scores.json"
    write_json(path, scores_document(scores, FEW).json())
    return path


def test_the_document_has_its_parts(scores: Scores) -> None:
    found = scores_document(scores, FEW).json()
    assert found["version"] == VERSION == 2
    assert found["system"] == {
        "name": "tiny [x]",
        "parameters": 7_200_000,
        "note": "ours",
        "training_sets": ["ncbi"],
    }
    assert found["files"] == ["runs/a/predictions.jsonl"]
    assert found["metrics"] == list(METRICS)
    assert found["resampling"] == {"resamples": 20, "seed": 4, "confidence": 0.9}
    news = found["datasets"]["news"]
    assert (news["split"], news["sentences"], news["planned"]) == ("test", 2, 9)
    assert set(news) >= {*METRICS, "macro", "types", "label_list", "matched_by", "structuring", "errors", "counts"}
    assert news["strict"]["true_positives"] == 1
    assert set(news["strict"]["interval"]) == {"precision", "recall", "f1"}
    assert news["macro"]["strict"]["f1"] == 0.5
    assert set(news["types"]["x"]) == {"gner", "strict", "type", "token", "conlleval", "surface"}
    for part in ("average", "pooled", "macro"):
        assert set(found[part]) == set(METRICS)
    assert found["signature"].startswith("data:news/test=2@")


def test_the_average_and_the_pooled_figures_are_those_of_figures(scores: Scores) -> None:
    found, figures = scores_document(scores, FEW).json(), SystemValues(scores, FEW)
    for metric in METRICS:
        assert found["average"][metric]["f1"] == figures.average(metric).f1
        assert found["pooled"][metric]["f1"] == figures.pooled(metric).f1
        assert json.loads(to_json(found["macro"]))[metric] == json.loads(to_json(figures.macro(metric).json()))


def test_the_same_scores_give_the_same_document(scores: Scores) -> None:
    assert to_json(scores_document(scores, FEW).json()) == to_json(scores_document(scores, FEW).json())


@pytest.mark.slow
@given(SENTENCES, SENTENCES)
@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_read_back_gives_the_same_document(
    tmp_path: Path, news: list[Prediction], films: list[Prediction]
) -> None:
    path = tmp_path / "scores.json"
    first = scores_document(made(news=news, films=films), FEW).json()
    write_json(path, first)
    again = scores_document(*read_back(path)).json()
    assert to_json(again) == to_json(first)


def test_real_scores_are_read_back_the_same(shared: Path, tmp_path: Path) -> None:
    path = tmp_path / "scores.json"
    first = scores_document(
        score(load_predictions(shared / "predictions/gner-t5-base.dev700.jsonl")), Resampling(100)
    ).json()
    write_json(path, first)
    assert to_json(scores_document(*read_back(path)).json()) == to_json(first)


def test_other_intervals_can_be_had_from_a_file(scores: Scores, written: Path) -> None:
    read, resampling = read_back(written)
    assert resampling == FEW
    more = Resampling(500, seed=1)
    assert to_json(scores_document(read, more).json()) == to_json(scores_document(scores, more).json())


def change(path: Path, keys: str, value: Any) -> None:
    """Set the value at ``keys`` (separated by dots), remove it where ``value`` is KeyError."""
    found = inner = json.loads(path.read_text(encoding="utf-8"))
    *parents, last = keys.split(".")
    for key in parents:
        inner = inner[key]
    if value is KeyError:
        del inner[last]
    else:
        inner[last] = value
    path.write_text(json.dumps(found), encoding="utf-8")


@pytest.mark.parametrize(
    ("keys", "value", "said"),
    [
        ("version", 1, "version: 1 has no counts of sentences; score the predictions again"),
        ("version", 3, "version: 3 is not a version that this program reads"),
        ("version", "2", "version: expected int, found str"),
        ("version", KeyError, "version: is missing"),
        ("metrics", ["gner", "bleu"], "datasets.news.bleu: is missing"),
        ("metrics", [], "metrics: is empty"),
        ("datasets", {}, "datasets: is empty"),
        ("datasets.news", 3, "datasets.news: expected a table"),
        ("datasets.news.split", None, "datasets.news.split: expected str"),
        ("datasets.news.planned", "all", "datasets.news.planned: expected int, found 'all'"),
        ("datasets.news.label_list", [3], "datasets.news.label_list[0]: expected str, found 3"),
        ("datasets.news.counts", KeyError, "datasets.news.counts: is missing"),
        ("datasets.news.counts.rows", [[0, 5, 1, 1]], "datasets.news.counts: cannot be used (a row holds impossible"),
        ("datasets.news.counts.keys", [-1, 2], "datasets.news.counts: cannot be used"),
        ("datasets.news.counts.keys", [1], "datasets.news.counts: cannot be used (2 sentences, 2 ids and 1 keys)"),
        ("datasets.news.counts.ids", [1, 2], "datasets.news.counts.ids: expected an array of strings"),
        ("resampling.resamples", 2.5, "resampling.resamples: expected int, found 2.5"),
        ("resampling.resamples", -1, "resampling.resamples: is no number of resamples"),
        ("resampling.resamples", True, "resampling.resamples: expected int, found True"),
        ("resampling.confidence", 1.5, "resampling.confidence: is not between 0 and 1"),
        ("resampling", KeyError, "resampling: is missing"),
        ("system.name", None, "system.name: expected str"),
        ("system.parameters", "7B", "system.parameters: expected int, found '7B'"),
        ("system.training_sets", 3, "system.training_sets: expected an array"),
        ("origin.tokenizer", 5, "origin.tokenizer: expected str, found 5"),
        ("origin", KeyError, "origin: is missing"),
        ("datasets.news.strict.f1", "high", "datasets.news.strict.f1: expected float, found 'high'"),
        ("datasets.news.matched_by", 3, "datasets.news.matched_by: expected dict, found 3"),
        ("datasets.news.structuring.cut_outputs", -1, "datasets.news.structuring: holds a count below 0"),
        ("datasets.news.errors", {}, "datasets.news.errors.classes: is missing"),
        ("datasets.news.errors.confusion", [["x", 1]], "datasets.news.errors.confusion[0]: expected an array of 3"),
        ("datasets.news.errors.by_entity_length", {"1": [1, 2]}, "datasets.news.errors.by_entity_length.1: expected"),
        ("files", "x", "files: expected an array"),
    ],
)
def test_a_bad_field_is_named(written: Path, keys: str, value: Any, said: str) -> None:
    change(written, keys, value)
    with pytest.raises(InputError) as caught:
        read_back(written)
    assert str(caught.value).startswith(f"{written}: {said}")
    assert "\n" not in str(caught.value)


def test_a_metric_that_is_not_installed_is_named(written: Path) -> None:
    content = written.read_text(encoding="utf-8").replace('"token"', '"bleu"')
    written.write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match="metrics: unknown metric 'bleu'"):
        read_back(written)


def test_what_an_early_file_does_not_say_is_not_known_and_other_keys_are_kept(scores: Scores, written: Path) -> None:
    for key in ("matched_by", "structuring", "errors", "problems"):
        change(written, f"datasets.news.{key}", KeyError)
    change(written, "datasets.news.later", {"a": [1]})
    change(written, "later", "x")
    read = read_scores(written)
    assert read.datasets["news"].analysis == Analysis()
    assert (read.datasets["news"].more, read.more) == ({"later": {"a": [1]}}, {"later": "x"})
    assert json.loads(to_json(read.json())) == json.loads(written.read_text(encoding="utf-8"))
    assert read_back(written)[0].sets["news"].statistics == scores.sets["news"].statistics


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is not JSON"),
        (b'{"version": 2', "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b"[1]", "expected a JSON object, found list"),
        (b"\xff", "is not UTF-8 text"),
        (b'{"a": "\\ud800"}', "holds half of a surrogate pair"),
        (None, "No such file"),
    ],
)
def test_a_file_that_is_no_scores_json_is_named(tmp_path: Path, content: bytes | None, said: str) -> None:
    path = tmp_path / "scores.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_back(path)
    assert str(caught.value).removeprefix(str(path)).removeprefix(", line 1").startswith(f": {said}")


def test_what_is_not_known_of_a_run_is_none(record: Callable[..., Any], predictions_file: Callable[..., Path]) -> None:
    origin = scores_document(score(predictions_file(record())), FEW).json()["origin"]
    assert origin == {"decoding": "unknown", "tokenizer": None, "structuring": "hierarchical-1", "expected": 0}


@pytest.mark.slow
def test_the_document_does_not_depend_on_the_process(tmp_path: Path) -> None:
    """Sets of strings have another order in every process."""
    record = {
        "dataset": "films",
        "label_list": ["actor", "year", "genre", "title"],
        "instance": {"id": "0", "words": list("abcd"), "labels": ["B-actor", "B-year", "B-genre", "B-title"]},
        "prediction": "a(B-year) b(B-year) c(B-title) d(B-title)",
    }
    path = tmp_path / "predictions.jsonl"
    path.write_text(json.dumps(record) + "\n", encoding="utf-8")
    command = [sys.executable, "-m", "gner_bench", "score", str(path), "--tokenizer", "none", "--json"]
    found = {
        subprocess.run(command, capture_output=True, env={**os.environ, "PYTHONHASHSEED": seed}).stdout
        for seed in ("1", "2", "3", "4")
    }
    assert len(found) == 1
