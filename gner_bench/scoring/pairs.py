"""All pairs of several systems at once: which differ, as a compact letter display.

Systems that share a letter do not differ by the test, all others do (Piepho 2004, An algorithm for a letter-based
representation of all-pairwise comparisons: insert and absorb).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from string import ascii_letters

from gner_bench.scoring.paired import Difference


@dataclass(frozen=True)
class Pairs:
    """The differences of pairs of ``systems``, second less first: those of data sets and then of the mean."""

    systems: tuple[str, ...]
    differences: Mapping[tuple[str, str], Sequence[Difference]]

    def difference(self, place: int, first: str, second: str) -> Difference | None:
        """That of ``second`` less ``first`` at a place of the differences; None where the two were not compared."""
        if (first, second) in self.differences:
            return self.differences[first, second][place]
        if (second, first) not in self.differences:
            return None
        found = self.differences[second, first][place]
        ends = (0.0 - found.interval[1], 0.0 - found.interval[0])  # never -0.0
        return replace(found, first=found.second, second=found.first, difference=0.0 - found.difference, interval=ends)

    @property
    def test(self) -> str:
        """What test the differences have, in words."""
        methods = {found[-1].method for found in self.differences.values()}
        return " or, of groups of runs, ".join(sorted(methods, reverse=True))  # Student's t last

    def f1(self, place: int) -> dict[str, float]:
        """F1 (0 to 1) of each compared system at a place of the differences, the highest first."""
        found: dict[str, float] = {}
        for (first, second), differences in self.differences.items():
            found |= {first: differences[place].first, second: differences[place].second}
        return dict(sorted(found.items(), key=lambda item: -item[1]))

    def letters(self) -> list[dict[str, str]]:
        """The letters of each system, by data set and then of the mean; the highest F1 has the first letter."""
        places = len(next(iter(self.differences.values())))
        return [self._letters(place) for place in range(places)]

    def _letters(self, place: int) -> dict[str, str]:
        differ = [pair for pair, found in self.differences.items() if found[place].significant]
        ordered = letters(list(self.f1(place)), differ)
        return {system: ordered[system] for system in self.systems if system in ordered}


def pairs_of(systems: Sequence[str], differences: Mapping[tuple[str, str], Sequence[Difference]]) -> Pairs:
    """All pairs of ``systems``, their data sets in the order of the first pair: systems may have them in another."""
    names = [each.name for each in next(iter(differences.values()))[:-1]]
    found = {}
    for pair, (*sets, mean) in differences.items():
        by_name = {each.name: each for each in sets}
        found[pair] = (*(by_name[name] for name in names), mean)
    return Pairs(tuple(systems), found)


def letters(systems: Sequence[str], differ: Collection[tuple[str, str]]) -> dict[str, str]:
    """The letters of each of ``systems``, of which the pairs ``differ``; letters go by the order of the systems."""
    groups = [frozenset(systems)]
    for pair in differ:
        for group in [group for group in groups if group.issuperset(pair)]:
            groups.remove(group)
            for one in pair:
                rest = group - {one}
                if not any(rest <= other for other in groups):
                    groups.append(rest)
    groups.sort(key=lambda group: [place for place, system in enumerate(systems) if system in group])
    marks = [*ascii_letters, *(f"({number})" for number in range(len(ascii_letters) + 1, len(groups) + 1))]
    return {
        system: "".join(mark for mark, group in zip(marks, groups, strict=False) if system in group)
        for system in systems
    }
