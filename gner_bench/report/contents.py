"""What a report is about: its systems, metrics, published rows, and the baseline that others are compared with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path

from gner_bench.catalog.published import PublishedScore, published_scores
from gner_bench.errors import UsageError, did_you_mean
from gner_bench.report.load import SystemScores, distinct, file_of, load_all, load_system, metrics_of
from gner_bench.scoring.comparison import RESAMPLES
from gner_bench.scoring.metrics import Metric
from gner_bench.scoring.paired import Difference, differences
from gner_bench.scoring.resampling import Resampling

ALL = "all"


@dataclass(frozen=True)
class Changes:
    """The ``differences`` of a system from the baseline, or the ``reason`` why there are none."""

    system: str
    differences: tuple[Difference, ...] = ()
    reason: str = ""

    @property
    def mean(self) -> Difference | None:
        """The difference of the means."""
        return self.differences[-1] if self.differences else None


@dataclass
class Baseline:
    """Differences of systems from ``system``, each computed once."""

    system: SystemScores
    _known: dict[tuple[str, Metric, tuple[str, ...]], Changes] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Its name in the tables."""
        return self.system.name

    @property
    def resampling(self) -> Resampling:
        """How the tests resample: as ``gner-bench compare`` does without options."""
        return Resampling(RESAMPLES, 0)

    def changes(self, other: SystemScores, metric: Metric, names: Sequence[str] = ()) -> Changes:
        """The differences on the data sets that both were scored on (of ``names`` where given), then of their mean."""
        common = tuple(
            name for name in self.system.scores.sets if name in other.scores.sets and (not names or name in names)
        )
        key = (other.name, metric, common)
        if not common:
            return Changes(other.name, reason=f"no data set in common with {self.name}")
        if key not in self._known:
            first, second = self.system.scores_over(common), other.scores_over(common)
            try:
                changes = Changes(other.name, tuple(differences(first, second, metric, self.resampling)))
            except UsageError as error:
                changes = Changes(other.name, reason=str(error))
            self._known[key] = changes
        return self._known[key]

    def stars(self, other: SystemScores, metric: Metric, names: Sequence[str]) -> tuple[frozenset[str], bool]:
        """The data sets on which ``other`` differs from the baseline, and whether the mean over all ``names`` does."""
        if other.name == self.name:
            return frozenset(), False
        *sets, mean = self.changes(other, metric, names).differences or (None,)
        starred = frozenset(each.name for each in sets if each is not None and each.significant)
        return starred, len(sets) == len(names) and mean is not None and mean.significant


@dataclass(frozen=True)
class Contents:
    """``metrics`` are in the order of the tables; figures are drawn for the first. ``intervals``: tables show them."""

    systems: Sequence[SystemScores]
    metrics: Sequence[Metric]
    published: Sequence[PublishedScore] = ()
    baseline: Baseline | None = None
    intervals: bool = False

    @property
    def metric(self) -> Metric:
        """The metric of figures and verdict."""
        return self.metrics[0]

    @property
    def scored(self) -> list[SystemScores]:
        """The systems that figures can show."""
        return [system for system in self.systems if self.metric in system.scores.metrics]

    @cached_property
    def tables(self) -> dict[Metric, list[Table]]:
        """The comparisons by metric, one for each layout."""
        return {metric: comparisons(self.systems, metric, self.published, self.baseline) for metric in self.metrics}

    @property
    def main(self) -> Table:
        """The first table."""
        return self.tables[self.metric][0]

    def changes(self, metric: Metric) -> list[Changes]:
        """How each other system differs from the baseline, empty without one."""
        baseline = self.baseline
        if baseline is None:
            return []
        others = [system for system in self.systems if system.name != baseline.name]
        return [baseline.changes(system, metric) for system in others]


def prepare(
    paths: Sequence[Path],
    metrics: Sequence[Metric] = (),
    published: Sequence[str] = (ALL,),
    baseline: str | None = None,
    intervals: bool = False,
    tokenizer: str | None = None,
) -> Contents:
    """The contents of a report on scores.json files, run folders and prediction files.

    ``metrics`` are all that the scores hold where none is given. ``published`` are names of quoted rows, with ``*`` for
    anything, or ``all``. ``baseline`` is a system's name or a file. Raises InputError and UsageError.
    """
    quoted = choose_published(published)
    systems = load_all(paths, metrics, tokenizer)
    chosen = None
    if baseline is not None:
        chosen, systems = choose_baseline(baseline, systems, metrics, tokenizer)
    return Contents(systems, tuple(metrics) or tuple(metrics_of(systems)), quoted, chosen, intervals)


def choose_published(names: Sequence[str]) -> list[PublishedScore]:
    """The published rows of these names in the order of tables. Raises UsageError for a name that fits none."""
    rows = [*published_scores(), *published_scores("supervised")]
    if ALL in names:
        return rows
    for name in names:
        if not any(_fits(row, name) for row in rows):
            known = list(dict.fromkeys(row.system for row in rows))
            raise UsageError(f"unknown published system {name!r}; {did_you_mean(name, known)}")
    return [row for row in rows if any(_fits(row, name) for name in names)]


def _fits(row: PublishedScore, name: str) -> bool:
    """Whether a row has this name, with or without what is in brackets after it."""
    names = (row.system, row.system.partition(" (")[0])
    return any(fnmatchcase(each.lower(), name.lower()) for each in names)


def choose_baseline(
    choice: str, systems: Sequence[SystemScores], metrics: Sequence[Metric], tokenizer: str | None = None
) -> tuple[Baseline, list[SystemScores]]:
    """The baseline that ``choice`` names, a system or else a file or run folder, and all systems with it.

    A baseline that is not among them comes first. Raises UsageError for what is neither, InputError for a file that
    cannot be used.
    """
    path = file_of(Path(choice))
    for system in systems:
        if system.name == choice or system.path.absolute() == path.absolute():
            return Baseline(system), list(systems)
    if not path.exists():
        known = did_you_mean(choice, [system.name for system in systems])
        raise UsageError(f"--baseline {choice!r} is neither a file nor a system of this report; {known}")
    together = distinct([load_system(path, metrics, tokenizer), *systems])
    return Baseline(together[0]), together
