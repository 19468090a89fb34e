from __future__ import annotations

import json
from array import array
from dataclasses import replace
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gner_bench.documents.scores import SentenceCounts
from gner_bench.files import to_json
from gner_bench.scoring.metrics import METRICS
from gner_bench.scoring.predictions import Prediction
from gner_bench.scoring.statistics import Statistics, statistics_of

from .sentences import predictions, sentence

pytestmark = pytest.mark.slow

SENTENCES = st.lists(predictions(), max_size=8)


def counted(sentences: list[Prediction]) -> Statistics:
    found = Statistics(tuple(METRICS))
    for each in sentences:
        found.add({metric: METRICS[metric].count(each) for metric in METRICS})
    return found


@pytest.mark.slow
@given(SENTENCES)
@settings(max_examples=40)
def test_sums_are_those_of_the_sentences(sentences: list[Prediction]) -> None:
    found = counted(sentences)
    sums = found.sums()
    for metric in METRICS:
        counts = [METRICS[metric].count(each) for each in sentences]
        columns = found.columns_of(metric)
        assert set(columns) == {kind for each in counts for kind in each}
        for kind, column in columns.items():
            expected = np.sum([each.get(kind, (0, 0, 0)) for each in counts], axis=0)
            assert sums[column].tolist() == expected.tolist()


@given(SENTENCES)
@settings(max_examples=40)
def test_every_sentence_keeps_its_own_counts(sentences: list[Prediction]) -> None:
    found = counted(sentences)
    assert len(found) == len(sentences)
    matrix, index = found.matrix(range(len(found.columns))), found.index()
    for place, each in zip(index, sentences, strict=True):
        for metric in METRICS:
            counts = METRICS[metric].count(each)
            for kind, column in found.columns_of(metric).items():
                assert tuple(matrix[place, column]) == counts.get(kind, (0, 0, 0))


def test_sentences_with_the_same_counts_share_a_row() -> None:
    found = counted([sentence("B-x", "B-x"), sentence("B-x O", "B-x O"), sentence("B-x", "O")])
    assert (len(found), len(found.rows)) == (3, 2)


@pytest.mark.slow
@given(SENTENCES)
@settings(max_examples=40)
def test_the_document_is_read_back_as_the_same_statistics(sentences: list[Prediction]) -> None:
    found = counted(sentences)
    ids = [str(place) for place in range(len(sentences))]
    written = found.sentence_counts(ids, array("Q", range(len(sentences))))
    again = statistics_of(tuple(METRICS), SentenceCounts(**json.loads(to_json(written.json()))))
    assert again == found
    assert again.sentence_counts(ids, written.keys) == written


@given(st.lists(predictions(), min_size=1, max_size=6), st.randoms(use_true_random=False))
@settings(max_examples=20)
def test_groups_have_the_counts_of_their_sentences(sentences: list[Prediction], random: Random) -> None:
    number = random.randint(1, len(sentences))
    groups = [*range(number), *(random.randrange(number) for _ in sentences[number:])]
    grouped = counted(sentences).grouped(groups)
    assert len(grouped) == number
    for group in range(number):
        alone = counted([each for each, other in zip(sentences, groups, strict=True) if other == group])
        one = replace(grouped, places=array("I", [grouped.places[group]]))
        assert one.totals() == alone.totals()
        assert {m: {k: v for k, v in one.typed(m).items() if any(v)} for m in METRICS} == {
            m: {k: v for k, v in alone.typed(m).items() if any(v)} for m in METRICS
        }


GOOD = counted([sentence("B-x", "B-x"), sentence("B-x", "O")]).sentence_counts(["0", "1"], [5, 6]).json()
BAD: dict[str, dict[str, Any]] = {
    "a column is missing": {"columns": GOOD["columns"][1:]},
    "a column stands twice": {"columns": [*GOOD["columns"], GOOD["columns"][0]]},
    "a column of an unknown metric": {"columns": [["bleu", "x"], *GOOD["columns"][1:]]},
    "a type that is no text": {"columns": [["gner", 3], *GOOD["columns"][1:]]},
    "columns that are no pairs": {"columns": [["gner"]]},
    "a row stands twice": {"rows": [*GOOD["rows"], GOOD["rows"][0]]},
    "a row cut short": {"rows": [GOOD["rows"][0][:-1], GOOD["rows"][1]]},
    "a column twice in a row": {"rows": [GOOD["rows"][0] + GOOD["rows"][0][:4], GOOD["rows"][1]]},
    "more right than predicted": {"rows": [[0, 2, 1, 2], GOOD["rows"][1]]},
    "a negative count": {"rows": [[0, -1, 1, 2], GOOD["rows"][1]]},
    "a count that is no integer": {"rows": [[0, 1.0, 1, 2], GOOD["rows"][1]]},
    "a truth value": {"rows": [[0, True, 1, 2], GOOD["rows"][1]]},
    "a count beyond all sense": {"rows": [[0, 1, 2**70, 2], GOOD["rows"][1]]},
    "a sentence without its row": {"sentences": [0, 2]},
    "a negative row number": {"sentences": [0, -1]},
    "sentences that are no numbers": {"sentences": ["a"]},
    "no rows": {"rows": None},
    "an id too few": {"ids": ["0"]},
    "a key too many": {"keys": [5, 6, 7]},
    "a document too few": {"documents": [0]},
    "a document that no sentence is of": {"documents": [0, 2]},
    "a document that is no integer": {"documents": [0, 1.0]},
    "a document below 0": {"documents": [0, -1]},
}


@pytest.mark.parametrize("changes", BAD.values(), ids=BAD)
def test_a_document_that_was_tampered_with_is_refused(changes: dict[str, Any]) -> None:
    statistics_of(tuple(METRICS), SentenceCounts(**GOOD))
    with pytest.raises((ValueError, TypeError, OverflowError)):
        statistics_of(tuple(METRICS), SentenceCounts(**{**GOOD, **changes}))
