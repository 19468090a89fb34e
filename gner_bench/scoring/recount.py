"""F1 counted again by another library from the same tags, for `score --check`."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gner_bench.documents.scores import Triple
from gner_bench.errors import GnerBenchError
from gner_bench.extras import require
from gner_bench.scoring.metrics import METRICS, Metric, ratios
from gner_bench.scoring.predictions import Predictions
from gner_bench.scoring.scores import Scores

TOLERANCE = 1e-9
Tags = list[list[str]]
Recounted = tuple[float, Triple]
"""F1, and how many entities are right, were predicted and are in the gold."""


def check_with_seqeval(predictions: Predictions, scores: Scores) -> str:
    """Recount strict and conlleval F1 of each data set, whether ``scores`` hold them or not; a line on what agreed.

    ``predictions`` are those that were scored. Raises GnerBenchError naming set, metric and both counts where F1
    differs by 1e-9 or more, UsageError without seqeval.
    """
    require("seqeval")
    sides: dict[str, tuple[Tags, Tags]] = {}
    counted: dict[tuple[str, Metric], list[int]] = {}
    numbers: dict[str, int] = {}  # of types: seqeval takes names that differ in dashes at their ends for one

    def numbered(tags: Sequence[str]) -> list[str]:
        return ["O" if tag == "O" else f"{tag[0]}-{numbers.setdefault(tag[2:], len(numbers))}" for tag in tags]

    for sentence in predictions:
        gold, predicted = sides.setdefault(sentence.dataset, ([], []))
        # A mention that is at no words of the sentence is a word more, which is O in the gold.
        more = [f"B-{kind}" for _, kind in sentence.unplaced]
        gold.append([*numbered(sentence.gold), *("O" for _ in more)])
        predicted.append(numbered([*sentence.predicted, *more]))
        for metric in RECOUNTS:
            sums = counted.setdefault((sentence.dataset, metric), [0, 0, 0])
            for triple in METRICS[metric].count(sentence).values():
                sums[:] = map(sum, zip(sums, triple, strict=True))
    for name, tags in sides.items():
        totals = scores[name].statistics.totals()
        for metric, recount in RECOUNTS.items():
            right, made, expected = totals.get(metric, counted[name, metric])
            ours = ratios(right, made, expected, metric)[2], (right, made, expected)
            theirs = recount(*tags)
            if abs(ours[0] - theirs[0]) >= TOLERANCE:
                raise GnerBenchError(f"{name}: {metric} F1 is {_told(*ours)}, and by seqeval {_told(*theirs)}")
    return f"seqeval counts the same {' and '.join(RECOUNTS)} F1 in {', '.join(sides)}"


def _told(f1: float, counts: Triple) -> str:
    right, predicted, gold = counts
    return f"{100 * f1:.10g} ({right} right of {predicted} predicted and {gold} in the gold)"


def _strict(gold: Tags, predicted: Tags) -> Recounted:
    from seqeval.metrics import f1_score
    from seqeval.scheme import IOB2, Entities

    def spans(side: Tags) -> set[object]:
        return {span.to_tuple() for entities in Entities(side, IOB2).entities for span in entities}

    f1 = f1_score(gold, predicted, mode="strict", scheme=IOB2, zero_division=0)  # strict only by both
    return float(f1), _triple(spans(gold), spans(predicted))


def _lenient(gold: Tags, predicted: Tags) -> Recounted:
    from seqeval.metrics import f1_score
    from seqeval.metrics.sequence_labeling import get_entities

    f1 = f1_score(gold, predicted, zero_division=0)
    return float(f1), _triple(set(get_entities(gold)), set(get_entities(predicted)))


def _triple(gold: set[object], predicted: set[object]) -> Triple:
    return len(gold & predicted), len(predicted), len(gold)


RECOUNTS: dict[Metric, Callable[[Tags, Tags], Recounted]] = {"strict": _strict, "conlleval": _lenient}
