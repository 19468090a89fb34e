"""The sentences that the page of a scores.json shows are those that it was made of, or it says why there are none."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gner_bench.api import load_predictions, score
from gner_bench.documents.scores import Resampling
from gner_bench.files import write_json
from gner_bench.report.load import load_system
from gner_bench.report.sentences import Sentences, sentences_of
from gner_bench.scoring.document import scores_document
from gner_bench.scoring.tokenizers import BESIDE, Tokenizers

Record = Callable[..., dict[str, Any]]
Write = Callable[..., Path]
WRONG = "Ann(O) saw(O) Oslo(B-place)"


@pytest.fixture
def scored(tmp_path: Path) -> Callable[..., Path]:
    """Scores files of predictions and writes the scores.json; returns its path."""

    def write(*files: Path, out: str = "scores.json", tokenizer: str = "none", **options: Any) -> Path:
        scores = score(load_predictions(*files, tokenizer=tokenizer, **options))
        write_json(tmp_path / out, scores_document(scores, Resampling(20)).json())
        return tmp_path / out

    return write


def found(path: Path, tokenizers: Tokenizers = BESIDE) -> Sentences:
    return sentences_of(load_system(path), tokenizers)


def test_they_are_found_where_they_were_scored(
    scored: Callable[..., Path], predictions_file: Write, record: Record
) -> None:
    path = scored(predictions_file(record(), record(id="1", prediction=WRONG), file="there/mine.jsonl"))
    predictions = found(path).predictions
    assert predictions is not None
    assert [sentence.predicted[0] for sentence in predictions] == ["B-person", "O"]


@pytest.mark.parametrize(
    ("moved", "shown"), [("run/mine.jsonl", True), ("run/predictions.jsonl", True), ("run/other.jsonl", False)]
)
def test_they_are_found_beside_the_scores(
    scored: Callable[..., Path], predictions_file: Write, record: Record, tmp_path: Path, moved: str, shown: bool
) -> None:
    path = scored(predictions_file(record(), file="mine.jsonl"), out="run/scores.json")
    (tmp_path / "mine.jsonl").rename(tmp_path / moved)
    assert (found(path).predictions is not None) is shown
    if not shown:
        told = f"its predictions (mine.jsonl) are not beside {path}; put them there or give them instead of it"
        assert found(path).reason == told


def test_several_files_of_one_system_are_found(
    scored: Callable[..., Path], predictions_file: Write, record: Record
) -> None:
    files = [predictions_file(record(id=str(at)), file=f"{at}/predictions.jsonl") for at in range(2)]
    predictions = found(scored(*files)).predictions
    assert predictions is not None
    assert [sentence.id for sentence in predictions] == ["0", "1"]


@pytest.mark.parametrize(
    "changed",
    [
        [{"id": "0"}, {"id": "1"}],  # what was wrong is right
        [{"id": "0", "prediction": WRONG}, {"id": "1"}],  # the same counts, of other sentences
        [{"id": "0"}, {"id": "2", "prediction": WRONG}],
        [{"id": "0"}, {"id": "1", "prediction": WRONG, "words": ["Bo", "saw", "Oslo"]}],
        [{"id": "0"}, {"id": "1", "prediction": "Ann(B-place) saw(O) Oslo(B-place)", "labels": ["O", "O", "B-place"]}],
        [{"id": "0"}],
        [{"id": "0"}, {"id": "1", "prediction": WRONG}, {"id": "0", "dataset": "blogs"}],
    ],
    ids=["answer", "answers exchanged", "id", "words", "gold", "one less", "a set more"],
)
def test_others_than_were_scored_are_not_shown(
    scored: Callable[..., Path], predictions_file: Write, record: Record, changed: list[dict[str, Any]]
) -> None:
    path = scored(predictions_file(record(), record(id="1", prediction=WRONG), file="mine.jsonl"))
    file = predictions_file(*(record(**each) for each in changed), file="mine.jsonl")
    set_name = "blogs" if len(changed) == 3 else "news"
    sentences = found(path)
    assert sentences.predictions is None
    assert sentences.reason == f"{file} is not what was scored (other words, gold or answers: {set_name})"


def test_what_cannot_be_read_is_named(
    scored: Callable[..., Path], predictions_file: Write, record: Record, tmp_path: Path
) -> None:
    path = scored(predictions_file(record(), file="mine.jsonl"))
    (tmp_path / "mine.jsonl").write_text("Ann B-person\n")
    assert found(path).reason.startswith(f"{tmp_path / 'mine.jsonl'}, line 1: ")
    assert "only sentences of predictions.jsonl are shown" in found(path).reason


def test_standard_input_cannot_be_read_again(
    scored: Callable[..., Path], predictions_file: Write, record: Record
) -> None:
    path = scored(predictions_file(record(), file="mine.jsonl"))
    document = json.loads(path.read_text()) | {"files": ["-"]}
    path.write_text(json.dumps(document))
    assert "were read from standard input" in found(path).reason


def test_answers_are_read_under_the_rule_that_they_were_scored_by(
    scored: Callable[..., Path], predictions_file: Write, record: Record
) -> None:
    text = "<think>Oslo?</think> Ann(B-person) saw(O) Oslo(B-place)"
    path = scored(predictions_file(record(prediction=text), file="mine.jsonl"), answers="mended")
    assert found(path).predictions is not None


def test_the_back_tokenizer_must_be_that_of_the_scores(
    scored: Callable[..., Path], predictions_file: Write, record: Record, tmp_path: Path
) -> None:
    tokenizer = str(Path(__file__).parents[2] / "prediction_results/demo/gner-tiny/tokenizer.json")
    path = scored(predictions_file(record(), file="mine.jsonl"), tokenizer=tokenizer)
    assert found(path, Tokenizers(tokenizer)).predictions is not None
    reason = found(path).reason
    assert reason.startswith(f"{tmp_path / 'mine.jsonl'} was scored with the back-tokenizer ")
    assert reason.endswith(", which is not beside it; --tokenizer PATH names it")
