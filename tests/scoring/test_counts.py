from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from seqeval.metrics.v1 import precision_recall_fscore_support
from seqeval.scheme import IOB2

from gner_bench.scoring import Counts, entities, gner_counts, prf, strict_counts
from gner_bench.scoring.counts import total

TAGS = ["O", "B-music genre", "I-music genre", "B-Person", "I-Person"]
SENTENCES = st.lists(
    st.lists(
        st.tuples(st.sampled_from(["a", "Paris", "C++", "of"]), st.sampled_from(TAGS), st.sampled_from(TAGS)),
        min_size=1,
        max_size=10,
    ),
    min_size=1,
    max_size=6,
)


@given(SENTENCES)
def test_strict_figures_are_those_of_seqeval(sentences: list[list[tuple[str, str, str]]]) -> None:
    gold = [[tag for _, tag, _ in sentence] for sentence in sentences]
    predicted = [[tag for _, _, tag in sentence] for sentence in sentences]
    counts = total(total(strict_counts(g, p).values()) for g, p in zip(gold, predicted, strict=True))
    found = prf(counts, "strict")
    expected = precision_recall_fscore_support(gold, predicted, scheme=IOB2, average="micro", zero_division=0)
    assert (found.precision, found.recall) == expected[:2]
    assert abs(found.f1 - expected[2]) < 1e-12


@given(SENTENCES)
def test_counts_by_type_add_up_to_the_sets_compared(sentences: list[list[tuple[str, str, str]]]) -> None:
    for sentence in sentences:
        words, gold, predicted = (list(column) for column in zip(*sentence, strict=True))
        left, right = set(entities(words, gold)), set(entities(words, predicted))
        counts = gner_counts(words, gold, predicted, ["music genre", "Person"])
        assert total(counts.values()) == Counts(len(left & right), len(right), len(left))
        assert set(counts) <= {"music genre", "Person"}


@given(SENTENCES)
def test_a_prediction_equal_to_gold_is_perfect(sentences: list[list[tuple[str, str, str]]]) -> None:
    for sentence in sentences:
        words, gold, _ = (list(column) for column in zip(*sentence, strict=True))
        for counts in (gner_counts(words, gold, gold, ["Person"]), strict_counts(gold, gold)):
            assert all(c.true_positives == c.predicted == c.gold for c in counts.values())


def test_the_gner_metric_adds_its_epsilon_and_strict_adds_none() -> None:
    assert prf(Counts(1, 1, 1), "strict").f1 == 1.0
    assert prf(Counts(1, 1, 1), "gner").precision == 1 / (1 + 1e-10)
    assert prf(Counts(), "strict").f1 == prf(Counts(), "gner").f1 == 0.0
