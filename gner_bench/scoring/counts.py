"""Integer counts of a sentence, from which every score follows by summing: the function of each metric and its name.

Each function returns, by entity type, how many entities are right, were predicted and are in the gold. The sum over
types is the count of the sentence. Metrics blind to types count under the empty type. Spans are strict ones unless a
function says otherwise.
"""

from __future__ import annotations

import re
import string
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from functools import lru_cache
from typing import TypeVar

from gner_bench.bio import Span
from gner_bench.scoring.metrics import NO_TYPE, Definition, TypedCounts
from gner_bench.scoring.predictions import Prediction

E = TypeVar("E", bound=Hashable)
Entities = set[tuple[str, str]]
"""Texts and types, both normalised."""
_PUNCTUATION = str.maketrans("", "", string.punctuation)
_ARTICLES = re.compile(r"\b(?:a|an|the)\b")


@lru_cache(maxsize=1 << 16)
def normalise(text: str) -> str:
    """Lower case, without ASCII punctuation and articles, white space collapsed (the SQuAD answer normalisation)."""
    return " ".join(_ARTICLES.sub(" ", text.lower().translate(_PUNCTUATION)).split())


def entities(words: Sequence[str], spans: Iterable[Span], unplaced: Iterable[tuple[str, str]] = ()) -> Entities:
    """The (text, type) pairs of lenient spans, and of ``unplaced`` ones, that the GNER metric counts: each once."""
    pairs = {(normalise(" ".join(words[start:end])), normalise(kind)) for start, end, kind in spans}
    return pairs | {(normalise(text), normalise(kind)) for text, kind in unplaced} if unplaced else pairs


def gner_counts(sentence: Prediction) -> TypedCounts:
    """Sets of normalised (text, type) pairs (design of Ding et al. 2024).

    Keys are names of the sentence's types where their normalised form is met, otherwise that form.
    """
    names = _names(sentence.types)
    gold = entities(sentence.words, sentence.gold_mentions)
    if sentence.faultless and not sentence.unplaced:
        predicted = gold
    else:
        predicted = entities(sentence.words, sentence.predicted_mentions, sentence.unplaced)
    return compare_sets(gold, predicted, lambda entity: names.get(entity[1], entity[1]))


@lru_cache(maxsize=1024)
def _names(types: tuple[str, ...]) -> dict[str, str]:
    """The types by their normalised forms, the first of those that share one."""
    return {normalise(name): name for name in reversed(types)}


def strict_counts(sentence: Prediction) -> TypedCounts:
    """Spans by position and type, in valid BIO only."""
    gold, predicted = set(sentence.gold_spans), set(sentence.predicted_spans)
    return with_unplaced(sentence, compare_sets(gold, predicted, lambda span: span[2]))


def exact_counts(sentence: Prediction) -> TypedCounts:
    """Spans by position, whatever their types."""
    gold, predicted = ({span[:2] for span in side} for side in (sentence.gold_spans, sentence.predicted_spans))
    return _blind(len(gold & predicted), len(predicted) + len(sentence.unplaced), len(gold))


def partial_counts(sentence: Prediction) -> TypedCounts:
    """In halves: spans with equal boundaries earn two, pairs that overlap one, whatever their types (MUC's partial).

    Each span is in one pair at most; of all pairings one with the most pairs counts.
    """
    gold, predicted = sentence.gold_spans, sentence.predicted_spans
    same = {span[:2] for span in gold} & {span[:2] for span in predicted}
    rest = ([span for span in side if span[:2] not in same] for side in (gold, predicted))
    right = 2 * len(same) + overlapping_pairs(*rest)
    return _blind(right, 2 * (len(predicted) + len(sentence.unplaced)), 2 * len(gold))


def type_counts(sentence: Prediction) -> TypedCounts:
    """Spans of the same type that share a word (MUC's type); each in one pair at most, as many pairs as can be."""
    sides: defaultdict[str, tuple[list[Span], list[Span]]] = defaultdict(lambda: ([], []))
    for side, spans in enumerate((sentence.gold_spans, sentence.predicted_spans)):
        for span in spans:
            sides[span[2]][side].append(span)
    counts = {
        kind: (overlapping_pairs(gold, predicted), len(predicted), len(gold))
        for kind, (gold, predicted) in sides.items()
    }
    return with_unplaced(sentence, counts)


def token_counts(sentence: Prediction) -> TypedCounts:
    """Words by the type of their tag, whether B- or I-; words tagged O on both sides do not count."""
    gold, predicted = ([tag[2:] for tag in side] for side in (sentence.gold, sentence.predicted))
    right = Counter(one for one, other in zip(gold, predicted, strict=True) if one == other)
    made, expected = Counter(predicted), Counter(gold)
    kinds = (made.keys() | expected.keys()) - {NO_TYPE}
    return with_unplaced(sentence, {kind: (right[kind], made[kind], expected[kind]) for kind in kinds})


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


def compare_sets(gold: set[E], predicted: set[E], kind: Callable[[E], str]) -> TypedCounts:
    """The counts of two sets of entities by their ``kind``."""
    counts: TypedCounts = {}
    for entity in gold:
        name = kind(entity)
        right, made, expected = counts.get(name, (0, 0, 0))
        counts[name] = (right + (entity in predicted), made, expected + 1)
    for entity in predicted:
        name = kind(entity)
        right, made, expected = counts.get(name, (0, 0, 0))
        counts[name] = (right, made + 1, expected)
    return counts


def _blind(right: int, predicted: int, gold: int) -> TypedCounts:
    return {NO_TYPE: (right, predicted, gold)} if predicted or gold else {}


def with_unplaced(sentence: Prediction, counts: TypedCounts) -> TypedCounts:
    """``counts`` with every predicted entity that is at no words, which can be right for no metric of positions."""
    for _, kind in sentence.unplaced:
        right, predicted, gold = counts.get(kind, (0, 0, 0))
        counts[kind] = (right, predicted + 1, gold)
    return counts


# The GNER evaluation adds 1e-10 to each denominator, seqeval nothing.
GNER = Definition(
    "gner",
    "F1",
    "texts and types, normalised, each once a sentence",
    gner_counts,
    "set-per-sentence",
    "lenient",
    epsilon=1e-10,
    normalisation="squad",
    heading="F1 by the GNER metric (the set of text and type of a sentence)",
    label="F1 (GNER metric)",
)
STRICT = Definition(
    "strict",
    "strict F1",
    "spans of equal position and type, in valid BIO",
    strict_counts,
    "position",
    heading="F1 by the strict metric (spans by position and type)",
)
EXACT = Definition(
    "exact",
    "boundary F1",
    "spans of equal position",
    exact_counts,
    "boundary",
    typed=False,
    heading="F1 of boundaries (spans by position, whatever their type)",
)
PARTIAL = Definition(
    "partial",
    "partial F1",
    "spans of equal position, and half of those that overlap",
    partial_counts,
    "overlap-half",
    typed=False,
    unit=2,
    heading="F1 with half credit for overlapping spans, whatever their type",
)
TYPE = Definition(
    "type",
    "type F1",
    "spans of equal type that overlap",
    type_counts,
    "overlap-typed",
    heading="F1 of spans that overlap one of their type",
)
TOKEN = Definition("token", "token F1", "words by type", token_counts, "word", heading="F1 of words by type")
