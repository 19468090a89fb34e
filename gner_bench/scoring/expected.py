"""How many sentences people say there must be: without a run.json nothing tells of a file that was forgotten."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from gner_bench.errors import UsageError, short
from gner_bench.scoring.predictions import NO_PREDICTIONS, Origin
from gner_bench.scoring.scores import Scores

NUMBER = re.compile(r"[1-9]\d{0,11}", re.ASCII)


@dataclass(frozen=True)
class Expected:
    """The number of sentences of all data sets together, None where not said, and of ``sets`` by name."""

    total: int | None = None
    sets: Mapping[str, int] = field(default_factory=dict)

    def require_described(self, origin: Origin) -> None:
        """Raise UsageError for another number than the run.json of the files says, where all of them have one."""
        if not origin.runs or set(origin.runs) != set(origin.files):
            return
        files = " and ".join(str(file) for file in origin.files)
        if self.total is not None and origin.expected not in (0, self.total):
            raise UsageError(f"--expect {self.total}: the run.json of {files} says {origin.expected} sentences")
        for name, number in self.sets.items():
            # Shards of a run each say the number of all.
            told = {data.sentences for run in origin.runs.values() if (data := run.datasets.get(name))}
            if any(run.datasets for run in origin.runs.values()) and told != {number}:
                said = f"{max(told)} sentences" if told else "nothing of this data set"
                raise UsageError(f"--expect {name}:{number}: the run.json of {files} says {said}")

    def applied(self, scores: Scores) -> Scores:
        """``scores`` that lack as many sentences as are not there. Raises UsageError where there are more."""
        if self == Expected():
            return scores
        counts = {name: len(part.statistics) for name, part in scores.sets.items()}
        for name, number in self.sets.items():
            if counts.get(name, 0) > number:
                raise UsageError(f"--expect {name}:{number}: {counts[name]} sentences were read")
        if self.total is not None and scores.sentences > self.total:
            raise UsageError(f"--expect {self.total}: {scores.sentences} sentences were read")
        lacking = sum(number - counts.get(name, 0) for name, number in self.sets.items())
        if self.total is not None:
            lacking = max(lacking, self.total - scores.sentences)
        elif scores.origin.runs:
            lacking = max(lacking, scores.lacking)
        elif scores.origin.expected:  # by the gold, where predictions were imported
            planned = scores.origin.planned
            lacking += sum(max(0, planned.get(name, 0) - counts[name]) for name in counts if name not in self.sets)
        absent = [name for name in self.sets if name not in counts]
        warnings = [f"{NO_PREDICTIONS} {', '.join(absent)}, which --expect names"] if absent else []
        origin = replace(
            scores.origin,
            expected=scores.sentences + lacking,
            warnings=(*scores.origin.warnings, *warnings),
        )
        sets = {
            name: replace(part, planned=max(part.planned or 0, self.sets.get(name, 0)) or None)
            for name, part in scores.sets.items()
        }
        return replace(scores, origin=origin, sets=sets)


def expected(texts: Iterable[str]) -> Expected:
    """The values of --expect, ``N`` or ``DATASET:N``. Raises UsageError for others, and for two numbers of the same."""
    total: int | None = None
    sets: dict[str, int] = {}
    for text in texts:
        name, colon, number = text.rpartition(":")
        if not NUMBER.fullmatch(number) or (colon and not name):
            raise UsageError(f"--expect {short(text)}: expected N or DATASET:N, N sentences from 1")
        known = sets.get(name) if name else total
        if known not in (None, int(number)):
            raise UsageError(f"--expect {short(text)}: was {known} before")
        if name:
            sets[name] = int(number)
        else:
            total = int(number)
    if total is not None and sum(sets.values()) > total:
        raise UsageError(f"--expect {total}: is less than the {sum(sets.values())} sentences of single data sets")
    return Expected(total, sets)
