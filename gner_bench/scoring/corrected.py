"""The same predictions against two golds, the original and a corrected one: how F1 moves, and on which sentences.

Both are scored on the same sentences, so the interval of the difference is that of the paired bootstrap, in which
sentences are drawn with both of their golds. There is no test: the golds do differ, and by how much is the question.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np

from gner_bench.data.sentence import Dataset
from gner_bench.documents.fields import Json
from gner_bench.documents.scores import Interval, Resampling
from gner_bench.scoring.counting import score
from gner_bench.scoring.errors import classify
from gner_bench.scoring.gold import with_gold
from gner_bench.scoring.metrics import Metric
from gner_bench.scoring.paired import MEAN, pair
from gner_bench.scoring.predictions import Prediction, Predictions
from gner_bench.scoring.resampling import f1, interval, require_sums
from gner_bench.scoring.scores import Scores, SetScores, warnings_of
from gner_bench.scoring.signature import long_line, short_line, signature_fields


@dataclass(frozen=True)
class Moved:
    """F1 (0 to 1) against both golds, corrected less original, and the paired interval of the difference."""

    original: float
    corrected: float
    difference: float
    interval: Interval


@dataclass(frozen=True)
class ChangedGold:
    """The sentences of a set whose gold tags changed, in the order of the predictions, of ``sentences`` in all.

    F1 is by the first metric, micro over the changed sentences against both golds and over all others, where it is the
    same for both; None without a sentence. ``errors`` are those against the original gold (strict spans in any class
    but ``correct``), ``errors_changed`` those of them in changed sentences, ``errors_corrected`` all against the
    corrected gold.
    """

    sentences: int
    ids: tuple[str, ...]
    f1_changed: tuple[float, float] | None
    f1_others: float | None
    errors: int
    errors_changed: int
    errors_corrected: int


@dataclass(frozen=True)
class GoldComparison:
    """One system against the ``original`` and the ``corrected`` gold. ``moved`` are by metric and data set, the mean
    over sets last (``paired.MEAN``)."""

    original: Scores
    corrected: Scores
    resampling: Resampling
    moved: Mapping[Metric, Sequence[tuple[str, Moved]]]
    changed: Mapping[str, ChangedGold]

    @property
    def name(self) -> str:
        return self.original.origin.system.name

    def signatures(self) -> dict[str, dict[str, str]]:
        """By gold and length (``signature``, ``signature_short``)."""
        fields = {
            "original": signature_fields(self.original, self.resampling),
            "corrected": signature_fields(self.corrected, self.resampling),
        }
        return {gold: {"signature": long_line(f), "signature_short": short_line(f)} for gold, f in fields.items()}

    def warnings(self) -> list[str]:
        """What must be said of the scores against either gold, one line each."""
        return list(dict.fromkeys([*warnings_of(self.original), *warnings_of(self.corrected)]))

    def document(self) -> Json:
        """As JSON, F1 from 0 to 1."""
        metrics = {}
        for metric, rows in self.moved.items():
            *sets, mean = [(name, asdict(moved)) for name, moved in rows]
            metrics[metric] = {"mean": mean[1], "datasets": dict(sets)}
        return {
            "system": self.name,
            "files": [str(file) for file in self.original.origin.files],
            "resampling": self.resampling.json(),
            "metrics": metrics,
            "changed": {name: asdict(part) for name, part in self.changed.items()},
            "signatures": self.signatures(),
            "warnings": self.warnings(),
        }


def against_corrected(
    predictions: Predictions,
    gold: Sequence[Dataset],
    metrics: Sequence[Metric],
    resampling: Resampling,
    processes: int = 1,
) -> GoldComparison:
    """Score ``predictions`` against their own gold and against ``gold``, which is matched as ``with_gold`` says.

    A data set that ``gold`` lacks keeps its own and does not move. Raises UsageError for a metric without resampling,
    and what ``with_gold`` and scoring raise.
    """
    for metric in metrics:
        require_sums(metric)
    other = with_gold(predictions, gold)
    original, corrected = (score(each, metrics, processes) for each in (predictions, other))
    moved = {metric: _moved(original, corrected, metric, resampling) for metric in original.metrics}
    return GoldComparison(original, corrected, resampling, moved, _changed(predictions, other, original, corrected))


def _moved(original: Scores, corrected: Scores, metric: Metric, resampling: Resampling) -> list[tuple[str, Moved]]:
    rows, sets = [], []
    for name, part in original.sets.items():
        paired = pair(part, corrected.sets[name], metric)
        one, two = f1(paired.sums(), metric)[:, 0].tolist()
        drawn = f1(paired.resampled(resampling), metric)[..., 0]
        sets.append((one, two, drawn[:, 1] - drawn[:, 0]))
        rows.append((name, *sets[-1]))
    one, two = (sum(values) / len(sets) for values in list(zip(*sets, strict=True))[:2])
    rows.append((MEAN, one, two, np.mean([drawn for *_, drawn in sets], axis=0)))
    ends = resampling.confidence
    return [(name, Moved(one, two, two - one, interval(drawn, ends))) for name, one, two, drawn in rows]


def _changed(
    predictions: Predictions, other: Predictions, original: Scores, corrected: Scores
) -> dict[str, ChangedGold]:
    ids: dict[str, list[str]] = {name: [] for name in original.sets}
    errors = {name: [0, 0, 0] for name in original.sets}
    for one, two in zip(predictions, other, strict=True):
        counts, before = errors[one.dataset], _errors(one)
        moved = one.gold != two.gold
        counts[0] += before
        counts[1] += before if moved else 0
        counts[2] += _errors(two) if moved else before
        if moved:
            ids[one.dataset].append(one.id)
    changed = {}
    for name, part in original.sets.items():
        there = set(ids[name])
        places = [[at for at, id in enumerate(part.ids) if (id in there) == is_in] for is_in in (True, False)]
        inside = (_f1_of(part, places[0]), _f1_of(corrected.sets[name], places[0])) if places[0] else None
        others = _f1_of(part, places[1]) if places[1] else None
        changed[name] = ChangedGold(len(part.ids), tuple(ids[name]), inside, others, *errors[name])
    return changed


def _errors(sentence: Prediction) -> int:
    classified = classify(sentence.gold_spans, sentence.predicted_spans)
    return sum(name != "correct" for name, *_ in classified) + len(sentence.unplaced)


def _f1_of(part: SetScores, places: Sequence[int]) -> float:
    return replace(part, statistics=part.statistics.part(places)).f1
