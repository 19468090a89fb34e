"""The defects of data that the catalogue knows, for a warning where they matter."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gner_bench.catalog import catalog
from gner_bench.data.sentence import short_hash


class ProblemFinder:
    """Looks for what the catalogue knows to be wrong with sentences that are said to be of a split."""

    def __init__(self, name: str, split: str) -> None:
        dataset = catalog().find_dataset(name)
        self._problems = [problem for problem in dataset.problems if problem.split == split] if dataset else []
        self._looked_for = frozenset(digest for problem in self._problems for digest in problem.sentences)
        self._seen: set[str] = set()

    def add(self, words: Sequence[str]) -> None:
        """Look at the words of a sentence."""
        if self._looked_for:
            self._seen |= {short_hash(words)} & self._looked_for

    def extend(self, other: ProblemFinder) -> None:
        """Look at the sentences of another finder for the same split."""
        self._seen |= other._seen

    def problems(self) -> list[str]:
        """The problems of the sentences so far."""
        return [
            problem.what
            for problem in self._problems
            if not problem.sentences or self._seen.intersection(problem.sentences)
        ]


def known_problems(name: str, split: str, sentences: Iterable[Sequence[str]]) -> list[str]:
    """What the catalogue knows to be wrong with ``sentences`` (each its words), which are said to be of a split."""
    finder = ProblemFinder(name, split)
    for words in sentences:
        finder.add(words)
    return finder.problems()


def problem_warning(problems: dict[str, list[str]]) -> str:
    """One line about the problems of several data sets, empty when there are none."""
    parts = [f"{name}: {', '.join(known)}" for name, known in problems.items() if known]
    return f"known problems of the data: {'; '.join(parts)} (see gner-bench audit)" if parts else ""
