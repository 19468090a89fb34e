from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gner_bench import load_predictions, score
from gner_bench.data.sentence import Dataset, Sentence
from gner_bench.documents.scores import Resampling
from gner_bench.errors import UsageError
from gner_bench.scoring.document import scores_document, scores_of
from gner_bench.scoring.expected import Expected, expected
from gner_bench.scoring.scores import Scores

Make = Callable[..., Path]


@pytest.fixture
def make(record: Callable[..., dict[str, Any]], predictions_file: Callable[..., Path]) -> Make:
    """Writes as many sentences of each data set as asked."""

    def build(**sets: int) -> Path:
        return predictions_file(*(record(id=str(i), dataset=name) for name, n in sets.items() for i in range(n)))

    return build


def scored(path: Path, wanted: Expected) -> Scores:
    predictions = load_predictions(path, tokenizer="none")
    wanted.require_described(predictions.origin)
    return wanted.applied(score(predictions))


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        ((), Expected()),
        (("700",), Expected(700)),
        (("mit-movie:2443", "a:b:5"), Expected(None, {"mit-movie": 2443, "a:b": 5})),
        (("10", "news:4", "news:4", "10"), Expected(10, {"news": 4})),
    ],
)
def test_a_number_is_of_all_sentences_or_of_a_data_set(texts: tuple[str, ...], found: Expected) -> None:
    assert expected(texts) == found


@pytest.mark.parametrize(
    "texts", [("0",), ("-1",), ("1.5",), ("2,443",), ("",), (":5",), ("news:",), ("٣",), ("3", "4"), ("3", "news:4")]
)
def test_what_is_no_number_of_sentences_is_refused(texts: tuple[str, ...]) -> None:
    with pytest.raises(UsageError, match=r"^--expect "):
        expected(texts)


@pytest.mark.parametrize(
    ("wanted", "lacking"),
    [
        (Expected(), 0),
        (Expected(7), 0),
        (Expected(9), 2),
        (Expected(None, {"news": 4}), 0),
        (Expected(None, {"news": 6}), 2),
        (Expected(None, {"films": 5, "news": 4}), 5),
        (Expected(20, {"films": 5}), 13),
        (Expected(12, {"films": 5, "news": 5}), 6),
    ],
)
def test_sentences_that_are_not_there_are_missing(make: Make, wanted: Expected, lacking: int) -> None:
    scores = scored(make(news=4, books=3), wanted)
    assert scores.lacking == lacking
    read = scores_of(scores_document(scores, Resampling(0)), Path("scores.json"))
    assert (read.lacking, read.sets["news"].planned) == (lacking, wanted.sets.get("news"))
    assert any("no predictions of films" in line for line in scores.origin.warnings) == ("films" in wanted.sets)


def test_more_sentences_than_were_expected_are_refused(make: Make) -> None:
    path = make(news=4, books=3)
    for wanted, said in (
        (Expected(6), "--expect 6: 7 sentences"),
        (Expected(None, {"books": 2}), "--expect books:2: 3"),
    ):
        with pytest.raises(UsageError, match=said):
            scored(path, wanted)


def test_a_run_json_that_says_another_number_is_believed(make: Make) -> None:
    path = make(news=4)
    run = {"model": {"name": "tiny"}, "sentences": 5, "datasets": {"news": {"sentences": 5}}}
    path.with_name("run.json").write_text(json.dumps(run), encoding="utf-8")
    assert scored(path, Expected(5, {"news": 5})).lacking == 1
    for wanted, said in (
        (Expected(4), "--expect 4: the run.json of .* says 5 sentences"),
        (Expected(9), "says 5 sentences"),
        (Expected(None, {"news": 4}), "--expect news:4: the run.json of .* says 5 sentences"),
        (Expected(None, {"films": 4}), "--expect films:4: the run.json of .* says nothing of this data set"),
    ):
        with pytest.raises(UsageError, match=said):
            scored(path, wanted)


def test_a_part_of_the_gold_is_complete_where_it_is_what_was_expected(tmp_path: Path) -> None:
    """Three of ten sentences of the gold are predicted: seven are missing, unless three were expected."""
    path = tmp_path / "answers.jsonl"
    path.write_text("".join(json.dumps({"id": str(i), "prediction": "Ann(O)"}) + "\n" for i in range(3)))
    sentences = tuple(Sentence(str(i), ("Ann",), ("O",), ()) for i in range(10))
    gold = [Dataset("news", "test", ("person",), sentences)]
    predictions = load_predictions(path, format="gner", gold=gold)
    for wanted, lacking in ((Expected(), 7), (Expected(3), 0), (Expected(None, {"news": 3}), 0), (Expected(12), 9)):
        assert wanted.applied(score(predictions)).lacking == lacking
