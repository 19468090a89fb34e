"""Scores at other thresholds, without predicting again: entities that are less sure than one are taken away."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import prod

from gner_bench.bio import lenient_spans
from gner_bench.errors import UsageError
from gner_bench.scoring.calibration import confidence_of
from gner_bench.scoring.counting import score
from gner_bench.scoring.metrics import Metric
from gner_bench.scoring.predictions import Divisible, Origin, Prediction, Predictions
from gner_bench.scoring.scores import Scores
from gner_bench.structure.placing import UNPLACED

OPTION = "threshold"
"""The key of the signature."""


@dataclass(frozen=True)
class AtLeast:
    """Predictions without the entities whose confidence is below ``least``; those without one stay."""

    predictions: Predictions
    least: float

    @property
    def origin(self) -> Origin:
        origin = self.predictions.origin
        return replace(origin, options={**origin.options, OPTION: f"{self.least:g}"})

    def parts(self) -> list[AtLeast]:
        """Those of the predictions, all of them where they have none."""
        inner = self.predictions
        return [replace(self, predictions=part) for part in inner.parts()] if isinstance(inner, Divisible) else [self]

    def __iter__(self) -> Iterator[Prediction]:
        return (at_least(sentence, self.least) for sentence in self.predictions)


def at_least(sentence: Prediction, least: float) -> Prediction:
    """A sentence without the entities that are less sure; those without a place are told by their scores."""
    confidence, tags = confidence_of(sentence), list(sentence.predicted)
    for first, end, _ in lenient_spans(tags) if confidence else ():
        if prod(confidence[first:end]) < least:
            tags[first:end] = ["O"] * (end - first)
    scores = sentence.generation.get(UNPLACED) or [None] * len(sentence.unplaced)
    pairs = zip(sentence.unplaced, scores, strict=True)
    kept = tuple(mention for mention, score in pairs if score is None or score >= least)
    return replace(sentence, predicted=tuple(tags), unplaced=kept)


def sweep(
    predictions: Predictions, thresholds: Sequence[float], metrics: Sequence[Metric], processes: int = 1
) -> dict[float, Scores]:
    """The scores at each of the ``thresholds``, in their order.

    Raises UsageError for a threshold below that of the run, which has recorded nothing less sure, for predictions
    without any confidence, and for some without; and what ``score`` raises.
    """
    noted = [run.settings.get("threshold") for run in predictions.origin.runs.values()]
    recorded = max((least for least in noted if isinstance(least, int | float)), default=0.0)
    if below := [least for least in thresholds if least < recorded]:
        raise UsageError(
            f"--thresholds: {below[0]:g} is below {recorded:g}, the threshold of the run: it recorded nothing less sure"
            f" (predict with --threshold {below[0]:g})"
        )
    unsure = sum(not has_scores(sentence) for sentence in predictions)
    if unsure:
        raise UsageError(f"--thresholds: {unsure} sentences have entities without a score, which no threshold can part")
    return {least: score(AtLeast(predictions, least), metrics, processes) for least in thresholds}


def has_scores(sentence: Prediction) -> bool:
    """Whether all entities of a sentence have a score."""
    scores = sentence.generation.get(UNPLACED) or [None] * len(sentence.unplaced)
    return bool(confidence_of(sentence) or not sentence.predicted_spans) and None not in scores
