"""The system that others are compared with, and their paired differences from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations

from gner_bench.answers.answer import Rule
from gner_bench.documents.scores import Resampling
from gner_bench.errors import UsageError, did_you_mean
from gner_bench.files import named_path
from gner_bench.report.load import SystemScores, distinct, file_of, load_system
from gner_bench.scoring.groups import differences
from gner_bench.scoring.metrics import Metric
from gner_bench.scoring.paired import Difference, corrected, correction
from gner_bench.scoring.pairs import Pairs, pairs_of
from gner_bench.scoring.tokenizers import BESIDE, Tokenizers
from gner_bench.scoring.trials import TRIALS


@dataclass(frozen=True)
class Changes:
    """The ``differences`` of a system, ``other``, from the baseline, or the ``reason`` why there are none.

    ``correction`` says over what their p values are corrected.
    """

    other: SystemScores
    differences: tuple[Difference, ...] = ()
    reason: str = ""
    correction: str = ""

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
                found = tuple(differences(first, second, metric, self.resampling))
                changes = Changes(other, found, correction=correction([found]))
            except UsageError as error:
                changes = Changes(other, reason=str(error))
            self._known[key] = changes
        return self._known[key]


@dataclass(frozen=True)
class Tested:
    """Changes of systems, by their names after that of the baseline, read together and so corrected together."""

    changes: Mapping[tuple[str, str], Changes]
    correction: str = ""

    def stars(self, baseline: str, other: str, names: Sequence[str]) -> tuple[frozenset[str], bool]:
        """The data sets on which ``other`` differs from the baseline, and whether the mean over all ``names`` does."""
        if (baseline, other) not in self.changes:
            return frozenset(), False
        *sets, mean = self.changes[baseline, other].differences or (None,)
        starred = frozenset(each.name for each in sets if each is not None and each.significant)
        return starred, len(sets) == len(names) and mean is not None and mean.significant


def changes_of(
    baselines: Sequence[Baseline], systems: Sequence[SystemScores], metric: Metric, names: Sequence[str]
) -> Tested:
    """The changes of ``systems`` from all ``baselines``, on the data sets ``names``, or on all where none is given.

    Two baselines that are compared with each other are one pair of the correction.
    """
    found = {
        (baseline.name, system.name): baseline.changes(system, metric, names)
        for baseline in baselines
        for system in systems
        if system.name != baseline.name
    }
    pairs = {frozenset(key): key for key, changes in reversed(found.items()) if changes.differences}
    differing = [found[key].differences for key in pairs.values()]
    by_pair, over = dict(zip(pairs, corrected(differing), strict=True)), correction(differing) if differing else ""
    for key, changes in found.items():
        if together := by_pair.get(frozenset(key)):
            of_sets = {each.name: each for each in together[:-1]}
            like = [*(of_sets[each.name] for each in changes.differences[:-1]), together[-1]]
            # One of the two directions of a difference has the correction of the other.
            same = tuple(
                replace(one, p_holm=other.p_holm, family=other.family, detectable=other.detectable)
                for one, other in zip(changes.differences, like, strict=True)
            )
            found[key] = replace(changes, differences=same, correction=over)
    return Tested(found, over)


def all_pairs(
    systems: Sequence[SystemScores], metric: Metric, known: Mapping[str, Baseline] | None = None
) -> Pairs | None:
    """All pairs of systems on the same data sets, corrected together; None where a pair cannot be compared.

    What is ``known`` of differences from baselines is used; these come first among the systems.
    """
    baselines = {system.name: (known or {}).get(system.name, Baseline(system)) for system in systems}
    changes = {
        (one.name, other.name): baselines[one.name].changes(other, metric) for one, other in combinations(systems, 2)
    }
    if any(not each.differences for each in changes.values()):
        return None
    found = corrected([each.differences for each in changes.values()])
    return pairs_of([system.name for system in systems], dict(zip(changes, found, strict=True)))


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
