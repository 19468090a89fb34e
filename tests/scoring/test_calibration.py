from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from math import prod
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gner_bench.scoring.calibration import (
    MOST_POINTS,
    CalibrationTally,
    expected_calibration_error,
    precision_recall_curve,
    reliability,
)
from gner_bench.scoring.counting import score
from gner_bench.scoring.counts import strict_counts
from gner_bench.scoring.predictions import Prediction

from .sentences import given_sets, predictions, sentence

OUTCOMES = st.lists(st.tuples(st.integers(0, 100).map(lambda percent: percent / 100), st.booleans()), max_size=40)


def confident(gold: str, predicted: str, *confidence: float) -> Prediction:
    return sentence(gold, predicted, generation={"confidence": list(confidence)})


def document(*sentences: Prediction) -> dict[str, Any]:
    tally = CalibrationTally()
    for each in sentences:
        tally.add(each)
    calibration = tally.calibration()
    assert calibration is not None
    found: dict[str, Any] = json.loads(json.dumps(calibration.json()))
    return found


def arrays(outcomes: Sequence[tuple[float, bool]]) -> tuple[Any, Any]:
    return np.array([c for c, _ in outcomes], dtype=float), np.array([r for _, r in outcomes], dtype=float)


def test_the_confidence_of_an_entity_is_the_product_over_its_words() -> None:
    found = document(confident("B-x I-x O", "B-x I-x O", 0.9, 0.5, 0.1))
    assert (found["entities"], found["correct"], found["gold"], found["sentences"]) == (1, 1, 1, 1)
    assert found["confidence"] == 0.45
    assert found["curve"] == [[0.45, 1.0, 1.0]]


def test_figures_by_hand() -> None:
    found = document(confident("B-x O B-y B-x", "B-x B-x B-x O", 0.95, 0.75, 0.72, 0.3), confident("B-y", "O", 0.9))
    assert [(each["count"], each["correct"]) for each in found["reliability"]] == [(0, 0)] * 7 + [
        (2, 0),
        (0, 0),
        (1, 1),
    ]
    assert found["reliability"][7] == {
        "above": 0.7,
        "to": 0.8,
        "count": 2,
        "confidence": 0.735,
        "correct": 0,
        "share": 0.0,
    }
    assert found["ece"] == pytest.approx((2 * 0.735 + 1 * 0.05) / 3, abs=1e-6)
    assert found["curve"] == [[0.95, 1.0, 0.25], [0.75, 0.5, 0.25], [0.72, 0.3333, 0.25]]
    assert found["average_precision"] == 0.25


@pytest.mark.parametrize(
    ("confidence", "place"), [(0.0, 0), (0.1, 0), (0.100001, 1), (0.3, 2), (0.7, 6), (0.9, 8), (0.95, 9), (1.0, 9)]
)
def test_a_bin_holds_its_upper_edge(confidence: float, place: int) -> None:
    found = reliability(*arrays([(confidence, True)]))
    assert [each.count for each in found] == [int(each == place) for each in range(10)]


def test_entities_of_equal_confidence_enter_together() -> None:
    average_precision, curve = precision_recall_curve(*arrays([(0.5, True), (0.5, False), (0.5, True)]), 4)
    assert curve == ((0.5, 0.6667, 0.5),)
    assert average_precision == pytest.approx(1 / 3, abs=1e-6)


def test_perfect_confidence_has_no_error_and_a_full_average_precision() -> None:
    outcomes = arrays([(1.0, True)] * 3 + [(0.0, False)] * 2)
    assert expected_calibration_error(*outcomes) == 0
    assert precision_recall_curve(*outcomes, 3)[0] == 1


@given(OUTCOMES)
def test_the_error_is_that_of_the_reliability_table(outcomes: list[tuple[float, bool]]) -> None:
    rows = reliability(*arrays(outcomes))
    error = expected_calibration_error(*arrays(outcomes))
    assert sum(each.count for each in rows) == len(outcomes)
    whole = sum(r.count * abs(r.share - r.confidence) for r in rows if r.share is not None and r.confidence is not None)
    assert error == pytest.approx(whole / max(1, len(outcomes)), abs=1e-5)
    assert 0 <= error <= 1


@given(OUTCOMES.filter(bool), st.integers(0, 5))
def test_average_precision_by_thresholds_one_by_one(outcomes: list[tuple[float, bool]], missed: int) -> None:
    gold = sum(right for _, right in outcomes) + missed
    expected, before = 0.0, 0.0
    for threshold in sorted({c for c, _ in outcomes}, reverse=True):
        taken = [right for c, right in outcomes if c >= threshold]
        recall = sum(taken) / gold if gold else 0.0
        expected += (recall - before) * sum(taken) / len(taken)
        before = recall
    assert precision_recall_curve(*arrays(outcomes), gold)[0] == pytest.approx(expected, abs=1e-6)


def test_the_curve_keeps_its_ends_when_points_are_left_out() -> None:
    outcomes = [(number / 1000, number % 3 == 0) for number in range(1, 1001)]
    points = precision_recall_curve(*arrays(outcomes), 500)[1]
    assert len(points) == MOST_POINTS
    assert points[0][0] == 1.0
    assert points[-1] == (0.001, 0.333, 0.666)
    assert [point[2] for point in points] == sorted(point[2] for point in points)


@pytest.mark.slow
@given(st.lists(predictions(unplaced=False), min_size=1, max_size=4), st.floats(0.01, 1))
def test_entities_and_rights_are_those_of_strict(sentences: list[Prediction], probability: float) -> None:
    given_ = [replace(each, generation={"confidence": [probability] * len(each.words)}) for each in sentences]
    found = document(*given_)
    triples = [triple for each in given_ for triple in strict_counts(each).values()]
    sums = [sum(column) for column in zip((0, 0, 0), *triples, strict=True)]
    assert [found["correct"], found["entities"], found["gold"]] == sums


@pytest.mark.parametrize(
    "confidence", [[0.5], [0.5, 0.5, 0.5], 0.5, [0.5, 1.5], [0.5, float("nan")], [0.5, "1"], [True, 1.0], None, {}]
)
def test_a_confidence_that_is_none_of_its_words_is_left_out(confidence: Any) -> None:
    each = replace(sentence("B-x O", "B-x O"), generation={"confidence": confidence})
    assert score(given_sets(news=[each])).sets["news"].analysis.calibration is None


def test_sentences_without_confidence_do_not_count() -> None:
    sentences = [sentence("B-x", "B-x"), confident("B-x B-x", "B-x O", 0.8, 0.6)]
    found = score(given_sets(news=sentences)).sets["news"].analysis.calibration
    assert found is not None
    assert (found.sentences, found.gold, found.entities) == (1, 2, 1)
    assert found.average_precision == 0.5


def test_a_sentence_without_entities_misses_its_gold_where_others_have_confidences() -> None:
    # As spans with scores are read: where there are none, nothing has a score.
    sentences = [confident("B-x", "B-x", 0.8), sentence("B-x O B-x", "O O O")]
    found = score(given_sets(news=sentences)).sets["news"].analysis.calibration
    assert found is not None
    assert (found.sentences, found.gold, found.entities) == (2, 3, 1)
    assert found.curve == ((0.8, 1.0, 0.3333),)
    parts = CalibrationTally(), CalibrationTally()
    for tally, part in zip(parts, sentences[::-1], strict=True):
        tally.add(part)
    parts[0].extend(parts[1])
    assert parts[0].calibration() == found


def test_confident_sentences_without_entities_have_an_empty_table() -> None:
    found = document(confident("O O", "O O", 0.9, 0.9))
    assert (found["entities"], found["confidence"], found["curve"], found["ece"]) == (0, None, [], 0.0)
    assert prod(each["count"] for each in found["reliability"]) == 0
