from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import example, given

from gner_bench.bio import Span, lenient_spans
from gner_bench.documents.scores import Triple
from gner_bench.scoring.counts import (
    entities,
    exact_counts,
    gner_counts,
    normalise,
    overlapping_pairs,
    partial_counts,
    strict_counts,
    token_counts,
    type_counts,
)
from gner_bench.scoring.metrics import METRICS
from gner_bench.scoring.predictions import Prediction

from .sentences import TYPES, of_spans, overlap, predictions, sentence, spans, summed, total

# By hand


def test_every_metric_by_hand() -> None:
    found = sentence(
        gold="B-x I-x O B-y B-x I-x O B-x",
        predicted="B-x I-x O B-x B-x O O I-x",
        words="New York , Bonn Los Angeles , bonn",
    )
    assert gner_counts(found) == {"x": (2, 3, 3), "y": (0, 0, 1)}  # bonn counts once as x, wherever it stands
    assert strict_counts(found) == {"x": (1, 3, 3), "y": (0, 0, 1)}
    assert exact_counts(found) == {"": (2, 3, 4)}
    assert partial_counts(found) == {"": (5, 6, 8)}
    assert type_counts(found) == {"x": (2, 3, 3), "y": (0, 0, 1)}
    assert token_counts(found) == {"x": (4, 5, 5), "y": (0, 0, 1)}


def test_a_sentence_without_entities_counts_nothing() -> None:
    for metric in METRICS:
        assert summed(METRICS[metric].count(sentence("O O", "O O")).values()) == (0, 0, 0)


def test_what_stands_at_no_words_was_predicted_and_is_right_for_the_gner_metric_alone() -> None:
    found = sentence("B-x O", "O O", words="Paris ,", unplaced=(("paris!", "x"), ("Rome", "x")))
    assert gner_counts(found) == {"x": (1, 2, 1)}
    for metric, expected in {"strict": (0, 2, 1), "exact": (0, 2, 1), "partial": (0, 4, 2)}.items():
        assert summed(METRICS[metric].count(found).values()) == expected  # type: ignore[index]
    assert type_counts(found) == token_counts(found) == {"x": (0, 2, 1)}


def test_types_keep_their_names_where_normalised_ones_differ() -> None:
    assert gner_counts(sentence("B-Music_Genre", "O", types=["Music_Genre"])) == {"Music_Genre": (0, 0, 1)}
    assert gner_counts(sentence("B-TV-show", "O", types=["Person"])) == {"tvshow": (0, 0, 1)}


# Against definitions written out plainly


def naive_gner(found: Prediction) -> Triple:
    gold, predicted = (entities(found.words, lenient_spans(side)) for side in (found.gold, found.predicted))
    predicted |= {(normalise(text), normalise(kind)) for text, kind in found.unplaced}
    return len(gold & predicted), len(predicted), len(gold)


@given(predictions())
def test_gner_counts_by_type_add_up_to_the_sets_compared(found: Prediction) -> None:
    counts = gner_counts(found)
    assert summed(counts.values()) == naive_gner(found)
    assert set(counts) <= set(TYPES)


@given(predictions())
def test_counts_by_type_add_up_to_those_blind_to_types_on_both_sides(found: Prediction) -> None:
    _, predicted, gold = summed(exact_counts(found).values())
    for count in (strict_counts, type_counts):
        assert summed(count(found).values())[1:] == (predicted, gold)
    assert summed(partial_counts(found).values())[1:] == (2 * predicted, 2 * gold)


@given(predictions())
def test_the_metrics_forgive_in_this_order(found: Prediction) -> None:
    right = {metric: summed(METRICS[metric].count(found).values())[0] for metric in METRICS}
    assert right["strict"] <= right["type"]
    assert right["strict"] <= right["exact"]
    assert 2 * right["exact"] <= right["partial"]


@given(predictions())
def test_no_metric_finds_more_than_was_predicted_or_stands_in_the_gold(found: Prediction) -> None:
    for metric in METRICS:
        for right, predicted, gold in METRICS[metric].count(found).values():
            assert 0 <= right <= min(predicted, gold)


@given(predictions(unplaced=False))
def test_gold_against_gold_is_all_right(found: Prediction) -> None:
    same = Prediction(*(found.dataset, found.split, found.id, found.types, found.words, found.gold, found.gold))
    for metric in METRICS:
        assert all(right == predicted == gold for right, predicted, gold in METRICS[metric].count(same).values())


@given(predictions(unplaced=False))
def test_gold_and_prediction_change_places_as_precision_and_recall_do(found: Prediction) -> None:
    turned = Prediction(*(found.dataset, found.split, found.id, found.types, found.words, found.predicted, found.gold))
    for metric in METRICS:
        right, predicted, gold = total(metric, [found])
        assert total(metric, [turned]) == (right, gold, predicted)


# Pairs of overlapping spans


def most(gold: Sequence[Span], predicted: Sequence[Span], credit: Any) -> int:
    """The greatest sum of credit over all ways to pair spans, each used once; tries them all."""
    if not gold:
        return 0
    first, rest = gold[0], gold[1:]
    ways = [most(rest, predicted, credit)]
    for index, other in enumerate(predicted):
        if overlap(first, other):
            left = [*predicted[:index], *predicted[index + 1 :]]
            ways.append(credit(first, other) + most(rest, left, credit))
    return max(ways)


@given(spans(), spans())
@example([(0, 4, "x"), (4, 5, "x")], [(3, 5, "x"), (5, 6, "x")])
def test_as_many_spans_are_paired_as_can_be(gold: list[Span], predicted: list[Span]) -> None:
    assert overlapping_pairs(gold, predicted) == most(gold, predicted, lambda *_: 1)


@given(spans(), spans())
def test_partial_gives_the_most_credit_of_all_pairings(gold: list[Span], predicted: list[Span]) -> None:
    best = most(gold, predicted, lambda one, other: 2 if one[:2] == other[:2] else 1)
    assert total("partial", [of_spans(gold, predicted)]) == (best, 2 * len(predicted), 2 * len(gold))


@given(spans(), spans())
def test_type_pairs_the_spans_of_each_type_apart(gold: list[Span], predicted: list[Span]) -> None:
    counts = type_counts(of_spans(gold, predicted))
    for kind in ("x", "y"):
        sides = [[span for span in side if span[2] == kind] for side in (gold, predicted)]
        expected = (most(*sides, lambda *_: 1), len(sides[1]), len(sides[0]))
        assert counts.get(kind, (0, 0, 0)) == expected
