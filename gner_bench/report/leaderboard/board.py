"""What a leaderboard shows: systems in groups, each on the same data by the same rules, and published rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from gner_bench.catalog import catalog
from gner_bench.number_text import counted
from gner_bench.report.contents import Contents
from gner_bench.report.leaderboard.ranking import Ranking, ranking
from gner_bench.report.load import SystemScores
from gner_bench.report.views.table import Layout, Table, comparison, layouts, title
from gner_bench.scoring.metrics import Metric
from gner_bench.scoring.signature import SignatureDifference, differences
from gner_bench.terminal import progress_bar

KEYS = {
    **{"data": "data", "misc": "misc types", "answers": "reading of answers", "spaces": "cleaned spaces"},
    **{"norm": "normalisation", "count": "what is counted", "repair": "repair of tags", "avg": "averaging"},
    **{"common": "sentences left out", "version": "version of gner-bench"},
}
"""What headings call the keys of signatures."""
SETS = "data sets"
OF_SYSTEM = frozenset({"dec", "match", "tok", "scheme", "align"})
"""Keys of how a system answers and how its answers become tags. Systems that differ in them are ranked together, with a
warning; those that were measured on other data or by other rules are not."""


@dataclass(frozen=True)
class Apart:
    """In what a group differs from others: ``what`` differs, ``here`` and in the group of each number."""

    what: str
    here: str
    there: dict[int, str]

    def __str__(self) -> str:
        groups: dict[str, list[str]] = {}
        for number, value in self.there.items():
            groups.setdefault(value, []).append(str(number))
        told = (f"{value} in group{'s' * (len(of) > 1)} {', '.join(of)}" for value, of in groups.items())
        return f"{self.what}: {self.here} here, {'; '.join(told)}"


@dataclass(frozen=True)
class Group:
    """Systems that were measured alike on the same sentences, the highest mean first, by one metric.

    ``table`` holds their rows in this order, ``apart`` in what the group differs from the others of its layout, which
    are counted from 1: its own ``number``, 0 where it is the only one.
    """

    systems: tuple[SystemScores, ...]
    table: Table
    ranking: Ranking
    number: int = 0
    apart: tuple[Apart, ...] = ()

    @property
    def heading(self) -> str:
        """Which data the group is on and, where there are several groups, in what it differs from them."""
        sets = list(self.systems[0].scores.sets.values())
        splits, count = ", ".join(dict.fromkeys(part.split for part in sets)), self.systems[0].scores.sentences
        what = title(sets[0].name) if len(sets) == 1 else counted(len(sets), "data set")
        said = f"{what} ({splits}), {counted(count, 'sentence')}"
        if not self.number:
            return said
        return f"Group {self.number}: {said}; differs from others in {', '.join(each.what for each in self.apart)}"


@dataclass(frozen=True)
class Part:
    """The groups of one metric and layout, the largest first, and the ``quoted`` rows of publications, if any."""

    metric: Metric
    layout: Layout
    groups: tuple[Group, ...]
    quoted: Table | None = None


def parts_of(contents: Contents) -> list[Part]:
    """All groups by metric and layout."""
    parts = []
    with progress_bar("ranking", len(contents.metrics), unit="metrics", beside_forks=True) as advance:
        for metric in contents.metrics:
            systems = [system for system in contents.systems if metric in system.scores.metrics]
            for layout, names in layouts(systems).items() if systems else ():
                parts.append(
                    Part(metric, layout, _groups(systems, metric, layout, names), _quoted(contents, metric, layout))
                )
            advance(1)
    return parts


def _groups(systems: Sequence[SystemScores], metric: Metric, layout: Layout, names: Sequence[str]) -> tuple[Group, ...]:
    alike: list[list[SystemScores]] = []
    for system in systems:
        if not system.scores.sets.keys() & set(names):
            continue
        part = system.over(names)
        group = next((group for group in alike if _alike(group[0], part, metric)), None)
        if group is None:
            alike.append([part])
        else:
            group.append(part)
    # Groups on the same sentences are beside each other, those on which most systems are first.
    same = Counter(data for group in alike for data in [_data(group[0])] * len(group))
    places = {data: place for place, (data, _) in enumerate(same.most_common())}
    alike.sort(key=lambda group: (places[_data(group[0])], -len(group)))
    groups = []
    for number, members in enumerate(alike, start=1):
        sets = [name for name in names if name in members[0].scores.sets]
        members.sort(key=lambda system: -system.values.average(metric).f1)
        others = {at: group[0] for at, group in enumerate(alike, start=1) if at != number}
        groups.append(
            Group(
                tuple(members),
                comparison(members, metric, (), sets, layout),
                ranking(members, metric, sets),
                number if others else 0,
                tuple(_apart(members[0], others, metric)),
            )
        )
    return tuple(groups)


def _alike(one: SystemScores, other: SystemScores, metric: Metric) -> bool:
    """Whether two systems were measured alike on the same sentences of the same data sets."""
    return _data(one) == _data(other) and not _unlike(one, other, metric)


def _unlike(one: SystemScores, other: SystemScores, metric: Metric) -> list[SignatureDifference]:
    found = differences(one.signature_fields, other.signature_fields, [metric])
    return [each for each in found if each.key not in OF_SYSTEM]


def _data(system: SystemScores) -> frozenset[tuple[str, str]]:
    return frozenset((name, part.content_hash) for name, part in system.scores.sets.items())


def _apart(one: SystemScores, others: Mapping[int, SystemScores], metric: Metric) -> list[Apart]:
    """In what a system was not scored as each of others, by the number of its group."""
    found: dict[str, Apart] = {}

    def differs(what: str, here: str, number: int, there: str) -> None:
        found.setdefault(what, Apart(what, here, {})).there[number] = there

    own = one.scores.sets
    for number, other in others.items():
        theirs = other.scores.sets
        if own.keys() != theirs.keys():
            differs(SETS, _listed(own), number, _listed(theirs))
        if unlike := [name for name in own if name in theirs and own[name].content_hash != theirs[name].content_hash]:
            names = f"other sentences or gold of {_listed(unlike)}"
            differs(KEYS["data"], f"{one.scores.sentences:,} sentences", number, f"{names}")
        for each in _unlike(one, other, metric):
            if each.key != "data":
                differs(KEYS.get(each.key, each.key), each.first, number, each.second)
    first = [SETS, KEYS["data"]]
    return sorted(found.values(), key=lambda each: first.index(each.what) if each.what in first else len(first))


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(title, names))


def _quoted(contents: Contents, metric: Metric, layout: Layout) -> Table | None:
    """The published rows of a layout on its data sets, the highest mean first; None where there are none."""
    rows = [each for each in contents.published if each.regime == layout]
    if metric != "gner" or not rows:
        return None
    names = [known.name for known in catalog().group(layout)]
    shown = [name for name in names if any(name in row.scores for row in rows)]
    rows.sort(key=lambda row: -row.average)
    return comparison((), metric, rows, shown, layout)
