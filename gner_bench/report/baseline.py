"""The system that others are compared with, and their paired differences from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from gner_bench.answers.answer import Rule
from gner_bench.documents.scores import Resampling
from gner_bench.errors import UsageError, did_you_mean
from gner_bench.files import named_path
from gner_bench.report.load import SystemScores, distinct, file_of, load_system
from gner_bench.scoring.groups import differences
from gner_bench.scoring.metrics import Metric
from gner_bench.scoring.paired import Difference
from gner_bench.scoring.tokenizers import BESIDE, Tokenizers
from gner_bench.scoring.trials import TRIALS


@dataclass(frozen=True)
class Changes:
    """The ``differences`` of a system, ``other``, from the baseline, or the ``reason`` why there are none."""

    other: SystemScores
    differences: tuple[Difference, ...] = ()
    reason: str = ""

    @property
    def system(self) -> str:
        """Its name in the tables."""
        return self.other.name

    @property
    def mean(self) -> Difference | None:
        """The difference of the means."""
        return self.differences[-1] if self.differences else None


@dataclass
class Baseline:
    """Differences of systems from ``system``, each computed once."""

    system: SystemScores
    resampling: Resampling = field(default=Resampling(TRIALS, 0), init=False)
    """How the tests resample: as ``gner-bench compare`` does without options."""
    _known: dict[tuple[str, Metric, tuple[str, ...]], Changes] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Its name in the tables."""
        return self.system.name

    def changes(self, other: SystemScores, metric: Metric, names: Sequence[str] = ()) -> Changes:
        """The differences on the data sets that both were scored on (of ``names`` where given), then of their mean."""
        common = tuple(
            name for name in self.system.scores.sets if name in other.scores.sets and (not names or name in names)
        )
        key = (other.name, metric, common)
        if not common:
            return Changes(other, reason=f"no data set in common with {self.name}")
        if key not in self._known:
            first, second = self.system.scores_over(common), other.scores_over(common)
            try:
                changes = Changes(other, tuple(differences(first, second, metric, self.resampling)))
            except UsageError as error:
                changes = Changes(other, reason=str(error))
            self._known[key] = changes
        return self._known[key]

    def stars(self, other: SystemScores, metric: Metric, names: Sequence[str]) -> tuple[frozenset[str], bool]:
        """The data sets on which ``other`` differs from the baseline, and whether the mean over all ``names`` does."""
        if other.name == self.name:
            return frozenset(), False
        *sets, mean = self.changes(other, metric, names).differences or (None,)
        starred = frozenset(each.name for each in sets if each is not None and each.significant)
        return starred, len(sets) == len(names) and mean is not None and mean.significant


def choose_baseline(
    choice: str,
    systems: Sequence[SystemScores],
    metrics: Sequence[Metric],
    tokenizers: Tokenizers = BESIDE,
    rule: Rule | None = None,
) -> tuple[Baseline, list[SystemScores]]:
    """The baseline that ``choice`` names, a system or else a file or run folder, and all systems with it.

    A baseline that is not among them comes first, and may be given a name (``NAME=FILE``). Raises UsageError for what
    is neither and for a second name of a system, InputError for a file that cannot be used.
    """
    for system in systems:
        if system.name == choice:
            return Baseline(system), list(systems)
    source = named_path(choice)
    path = file_of(source.path)
    for system in systems:
        if system.path.absolute() == path.absolute():
            if source.name not in ("", system.name):
                raise UsageError(f"--baseline {choice}: this report calls that file {system.name!r}")
            return Baseline(system), list(systems)
    if not path.exists():
        known = did_you_mean(choice, [system.name for system in systems])
        raise UsageError(f"--baseline {choice!r} is neither a file nor a system of this report; {known}")
    together = distinct([load_system(source.path, metrics, tokenizers, rule, source.name), *systems])
    return Baseline(together[0]), together
