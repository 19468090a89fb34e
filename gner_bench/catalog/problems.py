"""The known defects of data, for a warning where they matter."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gner_bench.catalog.catalog import catalog
from gner_bench.data.sentence import short_hash


def known_problems(name: str, split: str, sentences: Iterable[Sequence[str]]) -> list[str]:
    """What the catalogue knows to be wrong with ``sentences`` (each its words), which are said to be of a split."""
    dataset = catalog().find_dataset(name)
    problems = [problem for problem in dataset.problems if problem.split == split] if dataset else []
    if not problems:
        return []
    there = {short_hash(words) for words in sentences}
    return [problem.what for problem in problems if not problem.sentences or not there.isdisjoint(problem.sentences)]


def problem_warning(problems: dict[str, list[str]]) -> str:
    """One line about the problems of several data sets, empty when there are none."""
    parts = [f"{name}: {', '.join(found)}" for name, found in problems.items() if found]
    return f"known problems of the data: {'; '.join(parts)} (see gner-bench audit)" if parts else ""
