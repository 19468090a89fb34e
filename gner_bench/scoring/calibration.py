"""Calibration: whether the confidence of predicted entities says how often they are right.

An entity is a strict span; its confidence is the product of the probabilities of its words' tags, and it is right if
``strict`` says so. Sentences count whose ``generation.confidence`` holds one number from 0 to 1 for each word, as
constrained decoding notes them and the scores of spans are read; those without do not. Where any sentence of a set has
them, one in which nothing was predicted counts, too: it has nothing to be sure of, but its gold is missed.

The bins of the reliability table have equal widths, ((m-1)/10, m/10], and the error is the mean over entities of the
distance between share and mean confidence of their bin (Guo et al. 2017, On Calibration of Modern Neural Networks,
section 2). Recall is against all gold entities; the average precision is the sum over thresholds of precision times the
growth of recall, so that gold entities never predicted lower it. Entities of equal confidence enter together.
"""

from __future__ import annotations

from array import array
from math import prod

import numpy as np
from numpy.typing import NDArray

from gner_bench.documents.scores import Bin, Calibration
from gner_bench.scoring.predictions import Prediction

BINS = 10
MOST_POINTS = 101
Floats = NDArray[np.float64]


def confidence_of(sentence: Prediction) -> list[float]:
    """The probability of each word's tag as the run noted it, empty where it noted none that can be used."""
    noted = sentence.generation.get("confidence")
    if not isinstance(noted, list) or len(noted) != len(sentence.words):
        return []
    return noted if all(type(number) in (int, float) and 0 <= number <= 1 for number in noted) else []


class CalibrationTally:
    """The entities of one data set with their confidence: nine bytes each."""

    def __init__(self) -> None:
        self.sentences = 0
        self._gold = 0
        self._silent = self._silent_gold = 0
        self._confidence = array("d")
        self._right = array("b")

    def add(self, sentence: Prediction) -> None:
        """Count the entities of a sentence, if it has a confidence for each word, and its gold if it has no entity."""
        probabilities, gold = confidence_of(sentence), sentence.gold_spans
        if not probabilities:
            if not sentence.predicted_spans:
                self._silent += 1
                self._silent_gold += len(gold)
            return
        self.sentences += 1
        self._gold += len(gold)
        for span in sentence.predicted_spans:
            self._confidence.append(prod(probabilities[span[0] : span[1]]))
            self._right.append(span in gold)

    def extend(self, later: CalibrationTally) -> None:
        """Add the sentences of another."""
        self.sentences += later.sentences
        self._gold += later._gold
        self._silent += later._silent
        self._silent_gold += later._silent_gold
        self._confidence.extend(later._confidence)
        self._right.extend(later._right)

    def calibration(self) -> Calibration | None:
        """The part ``calibration`` of scores.json, None where no sentence has a confidence."""
        if not self.sentences:
            return None
        confidence = np.frombuffer(self._confidence, dtype=np.float64)
        right = np.frombuffer(self._right, dtype=np.int8).astype(np.float64)
        sentences, gold = self.sentences + self._silent, self._gold + self._silent_gold
        average_precision, curve = precision_recall_curve(confidence, right, gold)
        return Calibration(
            sentences=sentences,
            gold=gold,
            entities=len(confidence),
            correct=int(right.sum()),
            confidence=_mean(confidence),
            reliability=reliability(confidence, right),
            ece=round(expected_calibration_error(confidence, right), 6),
            average_precision=average_precision,
            curve=curve,
        )


def _mean(values: Floats) -> float | None:
    return round(float(values.mean()), 6) if len(values) else None


def _in_bins(confidence: Floats) -> list[NDArray[np.bool_]]:
    """Which entities are in each bin, each of shape (entities,)."""
    places = np.searchsorted(np.arange(1, BINS) / BINS, confidence, side="left")
    return [places == place for place in range(BINS)]


def reliability(confidence: Floats, right: Floats) -> tuple[Bin, ...]:
    """The rows of a reliability table from confidences and rights (0 or 1) of shape (entities,)."""
    return tuple(
        Bin(
            above=place / BINS,
            to=(place + 1) / BINS,
            count=int(inside.sum()),
            confidence=_mean(confidence[inside]),
            correct=int(right[inside].sum()),
            share=_mean(right[inside]),
        )
        for place, inside in enumerate(_in_bins(confidence))
    )


def expected_calibration_error(confidence: Floats, right: Floats) -> float:
    """From 0 to 1; 0 without entities. Shapes (entities,)."""
    gaps = [abs(float((right[inside] - confidence[inside]).sum())) for inside in _in_bins(confidence)]
    return sum(gaps) / len(confidence) if len(confidence) else 0.0


def precision_recall_curve(
    confidence: Floats, right: Floats, gold: int
) -> tuple[float, tuple[tuple[float, float, float], ...]]:
    """The average precision of entities of shape (entities,) and a number of gold ones, and points of their curve."""
    if not len(confidence) or not gold:
        return 0.0, ()
    order = np.argsort(-confidence, kind="stable")
    ordered = confidence[order]
    last = np.flatnonzero(np.append(np.diff(ordered) != 0, True))
    right_so_far = np.cumsum(right[order])[last]
    precision, recall = right_so_far / (last + 1), right_so_far / gold
    average = float((precision * np.diff(recall, prepend=0.0)).sum())
    shown = np.unique(np.linspace(0, len(last) - 1, min(MOST_POINTS, len(last))).round().astype(np.int64))
    points = np.stack([ordered[last], precision, recall], axis=1)[shown].round(4).tolist()
    return round(average, 6), tuple((c, p, r) for c, p, r in points)
