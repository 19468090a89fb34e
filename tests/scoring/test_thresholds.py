"""Scores at other thresholds: those of a system that had left out what is less sure."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gner_bench.api import load_predictions
from gner_bench.documents.run import Run, write_run
from gner_bench.documents.scores import Resampling
from gner_bench.errors import UsageError
from gner_bench.scoring.counting import score
from gner_bench.scoring.scores import Scores
from gner_bench.scoring.signature import signature_fields
from gner_bench.scoring.thresholds import AtLeast, at_least, sweep

from .sentences import Given, given_sets, sentence

Spans = list[tuple[int, int, str, float]]
SPANS = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 2), st.sampled_from(["person", "place"]), st.integers(0, 10)),
    max_size=4,
).map(lambda drawn: [(first, min(first + more, 4), kind, score / 10) for first, more, kind, score in drawn])


def file_of(folder: Path, answers: list[Spans], name: str = "predictions.jsonl") -> Path:
    folder.mkdir(exist_ok=True)
    lines = [
        {
            "dataset": "news",
            "split": "test",
            "format": "spans",
            "label_list": ["person", "place"],
            "instance": {
                "id": str(index),
                "words": ["a", "b", "c", "d", "e"],
                "labels": ["B-person", "I-person", "O", "B-place", "O"],
            },
            "prediction": json.dumps(spans),
        }
        for index, spans in enumerate(answers)
    ]
    path = folder / name
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def counts(scores: Scores) -> dict[str, list[float]]:
    return {metric: list(total) for metric, total in scores.sets["news"].statistics.totals().items()}


@given(st.lists(SPANS, min_size=1, max_size=3), st.integers(0, 10))
def test_it_is_as_if_the_system_had_left_out_what_is_less_sure(
    tmp_path_factory: pytest.TempPathFactory, answers: list[Spans], tenths: int
) -> None:
    folder, least = tmp_path_factory.mktemp("swept"), tenths / 10
    swept = sweep(load_predictions(file_of(folder, answers, "all.jsonl")), [least], ("gner", "strict"))
    kept = [[span for span in spans if span[3] >= least] for spans in answers]
    assert counts(swept[least]) == counts(score(load_predictions(file_of(folder, kept, "kept.jsonl"))))


def test_entities_of_tags_with_probabilities_are_taken_away_whole() -> None:
    one = sentence("B-x I-x O B-y", "B-x I-x O B-y", generation={"confidence": [0.9, 0.5, 0.9, 0.45]})
    assert at_least(one, 0.45) == one
    assert at_least(one, 0.46).predicted == ("O", "O", "O", "O")
    other = replace(one, generation={"confidence": [0.9, 0.5, 0.9, 0.46]})
    assert at_least(other, 0.46).predicted == ("O", "O", "O", "B-y")


def test_the_threshold_is_in_the_signature() -> None:
    given_ = given_sets(news=[sentence("B-x", "B-x", generation={"confidence": [0.5]})])
    swept = sweep(given_, [0.25, 0.75], ["strict"])
    fields = [signature_fields(scores, Resampling(0)) for scores in swept.values()]
    assert [field["threshold"] for field in fields] == ["0.25", "0.75"]
    assert "threshold" not in signature_fields(score(given_, ["strict"]), Resampling(0))
    assert [scores.f1 for scores in swept.values()] == [1, 0]


def test_entities_without_a_score_are_refused() -> None:
    given_ = given_sets(news=[sentence("B-x", "O"), sentence("B-x", "B-x")])
    with pytest.raises(UsageError, match="--thresholds: 1 sentences have entities without a score"):
        sweep(given_, [0.5], ["strict"])


def test_what_the_run_has_not_recorded_is_refused(tmp_path: Path) -> None:
    path = file_of(tmp_path, [[(0, 1, "person", 0.8)]])
    write_run(tmp_path / "run.json", Run(settings={"format": "spans", "threshold": 0.5}))
    predictions = load_predictions(path)
    with pytest.raises(
        UsageError, match=r"0\.4 is below 0\.5, the threshold of the run.*predict with --threshold 0\.4"
    ):
        sweep(predictions, [0.6, 0.4], ["strict"])
    assert list(sweep(predictions, [0.5, 0.9], ["strict"])) == [0.5, 0.9]


def test_parts_are_those_of_the_predictions(tmp_path: Path) -> None:
    predictions = load_predictions(file_of(tmp_path, [[(0, 1, "person", 0.8)], []]))
    assert [s.id for part in AtLeast(predictions, 0.5).parts() for s in part] == ["0", "1"]
    held = AtLeast(Given([sentence("B-x", "O")]), 0.5)
    assert held.parts() == [held]
