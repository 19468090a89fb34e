"""Error analysis: every predicted and every gold entity in exactly one class.

Entities are strict spans (``scoring.entities.strict_spans``), so ``correct`` is what the metric ``strict`` counts as
right. Spans of a sentence are paired in four steps, each span in one pair at most, from left to right:

1. ``correct``: equal boundaries and types;
2. ``wrong_type``: equal boundaries, another type;
3. ``wrong_boundary``: they share a word and have the same type, the leftmost gold span with the leftmost predicted one;
4. ``wrong_both``: likewise, types apart.

Gold spans left over are ``missed``, predicted ones ``spurious``, as are predicted entities that stand at no words of
the sentence (``Prediction.unplaced``). So gold is the sum of all classes but ``spurious``, and predicted the sum of all
but ``missed``.

Ding et al. (2024), Table 1, tell of unlabeled, noisy and boundary errors. Their definitions and what their percentages
are of are not known to us; ``PAPER`` is our reading, in which each error belongs to one of the three. Shares computed
from it are not comparable with the quoted ones.

The part ``errors`` of scores.json, in entities; every triple is right, predicted, gold as ``strict`` counts::

    classes              {class: count}
    types                {type: {class: count}}: spurious by predicted, all else by gold type; no zeros
    confusion            [[gold type, predicted type, count], …]; null for none (missed, spurious); most frequent first
    paper                {error of the paper: {"classes": […], "count": count}}
    by_entity_length     {"1": triple, …, "5+": triple}, in words
    by_sentence_length   {"1-10": triple, …, "61+": triple}, in words
    by_type_position     {"1": triple, …, "31+": triple, "unlisted": triple}: the type's place in the prompt's list
    oracle               {"perfect_structuring": {metric: triple}, "perfect_types": {metric: triple}}, see Oracles
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import repeat
from operator import add
from typing import Literal, get_args

from gner_bench.records import Json
from gner_bench.scoring.counts import Triple
from gner_bench.scoring.entities import Span
from gner_bench.scoring.metrics import DEFAULT, Metric
from gner_bench.scoring.oracles import Oracles
from gner_bench.scoring.predictions import Prediction
from gner_bench.scoring.statistics import Statistics

ErrorClass = Literal["correct", "wrong_type", "wrong_boundary", "wrong_both", "missed", "spurious"]
ERROR_CLASSES: tuple[ErrorClass, ...] = get_args(ErrorClass)
PAPER: dict[str, tuple[ErrorClass, ...]] = {
    "unlabeled": ("missed",),
    "noisy": ("spurious", "wrong_type"),
    "boundary": ("wrong_boundary", "wrong_both"),
}
Pair = tuple[Span, Span]
"""Gold and predicted."""
Classified = tuple[ErrorClass, Span | None, Span | None]
"""A class with the gold and the predicted span of a pair, or with the one that has none."""

LONGEST = 5
"""Entities of so many words and more are counted together."""
SENTENCE_LENGTHS = (10, 20, 30, 40, 60)
"""The last number of words of each range but the open one."""
LAST_POSITION = 31
"""Types that stand at this place of the prompt or after it are counted together."""
UNLISTED = 0
UNLISTED_NAME = "unlisted"
Place = tuple[int, int]
"""The length of an entity and the position of its type, as they are counted."""
Kinds = tuple[ErrorClass, str | None, str | None]
"""A class with the gold and the predicted type, None where there is none."""


def classify(gold: Sequence[Span], predicted: Sequence[Span]) -> list[Classified]:
    """Every span of a sentence in its class, from left to right.

    Both sides are in order and without overlap among themselves, as spans of tags are.
    """
    same = set(gold).intersection(predicted)
    left, made = ([span for span in side if span not in same] for side in (gold, predicted))
    found: list[Classified] = [("correct", span, span) for span in gold if span in same]
    return sorted(found + _classify_rest(left, made), key=lambda each: (each[1] or each[2] or ())[:2])


def _classify_rest(gold: list[Span], predicted: list[Span]) -> list[Classified]:
    """The classes of spans that have no equal on the other side."""
    found: list[Classified] = []
    for name, pairing in _PAIRINGS.items():
        pairs = pairing(gold, predicted) if gold and predicted else ()
        if pairs:
            found += [(name, *pair) for pair in pairs]
            paired = {span for pair in pairs for span in pair}
            gold = [span for span in gold if span not in paired]
            predicted = [span for span in predicted if span not in paired]
    return found + [("missed", span, None) for span in gold] + [("spurious", None, span) for span in predicted]


def _equal_boundaries(gold: Sequence[Span], predicted: Sequence[Span]) -> list[Pair]:
    places = {span[:2]: span for span in predicted}
    return [(span, places[span[:2]]) for span in gold if span[:2] in places]


def _overlapping_of_a_type(gold: Sequence[Span], predicted: Sequence[Span]) -> list[Pair]:
    by_type: dict[str, tuple[list[Span], list[Span]]] = {span[2]: ([], []) for span in gold}
    for side, spans in enumerate((gold, predicted)):
        for span in spans:
            if span[2] in by_type:
                by_type[span[2]][side].append(span)
    return [pair for sides in by_type.values() if sides[1] for pair in _overlapping(*sides)]


def _overlapping(gold: Sequence[Span], predicted: Sequence[Span]) -> list[Pair]:
    pairs: list[Pair] = []
    place = 0
    for span in gold:
        while place < len(predicted) and predicted[place][1] <= span[0]:
            place += 1
        if place < len(predicted) and predicted[place][0] < span[1]:
            pairs.append((span, predicted[place]))
            place += 1
    return pairs


_PAIRINGS: dict[ErrorClass, Callable[[Sequence[Span], Sequence[Span]], list[Pair]]] = {
    "wrong_type": _equal_boundaries,
    "wrong_boundary": _overlapping_of_a_type,
    "wrong_both": _overlapping,
}


class ErrorAnalysis:
    """Sums over the sentences of one data set."""

    def __init__(self, metrics: Sequence[Metric] = DEFAULT) -> None:
        self._right: Counter[tuple[str, int, int]] = Counter()
        self._wrong: Counter[Kinds] = Counter()
        self._predicted: Counter[Place] = Counter()
        self._gold: Counter[Place] = Counter()
        self._by_sentence = [[0, 0, 0] for _ in range(len(SENTENCE_LENGTHS) + 1)]
        self._types: Sequence[str] = ()
        self._positions: dict[str, int] = {}
        self._oracles = Oracles(metrics)

    def add(self, sentence: Prediction) -> None:
        """Classify the entities of a sentence."""
        gold, predicted = sentence.gold_spans, sentence.predicted_spans
        right = gold if predicted is gold else [span for span in gold if span in predicted]
        if sentence.types != self._types:
            self._types, self._positions = sentence.types, _positions(sentence.types)
        self._add_right(right)
        wrong_types = self._add_wrong(gold, predicted, right) if not len(gold) == len(predicted) == len(right) else 0
        for text, kind in sentence.unplaced:
            self._wrong["spurious", None, kind] += 1
            self._predicted[min(len(text.split()) or 1, LONGEST), self._positions.get(kind, UNLISTED)] += 1
        sums = self._by_sentence[bisect_left(SENTENCE_LENGTHS, len(sentence.words))]
        sums[0] += len(right)
        sums[1] += len(predicted) + len(sentence.unplaced)
        sums[2] += len(gold)
        self._oracles.add(sentence, wrong_types)

    def extend(self, later: ErrorAnalysis) -> None:
        """Add the sentences of another."""
        self._right.update(later._right)
        self._wrong.update(later._wrong)
        self._predicted.update(later._predicted)
        self._gold.update(later._gold)
        for sums, others in zip(self._by_sentence, later._by_sentence, strict=True):
            sums[:] = map(add, sums, others)
        self._oracles.extend(later._oracles)

    def _add_right(self, spans: Sequence[Span]) -> None:
        counts, positions = self._right, self._positions
        for start, end, kind in spans:
            length = end - start
            counts[kind, length if length < LONGEST else LONGEST, positions.get(kind, UNLISTED)] += 1

    def _add_wrong(self, gold: Sequence[Span], predicted: Sequence[Span], right: Sequence[Span]) -> int:
        """Count the spans beside the right ones; returns how many are wrong in type alone."""
        wrong_types, same = 0, set(right)
        rest = [[span for span in side if span not in same] for side in (gold, predicted)]
        for name, left, made in _classify_rest(*rest):
            self._wrong[name, left and left[2], made and made[2]] += 1
            wrong_types += name == "wrong_type"
            if left is not None:
                self._gold[self._place(left)] += 1
            if made is not None:
                self._predicted[self._place(made)] += 1
        return wrong_types

    def _place(self, span: Span) -> Place:
        return min(span[1] - span[0], LONGEST), self._positions.get(span[2], UNLISTED)

    def document(self, statistics: Statistics) -> Json:
        """The part ``errors`` of scores.json; ``statistics`` are those of the same sentences."""
        pairs = dict(self._wrong)
        for (kind, _, _), count in self._right.items():
            pairs["correct", kind, kind] = pairs.get(("correct", kind, kind), 0) + count
        classes = {name: sum(count for key, count in pairs.items() if key[0] == name) for name in ERROR_CLASSES}
        return {
            "classes": classes,
            "types": _by_type(pairs),
            "confusion": _confusion(pairs),
            "paper": {
                error: {"classes": list(names), "count": sum(classes[name] for name in names)}
                for error, names in PAPER.items()
            },
            "by_entity_length": {_length_name(key): sums for key, sums in self._by_place(0, range(1, LONGEST + 1))},
            "by_sentence_length": dict(zip(_sentence_lengths(), self._by_sentence, strict=True)),
            "by_type_position": {_position_name(key): sums for key, sums in self._by_place(1)},
            "oracle": self._oracles.document(totals(statistics)),
        }

    def _by_place(self, axis: int, always: Iterable[int] = ()) -> list[tuple[int, list[int]]]:
        """Right, predicted and gold by one part of a place, in its order, the unlisted last."""
        found: defaultdict[int, list[int]] = defaultdict(lambda: [0, 0, 0])
        found.update({key: [0, 0, 0] for key in always})
        for (_, *place), count in self._right.items():
            sums = found[place[axis]]
            sums[:] = [number + count for number in sums]
        for side, counts in ((1, self._predicted), (2, self._gold)):
            for wrong, count in counts.items():
                found[wrong[axis]][side] += count
        return sorted(found.items(), key=lambda item: (item[0] == UNLISTED, item[0]))


def totals(statistics: Statistics) -> dict[Metric, Triple]:
    """Right, predicted and gold of a data set by metric, in the metric's units."""
    sums = statistics.sums()
    found: dict[Metric, Triple] = {}
    for metric in statistics.metrics:
        right, predicted, gold = sums[list(statistics.columns_of(metric).values())].sum(axis=0).tolist()
        found[metric] = right, predicted, gold
    return found


def _positions(types: Sequence[str]) -> dict[str, int]:
    """The position of each type, of equal ones the first."""
    places = [*range(1, LAST_POSITION), *repeat(LAST_POSITION, len(types))]
    return dict(zip(types[::-1], places[: len(types)][::-1], strict=True))


def _by_type(pairs: Mapping[Kinds, int]) -> Json:
    found: Json = {}
    for name in ERROR_CLASSES:
        for (other, gold, predicted), count in pairs.items():
            kind = predicted if gold is None else gold
            if other == name and kind is not None:
                counts = found.setdefault(kind, {})
                counts[name] = counts.get(name, 0) + count
    return dict(sorted(found.items()))


def _confusion(pairs: Mapping[Kinds, int]) -> list[list[str | int | None]]:
    found: Counter[tuple[str | None, str | None]] = Counter()
    for (_, gold, predicted), count in pairs.items():
        found[gold, predicted] += count
    rows = sorted(found.items(), key=lambda item: (-item[1], item[0][0] or "", item[0][1] or "", item[0][0] is None))
    return [[gold, predicted, count] for (gold, predicted), count in rows]


def _length_name(length: int) -> str:
    return f"{length}+" if length == LONGEST else str(length)


def _sentence_lengths() -> list[str]:
    starts = [1, *(last + 1 for last in SENTENCE_LENGTHS)]
    return [*(f"{start}-{last}" for start, last in zip(starts, SENTENCE_LENGTHS, strict=False)), f"{starts[-1]}+"]


def _position_name(position: int) -> str:
    return UNLISTED_NAME if position == UNLISTED else f"{position}+" if position == LAST_POSITION else str(position)
