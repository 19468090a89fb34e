"""Ranks of systems on the same sentences: one is ahead of another where a paired test or their intervals say so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations

from gner_bench.documents.scores import Value
from gner_bench.report.baseline import all_pairs
from gner_bench.report.load import SystemScores
from gner_bench.scoring.metrics import METRICS, Metric
from gner_bench.scoring.paired import correction, too_few
from gner_bench.scoring.pairs import Pairs, letters
from gner_bench.scoring.trials import TRIALS

MOST_TESTED = 20
"""Systems of which all pairs are tested. The 190 pairs take minutes, those of 200 systems would take hours, and none of
their p values could be below 0.05 after correction."""
BY_INTERVAL = "their intervals do not overlap"


@dataclass(frozen=True)
class Ranking:
    """By place, those of data sets and then of the mean, and by the name of a system: F1, ranks and letters.

    The rank is one more than the number of systems that are ahead; systems that share a letter are not told apart.
    There are none of either where one system is alone. ``means`` and ``sets`` say what puts a system ahead.
    """

    values: tuple[dict[str, Value], ...]
    ranks: tuple[dict[str, int], ...] = ()
    letters: tuple[dict[str, str], ...] = ()
    means: str = ""
    sets: str = ""

    def rank(self, place: int, name: str) -> int | None:
        """None where no other system is there."""
        return self.ranks[place][name] if self.ranks else None


def ranking(systems: Sequence[SystemScores], metric: Metric, names: Sequence[str]) -> Ranking:
    """The ranking of systems that were all scored on the data sets ``names``."""
    values = tuple(_values(systems, metric, name) for name in (*names, None))
    if len(systems) < 2:
        return Ranking(values)
    few = len(systems) <= MOST_TESTED and not METRICS[metric].distinct
    pairs = all_pairs(systems, metric) if few else None
    count = len(systems) * (len(systems) - 1) // 2
    # Of data sets there are more tests than of means, and where all are read together more trials would be needed.
    of_sets = None if too_few(count * len(names), TRIALS) else pairs
    ranks, marks = [], []
    for place, of_place in enumerate(values):
        tested = pairs if place == len(names) else of_sets
        ahead = partial(_tested, tested, place) if tested else partial(_apart, of_place)
        ordered = sorted(of_place, key=lambda name: -of_place[name].f1)
        differ = [(one, other) for one, other in combinations(ordered, 2) if ahead(one, other)]
        behind = [other for _, other in differ]
        ranks.append({name: 1 + behind.count(name) for name in of_place})
        marks.append(letters(ordered, differ))
    told = f"a {pairs.test} test says so (p < 0.05, {correction(list(pairs.differences.values()))})" if pairs else ""
    return Ranking(values, tuple(ranks), tuple(marks), told or BY_INTERVAL, told if of_sets else BY_INTERVAL)


def _values(systems: Sequence[SystemScores], metric: Metric, name: str | None) -> dict[str, Value]:
    """The value of each system on a data set, or of the mean for None."""
    return {
        each.name: each.values.average(metric) if name is None else each.values.sets[name].micro(metric)
        for each in systems
    }


def _tested(pairs: Pairs, place: int, one: str, other: str) -> bool:
    found = pairs.difference(place, other, one)
    return found is not None and found.significant


def _apart(values: dict[str, Value], one: str, other: str) -> bool:
    """Whether all of the interval of ``one`` is above that of ``other``."""
    first, second = values[one].interval, values[other].interval
    return first is not None and second is not None and first["f1"][0] > second["f1"][1]
