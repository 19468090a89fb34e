"""Defects of other libraries that we do not copy: the table in docs/protocol.md."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from nervaluate import Evaluator
from seqeval.metrics import classification_report, f1_score
from seqeval.scheme import IOB2

from gner_bench.api import score
from gner_bench.bio import Span
from gner_bench.documents.scores import Resampling
from gner_bench.errors import InputError
from gner_bench.scoring.counts import type_counts
from gner_bench.scoring.values import SystemValues

from .sentences import f1, given_sets, of_spans, sentence

NONE = Resampling(0)
Build = Callable[..., dict[str, Any]]
Write = Callable[..., Path]


# Known defects of seqeval


def test_seqeval_is_strict_only_with_mode_and_scheme_together() -> None:
    gold, predicted = [["B-x"]], [["I-x"]]
    assert f1_score(gold, predicted) == 1
    assert f1_score(gold, predicted, scheme=IOB2) == 1
    assert f1_score(gold, predicted, mode="strict") == 1
    assert classification_report(gold, predicted, scheme=IOB2, output_dict=True)["micro avg"]["f1-score"] == 1
    assert f1_score(gold, predicted, mode="strict", scheme=IOB2) == f1(sentence("B-x", "I-x")) == 0


def test_seqeval_ignores_sample_weights() -> None:
    gold, predicted = [["B-x"], ["B-x"]], [["B-x"], ["O"]]
    weighted = f1_score(gold, predicted, sample_weight=[1, 0], mode="strict", scheme=IOB2)
    assert weighted == f1_score(gold, predicted, mode="strict", scheme=IOB2) < 1


def test_without_entities_f1_is_0_as_in_seqeval_and_seqevals_report_fails() -> None:
    assert f1_score([["O"]], [["O"]], zero_division=0) == f1(sentence("O", "O", types=["x"])) == 0
    with pytest.raises(ValueError, match="empty"):
        classification_report([["O"]], [["O"]])


def test_seqeval_merges_types_that_differ_in_dashes_at_their_ends() -> None:
    assert f1_score([["B--x"]], [["B-x"]], mode="strict", scheme=IOB2) == 1
    assert f1(sentence("B--x", "B-x")) == 0


def test_seqeval_takes_any_text_for_a_tag_and_we_refuse_it(record: Build, predictions_file: Write) -> None:
    with pytest.warns(UserWarning, match="seems not to be NE tag"):
        assert f1_score([["person"]], [["person"]]) == 1
    with pytest.raises(InputError, match=r"line 1: instance.labels: 'person' is neither O nor B-/I- with a type"):
        score(predictions_file(record(labels=["person", "O", "O"])))


# Known defects of nervaluate


def nervaluate(gold: Sequence[Span], predicted: Sequence[Span], tags: str = "xyz") -> Any:
    sides = (
        [[{"label": kind, "start": start, "end": end - 1} for start, end, kind in side]] for side in (gold, predicted)
    )
    return Evaluator(*sides, tags=list(tags), loader="dict").evaluate()


def test_the_order_of_spans_changes_nervaluates_type_score_and_not_ours() -> None:
    gold: list[Span] = [(0, 2, "z"), (2, 4, "y")]
    predicted: list[Span] = [(1, 3, "x"), (3, 4, "y")]
    theirs = [nervaluate(order, predicted)["overall"]["ent_type"].f1 for order in (gold, gold[::-1])]
    assert theirs == [0.5, 0]
    ours = [type_counts(replace(of_spans(order, predicted), types=("x", "y", "z"))) for order in (gold, gold[::-1])]
    assert ours[0] == ours[1] == {"z": (0, 0, 1), "y": (1, 1, 1), "x": (0, 1, 0)}


def test_a_wrong_type_takes_the_gold_from_the_right_one_in_nervaluate_and_not_here() -> None:
    gold, predicted = [(1, 4, "y")], [(0, 2, "x"), (2, 4, "y")]
    theirs = nervaluate(gold, predicted)
    assert theirs["overall"]["ent_type"].correct == 0
    assert theirs["entities"]["y"]["ent_type"].correct == 1  # so the types do not add up to the whole
    assert type_counts(of_spans(gold, predicted)) == {"y": (1, 1, 1), "x": (0, 1, 0)}


def test_nervaluate_pairs_fewer_spans_than_can_be_paired() -> None:
    gold, predicted = [(0, 4, "x"), (4, 6, "x")], [(3, 5, "x"), (5, 6, "x")]
    assert nervaluate(gold, predicted)["overall"]["ent_type"].correct == 1
    assert type_counts(of_spans(gold, predicted)) == {"x": (2, 2, 2)}


@pytest.mark.parametrize(("words", "theirs"), [(100, 1), (101, 0)])
def test_nervaluates_default_overlap_is_a_percentage_and_ours_a_word(words: int, theirs: int) -> None:
    assert nervaluate([(0, words, "x")], [(0, 1, "x")])["overall"]["ent_type"].f1 == theirs
    tags = " ".join(["B-x", *["I-x"] * (words - 1)]), " ".join(["B-x", *["O"] * (words - 1)])
    assert f1(sentence(*tags), "type") == 1
    assert f1(sentence(*tags), "partial") == 0.5


def test_nervaluates_strict_score_accepts_orphans_and_ours_does_not() -> None:
    assert Evaluator([["B-x"]], [["I-x"]], tags=["x"], loader="list").evaluate()["overall"]["strict"].f1 == 1
    assert f1(sentence("B-x", "I-x")) == 0


def test_types_that_were_not_listed_leave_nervaluates_recall_and_not_ours() -> None:
    gold, predicted = [(0, 1, "x"), (1, 2, "y")], [(0, 1, "x")]
    assert nervaluate(gold, predicted, tags="x")["overall"]["strict"].recall == 1
    found = replace(of_spans(gold, predicted), types=("x",))
    assert SystemValues(score(given_sets(news=[found])), NONE).average("strict").recall == 0.5


def test_nervaluate_cannot_start_with_a_sentence_without_entities_and_we_can() -> None:
    with pytest.raises(IndexError):
        Evaluator([[], [{"label": "x", "start": 0, "end": 0}]], [[], []], tags=["x"])
    assert f1(sentence("O", "O", types=["x"])) == 0
