from __future__ import annotations

import doctest
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import gner_bench
from gner_bench import api
from gner_bench.api import load_predictions, score
from gner_bench.demo import CHECKPOINT
from gner_bench.errors import InputError, UsageError
from gner_bench.scoring.scores import Scores
from gner_bench.scoring.values import SystemValues

Build = Callable[..., dict[str, Any]]
Write = Callable[..., Path]


@pytest.fixture
def file(record: Build, predictions_file: Write) -> Path:
    return predictions_file(record(), record(id="1", prediction="Ann(B-person) saw(O)"))


def f1(scores: Scores) -> float:
    return SystemValues(scores).average("strict").f1


def test_a_path_may_be_a_string_or_any_path(file: Path) -> None:
    class Somewhere(os.PathLike[str]):
        def __fspath__(self) -> str:
            return str(file)

    values = [f1(score(source)) for source in (file, str(file), Somewhere(), load_predictions(str(file)))]
    assert values == pytest.approx([6 / 7] * 4)


def test_a_run_folder_stands_for_its_predictions(file: Path) -> None:
    assert f1(score(file.parent)) == f1(score(file))


def test_sentences_can_be_read_again_and_again(file: Path) -> None:
    predictions = load_predictions(file)
    assert list(predictions) == list(predictions)
    assert [prediction.id for prediction in predictions] == ["0", "1"]


def test_a_prediction_tells_where_it_stands_and_what_was_generated(file: Path) -> None:
    second = list(load_predictions(file))[1]
    assert (second.file, second.line, second.text) == (file, 2, "Ann(B-person) saw(O)")
    assert second.predicted == ("B-person", "O", "O")
    assert second.structured is not None
    assert second.structured.match.step == "subsequence"


def test_files_are_read_when_they_are_iterated_over(tmp_path: Path) -> None:
    predictions = load_predictions(tmp_path / "none.jsonl")
    with pytest.raises(InputError, match=r"none.jsonl: No such file"):
        list(predictions)


def test_bad_input_raises_an_error_with_its_place(bad_predictions: Any) -> None:
    with pytest.raises(InputError) as caught:
        score(bad_predictions.path)
    assert str(caught.value).startswith(bad_predictions.place)
    assert bad_predictions.reason in str(caught.value)


def test_an_unreadable_tokenizer_is_an_error_at_once(file: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nowhere"):
        load_predictions(file, tokenizer=tmp_path / "nowhere")


def test_a_tokenizer_is_a_path_or_none(file: Path) -> None:
    assert load_predictions(file, tokenizer=CHECKPOINT).origin.tokenizer is not None
    assert load_predictions(file, tokenizer=str(CHECKPOINT)).origin.tokenizer is not None
    without = load_predictions(file, tokenizer="none").origin
    assert without.tokenizer is None
    assert without.warnings == ()
    assert "without back-tokenization" in load_predictions(file).origin.warnings[0]


def test_a_name_replaces_the_systems(file: Path) -> None:
    assert load_predictions(file).origin.system.name == "predictions"
    assert load_predictions(file, name="mine").origin.system.name == "mine"


def test_an_unknown_metric_is_refused_with_the_nearest(file: Path) -> None:
    with pytest.raises(UsageError, match=r"unknown metric 'strickt'; did you mean 'strict'\?"):
        score(file, ["strickt"])


def test_metrics_can_be_chosen(file: Path) -> None:
    assert score(file).metrics == ("gner", "strict")
    assert score(file, ["token", "partial"]).metrics == ("partial", "token")


@pytest.mark.parametrize(
    ("about", "field"),
    [
        ('{"datasets": {"news": {"sentences": "3"}}}', "datasets.news.sentences"),
        ('{"model": {"name": "a", "training_sets": [3]}}', "model.training_sets[0]"),
        ('{"sentences": "3"}', "sentences"),
    ],
)
def test_a_bad_field_of_the_run_is_named(file: Path, about: str, field: str) -> None:
    file.with_name("run.json").write_text(about)
    with pytest.raises(InputError) as caught:
        load_predictions(file)
    assert str(caught.value).startswith(f"{file.with_name('run.json')}: {field}: ")


def test_the_package_offers_the_interface() -> None:
    names = {"compare", "entities", "group", "load_predictions", "match", "parse_generation", "score", "to_frame"}
    assert set(gner_bench.__all__) == {"__version__", *names}
    for name in names:
        assert getattr(gner_bench, name) is getattr(api, name)


def test_the_examples_of_the_interface_run() -> None:
    failed, attempted = doctest.testmod(api)
    assert attempted > 0
    assert failed == 0


def test_scores_are_printed_in_one_short_line_and_looked_up_by_data_set(record: Build, predictions_file: Write) -> None:
    wrong = record(id="1", dataset="mit-movie", prediction="Ann(B-person) saw(O) Oslo(O)")
    scores = score(predictions_file(record(dataset="mit-movie"), wrong, record(id="2")), ["strict"])
    movies = scores["mit-movie"]
    assert movies.f1 == pytest.approx(6 / 7)  # 3 of 4 entities, none that is wrong
    # Wilson's: p = 3/4 of 4 entities, design effect 4/3, t = 2.447 of 6 degrees of freedom; (p - q)² = t² q(1 - q) / 3
    # has the solutions 0.1927 and 0.9741, whose F1 is 2q / (1 + q).
    assert movies.interval == pytest.approx((0.3232, 0.9869), abs=1e-4)
    assert scores.f1 == (scores["news"].f1 + movies.f1) / 2
    assert repr(scores) == f"Scores(predictions: mean strict F1 {scores.f1:.4f}, 3 sentences of 2 data sets)"
    assert repr(movies) == "SetScores(mit-movie/test: strict F1 0.8571, 2 sentences)"


@pytest.mark.slow
def test_scoring_needs_neither_torch_nor_transformers(file: Path) -> None:
    code = f"import sys; from gner_bench.api import score; score({str(file)!r}); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "gner_bench.scoring.scores" in loaded
    assert not loaded & {"torch", "transformers", "matplotlib", "rich"}
