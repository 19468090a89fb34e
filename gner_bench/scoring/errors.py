"""Error analysis: every predicted and every gold entity in exactly one class.

Entities are strict spans (``bio.strict_spans``), so ``correct`` is what the metric ``strict`` counts as right. Spans of
a sentence are paired in four steps, each span in one pair at most, from left to right:

1. ``correct``: equal boundaries and types;
2. ``wrong_type``: equal boundaries, another type;
3. ``wrong_boundary``: they share a word and have the same type, the leftmost gold span with the leftmost predicted one;
4. ``wrong_both``: likewise, types apart.

Gold spans left over are ``missed``, predicted ones ``spurious``, as are predicted entities that are at no words of the
sentence (``Prediction.unplaced``). So gold is the sum of all classes but ``spurious``, and predicted the sum of all but
``missed``.

Ding et al. (2024), Table 1, name unlabeled, noisy and boundary errors. Their definitions and what their percentages are
of are not known to us; ``PAPER`` is our reading, in which each error belongs to one of the three. Shares computed from
it are not comparable with the quoted ones.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from itertools import repeat
from operator import add
from typing import Literal, get_args

from gner_bench.bio import Span
from gner_bench.documents.scores import Conflicting, Errors, PaperErrors, Triple
from gner_bench.scoring.metrics import DEFAULT, Metric
from gner_bench.scoring.oracles import OracleTally
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
Kinds = tuple[ErrorClass, str | None, str | None]
"""A class with the gold and the predicted type, None where there is none."""
Place = tuple[int, int]
"""The length of an entity and the position of its type, as they are counted."""

FEW = 8
"""Spans of which a list is searched faster than a set is made."""
LONGEST = 5
"""Entities of so many words and more are counted together."""
SENTENCE_LENGTHS = (10, 20, 30, 40, 60)
"""The last number of words of each range but the open one."""
SENTENCE_RANGES = ("1-10", "11-20", "21-30", "31-40", "41-60", "61+")
MOST_ERRORS = 65_535
"""Of a sentence, so that they are held in two bytes."""
LAST_POSITION = 31
"""Types at this position of the prompt or after it are counted together."""
UNLISTED = 0
UNLISTED_NAME = "unlisted"


def classify(gold: Sequence[Span], predicted: Sequence[Span]) -> list[Classified]:
    """Every span of a sentence in its class, from left to right.

    Both sides are in order and without overlap among themselves, as spans of tags are.
    """
    same = set(gold).intersection(predicted)
    rest = _classify_rest([span for span in gold if span not in same], [span for span in predicted if span not in same])
    classified: list[Classified] = [*(("correct", span, span) for span in gold if span in same), *rest]
    return sorted(classified, key=lambda row: (row[1] or row[2] or ())[:2])


def _classify_rest(gold: list[Span], predicted: list[Span]) -> list[Classified]:
    """The classes of spans that have no equal on the other side."""
    classified: list[Classified] = []
    for name in ERROR_CLASSES[1:4]:
        pairs: list[Pair] = []
        if not gold or not predicted:
            break
        if name == "wrong_type":
            places = {span[:2]: span for span in predicted}
            pairs = [(span, places[span[:2]]) for span in gold if span[:2] in places]
        elif name == "wrong_boundary":
            by_type = [defaultdict[str, list[Span]](list) for _ in range(2)]
            for spans, kinds in zip((gold, predicted), by_type, strict=True):
                for span in spans:
                    kinds[span[2]].append(span)
            for kind, spans in by_type[0].items():
                pairs += _overlapping(spans, by_type[1][kind])
        else:
            pairs = _overlapping(gold, predicted)
        if pairs:
            classified += [(name, *pair) for pair in pairs]
            paired = {span for pair in pairs for span in pair}
            gold = [span for span in gold if span not in paired]
            predicted = [span for span in predicted if span not in paired]
    return classified + [("missed", span, None) for span in gold] + [("spurious", None, span) for span in predicted]


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


class ErrorTally:
    """Sums over the sentences of one data set."""

    def __init__(self, metrics: Sequence[Metric] = DEFAULT) -> None:
        self._right: Counter[tuple[str, int, int]] = Counter()
        self._wrong: Counter[Kinds] = Counter()
        self._predicted: Counter[Place] = Counter()
        self._gold: Counter[Place] = Counter()
        self._by_sentence = [[0, 0, 0] for _ in SENTENCE_RANGES]
        self._types: Sequence[str] = ()
        self._positions: dict[str, int] = {}
        self._oracles = OracleTally(metrics)
        self._words, self._tags, self._errors = array("q"), array("q"), array("H")

    def add(self, sentence: Prediction) -> None:
        """Classify the entities of a sentence."""
        gold, predicted = sentence.gold_spans, sentence.predicted_spans
        there = predicted if len(predicted) < FEW else set(predicted)
        right = gold if predicted is gold else [span for span in gold if span in there]
        if sentence.types != self._types:
            # The position of each type, of equal ones the first.
            self._types = types = sentence.types
            places = [*range(1, LAST_POSITION), *repeat(LAST_POSITION, len(types))]
            self._positions = dict(zip(types[::-1], places[: len(types)][::-1], strict=True))
        counts, positions = self._right, self._positions
        for start, end, kind in right:
            length = end - start
            counts[kind, length if length < LONGEST else LONGEST, positions.get(kind, UNLISTED)] += 1
        wrong_types = errors = 0
        if not len(gold) == len(predicted) == len(right):
            wrong_types, errors = self._add_wrong(gold, predicted, right)
        for text, kind in sentence.unplaced:
            self._wrong["spurious", None, kind] += 1
            self._predicted[min(len(text.split()) or 1, LONGEST), positions.get(kind, UNLISTED)] += 1
        sums = self._by_sentence[bisect_left(SENTENCE_LENGTHS, len(sentence.words))]
        sums[0] += len(right)
        sums[1] += len(predicted) + len(sentence.unplaced)
        sums[2] += len(gold)
        self._oracles.add(sentence, wrong_types)
        # Python's own hashes, which are the same in the processes that are forked from this one.
        self._words.append(hash(sentence.words))
        self._tags.append(hash(sentence.gold))
        self._errors.append(min(errors + len(sentence.unplaced), MOST_ERRORS))

    def _add_wrong(self, gold: Sequence[Span], predicted: Sequence[Span], right: Sequence[Span]) -> tuple[int, int]:
        """Count the spans beside the right ones; returns how many are wrong in type alone, and all errors."""
        wrong_types, same = 0, set(right)
        rest = [[span for span in side if span not in same] for side in (gold, predicted)]
        classified = _classify_rest(*rest)
        for name, *spans in classified:
            expected, made = spans
            self._wrong[name, expected and expected[2], made and made[2]] += 1
            wrong_types += name == "wrong_type"
            for span, counts in zip(spans, (self._gold, self._predicted), strict=True):
                if span is not None:
                    counts[min(span[1] - span[0], LONGEST), self._positions.get(span[2], UNLISTED)] += 1
        return wrong_types, len(classified)

    def extend(self, later: ErrorTally) -> None:
        """Add the sentences of another."""
        self._right.update(later._right)
        self._wrong.update(later._wrong)
        self._predicted.update(later._predicted)
        self._gold.update(later._gold)
        for sums, others in zip(self._by_sentence, later._by_sentence, strict=True):
            sums[:] = map(add, sums, others)
        self._oracles.extend(later._oracles)
        self._words.extend(later._words)
        self._tags.extend(later._tags)
        self._errors.extend(later._errors)

    def errors(self, statistics: Statistics) -> Errors:
        """The part ``errors`` of scores.json; ``statistics`` are those of the same sentences."""
        pairs = dict(self._wrong)
        for (kind, _, _), count in self._right.items():
            pairs["correct", kind, kind] = pairs.get(("correct", kind, kind), 0) + count
        classes = {name: sum(count for key, count in pairs.items() if key[0] == name) for name in ERROR_CLASSES}
        lengths = dict.fromkeys(range(1, LONGEST + 1), (0, 0, 0)) | self._by_place(0)
        positions = sorted(self._by_place(1).items(), key=lambda item: (item[0] == UNLISTED, item[0]))
        names = {UNLISTED: UNLISTED_NAME, LAST_POSITION: f"{LAST_POSITION}+"}
        confused: Counter[tuple[str | None, str | None]] = Counter()
        for (_, gold, predicted), count in pairs.items():
            confused[gold, predicted] += count
        rows = [(gold, predicted, count) for (gold, predicted), count in confused.items()]
        return Errors(
            classes={str(name): count for name, count in classes.items()},
            types=_by_type(pairs),
            # None is like no name, and after it.
            confusion=tuple(sorted(rows, key=lambda row: (-row[2], row[0] or "", row[1] or "", row[0] is None))),
            paper={error: PaperErrors(of, sum(classes[name] for name in of)) for error, of in PAPER.items()},
            by_entity_length={f"{key}+" if key == LONGEST else str(key): lengths[key] for key in sorted(lengths)},
            by_sentence_length={
                name: (right, predicted, gold)
                for name, (right, predicted, gold) in zip(SENTENCE_RANGES, self._by_sentence, strict=True)
            },
            by_type_position={names.get(key, str(key)): triple for key, triple in positions},
            oracle=self._oracles.oracles(statistics.totals()),
            conflicting=self._conflicting(),
        )

    def _conflicting(self) -> Conflicting | None:
        """What is in sentences of the same words and other tags."""
        several = {words for words, count in Counter(self._words).items() if count > 1}
        places: dict[int, list[int]] = {}
        for place, words in enumerate(self._words):
            if words in several:
                places.setdefault(words, []).append(place)
        conflicting = [at for group in places.values() if len({self._tags[p] for p in group}) > 1 for at in group]
        return Conflicting(len(conflicting), sum(self._errors[at] for at in conflicting)) if conflicting else None

    def _by_place(self, axis: int) -> dict[int, Triple]:
        """Right, predicted and gold by one part of a place."""
        sums: defaultdict[int, list[int]] = defaultdict(lambda: [0, 0, 0])
        for (_, *place), count in self._right.items():
            for side in range(3):
                sums[place[axis]][side] += count
        for side, counts in ((1, self._predicted), (2, self._gold)):
            for wrong, count in counts.items():
                sums[wrong[axis]][side] += count
        return {key: (right, predicted, gold) for key, (right, predicted, gold) in sums.items()}


def _by_type(pairs: Mapping[Kinds, int]) -> dict[str, dict[str, int]]:
    """Counts by type and class, spurious ones by the predicted type, all others by the gold one."""
    types: dict[str, dict[str, int]] = {}
    for name in ERROR_CLASSES:
        for (other, gold, predicted), count in pairs.items():
            kind = predicted if gold is None else gold
            if other == name and kind is not None:
                counts = types.setdefault(kind, {})
                counts[name] = counts.get(name, 0) + count
    return dict(sorted(types.items()))
