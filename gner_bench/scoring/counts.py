"""Integer counts per sentence, from which every score follows by summing. One function a metric.

Each returns, by entity type, how many entities are right, were predicted and stand in the gold. The sum over types is
the count of the sentence. Metrics blind to types count under the empty type.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

from gner_bench.scoring.entities import Span, entities, normalise
from gner_bench.scoring.predictions import Prediction

E = TypeVar("E", bound=Hashable)
Triple = tuple[int, int, int]
"""Right, predicted, gold."""
TypedCounts = dict[str, Triple]
NO_TYPE = ""


@dataclass(frozen=True, slots=True)
class Counts:
    """True positives, predicted entities and gold entities; halves where a metric gives half credit."""

    true_positives: float = 0
    predicted: float = 0
    gold: float = 0


def gner_counts(sentence: Prediction) -> TypedCounts:
    """The GNER metric: each side becomes the set of its normalised (text, type) pairs (design of Ding et al. 2024).

    Keys are names of the sentence's types where their normalised form is met, otherwise that form.
    """
    names = _names(sentence.types)
    gold = entities(sentence.words, sentence.gold_mentions)
    predicted = gold if sentence.faultless else entities(sentence.words, sentence.predicted_mentions)
    if sentence.unplaced:
        predicted = predicted | {(normalise(text), normalise(kind)) for text, kind in sentence.unplaced}
    return _compare(gold, predicted, lambda entity: names.get(entity[1], entity[1]))


@lru_cache(maxsize=1024)
def _names(types: tuple[str, ...]) -> dict[str, str]:
    """The types by their normalised forms, the first of those that share one."""
    return {normalise(name): name for name in reversed(types)}


def strict_counts(sentence: Prediction) -> TypedCounts:
    """Spans by position and type, in valid BIO only."""
    gold, predicted = set(sentence.gold_spans), set(sentence.predicted_spans)
    return _with_unplaced(sentence, _compare(gold, predicted, lambda span: span[2]))


def exact_counts(sentence: Prediction) -> TypedCounts:
    """Spans by position, whatever their types."""
    gold, predicted = ({span[:2] for span in side} for side in (sentence.gold_spans, sentence.predicted_spans))
    return _blind(sentence, len(gold & predicted), len(predicted), len(gold))


def partial_counts(sentence: Prediction) -> TypedCounts:
    """In halves: spans with equal boundaries earn two, pairs that overlap one, whatever their types (MUC's partial).

    Each span stands in one pair at most; of all pairings one with the most pairs counts.
    """
    gold, predicted = sentence.gold_spans, sentence.predicted_spans
    same = {span[:2] for span in gold} & {span[:2] for span in predicted}
    rest = ([span for span in side if span[:2] not in same] for side in (gold, predicted))
    return _blind(sentence, 2 * len(same) + overlapping_pairs(*rest), 2 * len(predicted), 2 * len(gold), unit=2)


def type_counts(sentence: Prediction) -> TypedCounts:
    """Spans of the same type that share a word (MUC's type); each in one pair at most, as many pairs as can be."""
    gold, predicted = _by_type(sentence.gold_spans), _by_type(sentence.predicted_spans)
    found = {
        kind: (overlapping_pairs(gold[kind], predicted[kind]), len(predicted[kind]), len(gold[kind]))
        for kind in gold.keys() | predicted.keys()
    }
    return _with_unplaced(sentence, found)


def token_counts(sentence: Prediction) -> TypedCounts:
    """Words by the type of their tag, whether B- or I-; words tagged O on both sides do not count."""
    gold, predicted = ([tag[2:] for tag in side] for side in (sentence.gold, sentence.predicted))
    right = Counter(one for one, other in zip(gold, predicted, strict=True) if one == other)
    made, expected = Counter(predicted), Counter(gold)
    kinds = (made.keys() | expected.keys()) - {NO_TYPE}
    return _with_unplaced(sentence, {kind: (right[kind], made[kind], expected[kind]) for kind in kinds})


def overlapping_pairs(gold: Iterable[Span], predicted: Collection[Span]) -> int:
    """The most pairs of a gold and a predicted span that share a word, each span in one pair at most.

    Both sides must be in order and without overlap among themselves, as spans of BIO tags are; pairing from the left is
    then optimal.
    """
    pairs = 0
    left = iter(predicted)
    span = next(left, None)
    for start, end, _ in gold:
        while span is not None and span[1] <= start:
            span = next(left, None)
        if span is not None and span[0] < end:
            pairs += 1
            span = next(left, None)
    return pairs


def _by_type(spans: Iterable[Span]) -> defaultdict[str, list[Span]]:
    found: defaultdict[str, list[Span]] = defaultdict(list)
    for span in spans:
        found[span[2]].append(span)
    return found


def _compare(gold: set[E], predicted: set[E], kind: Callable[[E], str]) -> TypedCounts:
    found: TypedCounts = {}
    for entity in gold:
        name = kind(entity)
        right, made, expected = found.get(name, (0, 0, 0))
        found[name] = (right + (entity in predicted), made, expected + 1)
    for entity in predicted:
        name = kind(entity)
        right, made, expected = found.get(name, (0, 0, 0))
        found[name] = (right, made + 1, expected)
    return found


def _blind(sentence: Prediction, right: int, predicted: int, gold: int, unit: int = 1) -> TypedCounts:
    predicted += unit * len(sentence.unplaced)
    return {NO_TYPE: (right, predicted, gold)} if predicted or gold else {}


def _with_unplaced(sentence: Prediction, counts: TypedCounts) -> TypedCounts:
    for _, kind in sentence.unplaced:
        right, predicted, gold = counts.get(kind, (0, 0, 0))
        counts[kind] = (right, predicted + 1, gold)
    return counts
