"""Predictions as frames of pandas and polars."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gner_bench import load_predictions, score, to_frame
from gner_bench.errors import UsageError
from gner_bench.seqeval import to_predictions

DEMO = Path(__file__).parents[1] / "prediction_results/demo/gner-tiny"
LIBRARIES = ("pandas", "polars")
WORDS = [["Ann", "Lee", "saw", "Rome"], ["No", "one"]]
GOLD = [["B-person", "I-person", "O", "B-place"], ["O", "O"]]
PREDICTED = [["B-person", "O", "O", "B-place"], ["O", "B-person"]]
ENTITIES = [
    ("wrong_boundary", "Ann Lee", "person", 0, 2, "Ann", "person", 0, 1),
    ("correct", "Rome", "place", 3, 4, "Rome", "place", 3, 4),
    ("spurious", None, None, None, None, "one", "person", 1, 2),
]
COLUMNS = ["dataset", "split", "document", "id", "class"] + [
    f"{side}_{name}" for side in ("gold", "predicted") for name in ("text", "type", "start", "end")
]


@pytest.fixture(params=LIBRARIES)
def library(request: pytest.FixtureRequest) -> Any:
    pytest.importorskip(request.param, reason=f"{request.param} is not installed")
    return request.param


def rows(frame: Any, columns: list[str]) -> list[tuple[Any, ...]]:
    """Plain values, None where one is missing."""
    found = frame[columns]
    if hasattr(found, "rows"):
        return [tuple(row) for row in found.rows()]
    return [tuple(row) for row in found.astype(object).where(found.notna(), None).itertuples(index=False)]


def test_entities_are_in_the_classes_of_the_error_analysis(library: Any) -> None:
    predictions = to_predictions(WORDS, GOLD, PREDICTED)
    frame = to_frame(predictions, "entities", library=library)
    assert list(frame.columns) == COLUMNS
    assert rows(frame, COLUMNS[4:]) == ENTITIES
    errors = to_frame(predictions, "errors", library=library)
    assert rows(errors, COLUMNS[4:]) == [row for row in ENTITIES if row[0] != "correct"]
    assert rows(errors, ["id"]) == [("0",), ("1",)]


def test_sentences_have_their_counts(library: Any) -> None:
    frame = to_frame(to_predictions(WORDS, GOLD, PREDICTED), library=library, metrics=("strict", "partial"))
    counted = [f"{metric}_{side}" for metric in ("strict", "partial") for side in ("right", "predicted", "gold")]
    assert rows(frame, ["words", "gold", *counted]) == [
        ("Ann Lee saw Rome", "B-person I-person O B-place", 1.0, 2.0, 2.0, 1.5, 2.0, 2.0),
        ("No one", "O O", 0.0, 1.0, 0.0, 0.0, 1.0, 0.0),
    ]


def test_a_frame_without_rows_has_its_columns_and_types(library: Any) -> None:
    empty = to_frame(to_predictions(WORDS, GOLD, GOLD), "errors", library=library)
    full = to_frame(to_predictions(WORDS, GOLD, PREDICTED), "errors", library=library)
    assert (len(empty), list(empty.columns), list(empty.dtypes)) == (0, COLUMNS, list(full.dtypes))


def test_real_predictions_sum_up_to_their_scores(library: Any) -> None:
    predictions = load_predictions(DEMO)
    frame, scores = to_frame(predictions, library=library), score(predictions)
    totals = scores["mit-movie"].statistics.totals()
    chosen = [row[1:] for row in rows(frame, ["dataset", "gner_right", "gner_predicted", "gner_gold"])
              if row[0] == "mit-movie"]  # fmt: skip
    assert tuple(sum(column) for column in zip(*chosen, strict=True)) == totals["gner"]


def test_other_names_are_refused() -> None:
    predictions = to_predictions(WORDS, GOLD, PREDICTED)
    with pytest.raises(UsageError, match="frames are of sentences, entities, errors, not of 'words'"):
        to_frame(predictions, "words")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="frames are of pandas or polars, not of 'dask'"):
        to_frame(predictions, library="dask")  # type: ignore[arg-type]


def test_a_library_that_is_missing_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gner_bench.extras.installed", lambda name: False)
    with pytest.raises(UsageError, match=r"^polars is not installed; pip install 'gner-bench\[frames\]'$"):
        to_frame(to_predictions(WORDS, GOLD, PREDICTED), library="polars")
