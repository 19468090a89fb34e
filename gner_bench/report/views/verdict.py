"""What a report says in words: which system is best, by how much, and whether the difference is confirmed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gner_bench.number_text import counted, decimal, points
from gner_bench.report.baseline import Baseline, Changes
from gner_bench.report.contents import Contents
from gner_bench.report.grid import Grid
from gner_bench.report.groups import Group, Pair
from gner_bench.report.load import SystemScores
from gner_bench.report.views.differences import certainty, difference_grid, verdict
from gner_bench.report.views.table import Row, Table, title
from gner_bench.scoring.metrics import METRICS, Metric

CHANCE = "No difference is confirmed"


@dataclass(frozen=True)
class Statement:
    """A finding in a few words, and the numbers that it rests on."""

    head: str
    text: str

    def __str__(self) -> str:
        return f"{self.head}: {self.text}"


def statements(contents: Contents) -> list[Statement]:
    """The findings by the report's first metric: of each group of systems, then against the baseline."""
    baseline, found, told = contents.baseline, list[Statement](), list[set[str]]()
    for group in contents.groups:
        found.append(_best(group, *group.lead) if group.lead else _alone(contents, group.systems[0]))
        told.append({system.name for system in group.systems[:2]})
    if lacking := [system.name for system in contents.systems if contents.metric not in system.scores.metrics]:
        found.append(Statement(", ".join(lacking), f"not scored by the {contents.metric} metric"))
    for changes in contents.changes(contents.metric):
        if baseline and {changes.system, baseline.name} not in told:
            word, values = verdict(contents, changes)
            found.append(Statement(word[0].upper() + word[1:], f"{values}."))
    return found


def lead_grids(contents: Contents) -> list[Grid]:
    """Tables of what the statements rest on: differences from the baseline, then of the first two of each group."""
    baseline, metric = contents.baseline, contents.metric
    pairs: list[Pair] = [(baseline, changes) for changes in contents.changes(metric)] if baseline else []
    shown = [{base.name, changes.system} for base, changes in pairs]
    leads = [group.lead for group in contents.groups if group.lead]
    pairs += [(second, lead) for second, lead in leads if {second.name, lead.system} not in shown]
    return [difference_grid(base, changes, metric) for base, changes in pairs if changes.differences]


def _best(group: Group, second: Baseline, lead: Changes) -> Statement:
    first, mean = group.systems[0], lead.mean
    number = f" of {len(group.systems)} systems" if len(group.systems) > 2 else ""
    score, other = _score(first, group.metric), second.system.values.average(group.metric).f1
    scored = f"{score} against {decimal(100 * other)} of {second.name}, {_data(first)}"
    if other == first.values.average(group.metric).f1:
        return Statement(f"{first.name} and {second.name} are level", f"{score} each, {_data(first)}.")
    if mean is None:
        return Statement(f"{first.name} has the highest F1{number}", f"{scored}. Not tested: {lead.reason}.")
    gap, sure = f"{points(100 * mean.difference).removeprefix('+')} points", certainty(mean, second.resampling)
    if mean.significant:
        text = f"{scored}. The difference of {gap} is confirmed ({sure})."
        return Statement(f"{first.name} is best{number}", text)
    least = f"a difference of {decimal(100 * mean.detectable)} points would be found with 80% power"
    text = f"{first.name} is ahead by {gap}, {scored}. That may be chance ({sure}); {least}."
    return Statement(f"No difference of the first two{number} is confirmed" if number else CHANCE, text)


def _alone(contents: Contents, system: SystemScores) -> Statement:
    """Its score and, as no other was scored on its sentences, the quoted ones next to it."""
    said = [f"{_score(system, contents.metric)}, {_data(system)}."]
    if len(contents.scored) > 1:
        said.append("No other system was scored on the same data sets and sentences.")
    for table in contents.tables[contents.metric]:
        said += _beside_quoted(contents, table, system)
    return Statement(system.name, " ".join(said))


def _beside_quoted(contents: Contents, table: Table, system: SystemScores) -> Iterator[str]:
    """The quoted means next above and next below that of a system, and what keeps them from being like for like."""
    mean = next((row.mean for row in table.measured if row.system == system.name), None)
    other_gold = {score.system for score in contents.published if not score.comparable}
    quoted = [(row, row.mean.f1) for row in table.quoted if row.mean and row.system not in other_gold]
    if mean is None or not quoted:
        return
    above = min((each for each in quoted if each[1] > mean.f1), key=lambda each: each[1], default=None)
    below = max((each for each in quoted if each[1] <= mean.f1), key=lambda each: each[1], default=None)
    sides = [(side, *each) for side, each in (("above", above), ("below", below)) if each]
    names = " and ".join(f"{_plain(row)} with {decimal(f1)} {side}" for side, row, f1 in sides)
    whole = len(table.datasets) == len(system.scores.sets)
    its = "it" if whole else f"its mean of {decimal(mean.f1)} over {counted(len(table.datasets), 'data set')}"
    note = f"; not like for like: {mean.note}" if mean.note else ""
    yield f"Quoted scores next to {its}: {names}{note}."


def _plain(row: Row) -> str:
    """The name of a quoted row without what is in brackets after it."""
    return row.system.partition(" (")[0]


def _score(system: SystemScores, metric: Metric) -> str:
    """The name of the metric, F1 in percent and its interval."""
    value, name = system.values.average(metric), METRICS[metric].name_in_text
    score = f"{'mean ' if len(system.scores.sets) > 1 else ''}{name} {decimal(100 * value.f1)}"
    if not value.interval:
        return score
    low, high = (decimal(100 * end) for end in value.interval["f1"])
    return f"{score} ({system.resampling.confidence:.0%} interval {low} to {high})"


def _data(system: SystemScores) -> str:
    """Such as ``over 7 data sets, 700 sentences``."""
    names = list(system.scores.sets)
    where = f"over {len(names)} data sets" if len(names) > 1 else f"on {title(names[0])}"
    return f"{where}, {counted(system.scores.sentences, 'sentence')}"
