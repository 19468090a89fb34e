"""Systems that were scored on the same sentences, the best of them first, and how it differs from the second."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gner_bench.report.baseline import Baseline, Changes
from gner_bench.report.load import SystemScores
from gner_bench.scoring.metrics import Metric

Pair = tuple[Baseline, Changes]
"""A system, and how another differs from it."""


@dataclass(frozen=True)
class Group:
    """``systems`` on the same sentences by one metric, the highest mean F1 first.

    ``lead`` is the second of them and how the first differs from it, None where there is one alone.
    """

    metric: Metric
    systems: tuple[SystemScores, ...]
    lead: Pair | None = None


def groups(systems: Sequence[SystemScores], metric: Metric, baseline: Baseline | None) -> list[Group]:
    """Each of the ``systems``, all scored by ``metric``, in one group; those of several systems come first.

    What is known of differences from the ``baseline`` is used.
    """
    alike: dict[frozenset[tuple[str, str]], list[SystemScores]] = {}
    for system in systems:
        sentences = frozenset((part.name, part.content_hash) for part in system.scores.sets.values())
        alike.setdefault(sentences, []).append(system)
    return [_group(metric, members, baseline) for members in sorted(alike.values(), key=lambda each: len(each) == 1)]


def _group(metric: Metric, systems: Sequence[SystemScores], baseline: Baseline | None) -> Group:
    ranked = tuple(sorted(systems, key=lambda system: -system.values.average(metric).f1))
    if len(ranked) == 1:
        return Group(metric, ranked)
    first, second = ranked[:2]
    against = baseline if baseline is not None and baseline.name == second.name else Baseline(second)
    return Group(metric, ranked, (against, against.changes(first, metric)))
