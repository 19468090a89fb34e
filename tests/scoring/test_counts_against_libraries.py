from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nervaluate import Evaluator
from seqeval.metrics import classification_report, f1_score
from seqeval.metrics.v1 import precision_recall_fscore_support
from seqeval.scheme import IOB2
from sklearn.metrics import precision_recall_fscore_support as word_scores

from gner_bench.api import load_predictions
from gner_bench.bio import Span, strict_spans
from gner_bench.scoring.metrics import Metric, prf
from gner_bench.scoring.predictions import Prediction

from .sentences import TYPES, by_type, of_spans, overlap, predictions, spans, total

pytestmark = pytest.mark.slow

SENTENCES = st.lists(predictions(unplaced=False), min_size=1, max_size=6)
FILES = ("gner-t5-base.dev700.jsonl", "gner-t5-large.dev700.jsonl")


@pytest.fixture(scope="module", params=FILES)
def real(request: pytest.FixtureRequest, shared: Path) -> dict[str, list[Prediction]]:
    """The real outputs, by data set."""
    found: dict[str, list[Prediction]] = {}
    for each in load_predictions(shared / "predictions" / request.param, tokenizer=shared / "tokenizers/t5"):
        found.setdefault(each.dataset, []).append(each)
    return found


def tags(sentences: Iterable[Prediction]) -> tuple[list[list[str]], list[list[str]]]:
    pairs = [(list(each.gold), list(each.predicted)) for each in sentences]
    return [gold for gold, _ in pairs], [predicted for _, predicted in pairs]


# Against seqeval


@given(SENTENCES)
@settings(max_examples=60)
def test_strict_figures_are_those_of_seqeval(sentences: list[Prediction]) -> None:
    gold, predicted = tags(sentences)
    found = prf(*total("strict", sentences), "strict")
    expected = precision_recall_fscore_support(gold, predicted, scheme=IOB2, average="micro", zero_division=0)
    assert (found.precision, found.recall) == expected[:2]
    assert abs(found.f1 - expected[2]) < 1e-12


@given(SENTENCES)
@settings(max_examples=60)
def test_strict_figures_of_each_type_are_those_of_seqeval(sentences: list[Prediction]) -> None:
    check_types_against_seqeval(sentences)


def test_real_outputs_have_the_strict_figures_of_seqeval_for_every_type(real: dict[str, list[Prediction]]) -> None:
    assert len(real) == 7
    for sentences in real.values():
        check_types_against_seqeval(sentences)
        found = prf(*total("strict", sentences), "strict").f1
        assert found == pytest.approx(f1_score(*tags(sentences), mode="strict", scheme=IOB2), abs=1e-12)


def check_types_against_seqeval(sentences: Sequence[Prediction]) -> None:
    counts = by_type("strict", sentences)
    if not counts:
        return  # seqeval's report raises ValueError where no entity is
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        report = classification_report(*tags(sentences), mode="strict", scheme=IOB2, output_dict=True, zero_division=0)
    assert set(report) - {"micro avg", "macro avg", "weighted avg"} == set(counts)
    for kind, triple in counts.items():
        figures = prf(*triple, "strict")
        theirs = report[kind]
        assert (figures.precision, figures.recall, triple[2]) == (
            theirs["precision"],
            theirs["recall"],
            theirs["support"],
        )
        assert figures.f1 == pytest.approx(theirs["f1-score"], abs=1e-12)


# Against nervaluate, given spans, where what it computes is what it says (see docs/protocol.md)


def nervaluate(gold: Sequence[Sequence[Span]], predicted: Sequence[Sequence[Span]]) -> Any:
    """Its results on spans of the strict reading, so that its own reading of tags plays no part."""
    sides = (
        [[{"label": kind, "start": start, "end": end - 1} for start, end, kind in each] for each in side]
        for side in (gold, predicted)
    )
    kinds = {span[2] for side in (gold, predicted) for each in side for span in each}
    return Evaluator(*sides, tags=sorted(kinds), loader="dict").evaluate()


def both_sides(sentences: Iterable[Prediction]) -> list[tuple[list[Span], list[Span]]]:
    return [(strict_spans(each.gold), strict_spans(each.predicted)) for each in sentences]


def one_to_one(gold: Sequence[Span], predicted: Sequence[Span]) -> bool:
    """Whether no span overlaps two of the other side."""
    pairs = [(one, other) for one, other in product(gold, predicted) if overlap(one, other)]
    return all(max(Counter(side).values(), default=0) <= 1 for side in zip(*pairs, strict=True))


def check_against_nervaluate(sentences: Sequence[Prediction], metrics: dict[Metric, str]) -> None:
    pairs = both_sides(sentences)
    overall = nervaluate(*zip(*pairs, strict=True))["overall"]
    for metric, name in metrics.items():
        figures = prf(*total(metric, sentences), metric)
        theirs = overall[name]
        assert (figures.precision, figures.recall) == pytest.approx((theirs.precision, theirs.recall), abs=1e-12)
        assert figures.f1 == pytest.approx(theirs.f1, abs=1e-12)


@given(st.lists(st.tuples(spans(), spans()).map(lambda sides: of_spans(*sides)), min_size=1, max_size=4))
@settings(max_examples=60)
def test_strict_exact_and_partial_are_those_of_nervaluate(sentences: list[Prediction]) -> None:
    check_against_nervaluate(sentences, {"strict": "strict", "exact": "exact", "partial": "partial"})


@given(st.lists(st.tuples(spans(), spans()).filter(lambda sides: one_to_one(*sides)), min_size=1, max_size=4))
@settings(max_examples=60)
def test_type_is_that_of_nervaluate_where_no_span_overlaps_two(pairs: list[tuple[list[Span], list[Span]]]) -> None:
    sentences = [of_spans(*sides) for sides in pairs]
    check_against_nervaluate(sentences, {"type": "ent_type"})
    theirs = nervaluate(*zip(*pairs, strict=True))["entities"]
    for kind, triple in by_type("type", sentences).items():
        assert prf(*triple, "type").f1 == pytest.approx(theirs[kind]["ent_type"].f1, abs=1e-12)


def test_real_outputs_have_the_figures_of_nervaluate(real: dict[str, list[Prediction]]) -> None:
    for sentences in real.values():
        check_against_nervaluate(sentences, {"strict": "strict", "exact": "exact", "partial": "partial"})
        plain = [each for each, sides in zip(sentences, both_sides(sentences), strict=True) if one_to_one(*sides)]
        assert len(plain) > 0.7 * len(sentences)
        check_against_nervaluate(plain, {"type": "ent_type"})


# Against scikit-learn


@pytest.mark.slow
@given(SENTENCES)
@settings(max_examples=60)
def test_token_figures_are_those_of_scikit_learn_over_words(sentences: list[Prediction]) -> None:
    gold, predicted = ([tag[2:] for side in sides for tag in side] for sides in tags(sentences))
    found = prf(*total("token", sentences), "token")
    expected = word_scores(gold, predicted, labels=list(TYPES), average="micro", zero_division=0)
    assert (found.precision, found.recall, found.f1) == pytest.approx(expected[:3], abs=1e-12)
