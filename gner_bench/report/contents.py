"""What a report is about: its systems, metrics, published rows, and the baseline that others are compared with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from gner_bench.answers.answer import Rule
from gner_bench.catalog.entries import PublishedScore
from gner_bench.catalog.quoted import ALL, choose_published
from gner_bench.errors import UsageError, did_you_mean
from gner_bench.files import NamedPath, named_path
from gner_bench.report.baseline import Baseline, Changes, Tested, all_pairs, changes_of, choose_baseline
from gner_bench.report.groups import Group, groups
from gner_bench.report.load import SystemScores, distinct, load_all, load_group, metrics_of
from gner_bench.report.views.table import MARKS, Table, comparisons
from gner_bench.scoring.metrics import METRICS, Metric
from gner_bench.scoring.pairs import Pairs
from gner_bench.scoring.seen import Training, training_data
from gner_bench.scoring.tokenizers import BESIDE, Tokenizers


@dataclass(frozen=True)
class Contents:
    """``metrics`` are in the order of the tables; figures are drawn for the first. ``intervals``: tables show them.

    ``title`` is that of the page and of report.md, empty for their usual ones; ``tokenizers`` are for predictions that
    are found beside a scores.json.
    """

    systems: Sequence[SystemScores]
    metrics: Sequence[Metric]
    published: Sequence[PublishedScore] = ()
    baseline: Baseline | None = None
    intervals: bool = False
    further_baselines: tuple[Baseline, ...] = ()
    title: str = ""
    tokenizers: Tokenizers = BESIDE

    @property
    def baselines(self) -> tuple[Baseline, ...]:
        """All systems that others are compared with: that of figures and verdict, then further ones."""
        return (self.baseline, *self.further_baselines) if self.baseline else ()

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
        return {metric: comparisons(self.systems, metric, self.published, self.baselines) for metric in self.metrics}

    @property
    def out_of_place(self) -> list[str]:
        """The published rows that are in no table: of other data sets, or where no table is by the GNER metric."""
        shown = {row.system for tables in self.tables.values() for table in tables for row in table.quoted}
        return list(dict.fromkeys(row.system for row in self.published if row.system not in shown))

    @cached_property
    def groups(self) -> list[Group]:
        """Systems on the same sentences, by the metric of the verdict."""
        return groups(self.scored, self.metric, self.baseline, self.pairs[self.metric])

    def changes(self, metric: Metric, baseline: Baseline | None = None) -> list[Changes]:
        """How each other system differs from the first or from another ``baseline``, empty without any."""
        baseline = baseline or self.baseline
        if baseline is None:
            return []
        found = self.tested(metric).changes
        return [changes for (name, _), changes in found.items() if name == baseline.name]

    def tested(self, metric: Metric) -> Tested:
        """All differences from all baselines, corrected together."""
        return changes_of(self.baselines, self.systems, metric, ())

    @cached_property
    def pairs(self) -> dict[Metric, Pairs | None]:
        """By metric all pairs of the systems that were scored by it on the same data sets; None of fewer than three."""
        return {metric: self._pairs(metric) for metric in self.metrics}

    def _pairs(self, metric: Metric) -> Pairs | None:
        scored = [system for system in self.systems if metric in system.scores.metrics]
        sets = [frozenset(system.scores.sets) for system in scored]
        # Of systems on other sets than most a letter or a mean would not be of the same data.
        usual = max(sets, key=sets.count, default=frozenset())
        # Baselines come first: their differences are known.
        known = {baseline.name: baseline for baseline in self.baselines}
        same = [system for system in scored if frozenset(system.scores.sets) == usual]
        same.sort(key=lambda system: system.name not in known)
        if len(same) < 3 or METRICS[metric].distinct:
            return None
        return all_pairs(same, metric, known)


def prepare(
    sources: Sequence[Path | NamedPath],
    metrics: Sequence[Metric] = (),
    published: Sequence[str] = (ALL,),
    baseline: str | Sequence[str] | None = None,
    intervals: bool = False,
    tokenizers: Tokenizers = BESIDE,
    rule: Rule | None = None,
    title: str = "",
    groups: Mapping[str, Sequence[Path]] | None = None,
    trained_on: Sequence[NamedPath] = (),
    encoder: str | None = None,
) -> Contents:
    """The contents of a report on scores.json files, run folders and prediction files.

    ``metrics`` are all that the scores hold where none is given. ``published`` are names of quoted rows (see
    ``choose_published``). ``baseline`` is the name of a system or a file, or several. ``tokenizers`` are for prediction
    files; ``groups`` are runs by what they are called together. ``trained_on`` is training data of the system that each
    names, of all where it names none, ``encoder`` that of Familiarity. Raises InputError and UsageError.
    """
    quoted = choose_published(published)
    choices = (baseline,) if isinstance(baseline, str) else tuple(baseline or ())
    tokenizers.require_known([*sources, *map(named_path, choices)])
    systems, places = load_all(sources, metrics, tokenizers, rule), []
    of_runs = [load_group(name, paths, metrics, tokenizers, rule) for name, paths in (groups or {}).items()]
    systems = distinct([*systems, *of_runs])
    for choice in choices:
        chosen, systems = choose_baseline(choice, systems, metrics, tokenizers, rule)
        places.append(len(systems) - [system is chosen.system for system in systems].index(True))
    systems = _knowing(systems, trained_on, encoder)
    # A file that is no system of the report is put before them, which may change names; places count from the end.
    baselines = [Baseline(systems[-place]) for place in dict.fromkeys(places)]
    if len(baselines) > len(MARKS):
        raise UsageError(f"{len(baselines)} baselines: tables have marks for at most {len(MARKS)} ({' '.join(MARKS)})")
    first, further = next(iter(baselines), None), tuple(baselines[1:])
    shown = tuple(metrics) or tuple(metrics_of(systems))
    return Contents(systems, shown, quoted, first, intervals, further, title, tokenizers)


def _knowing(
    systems: Sequence[SystemScores], trained_on: Sequence[NamedPath], encoder: str | None
) -> list[SystemScores]:
    """The systems with what is known of their training. Raises UsageError for training data of another system."""
    names = [system.name for system in systems]
    for source in trained_on:
        if source.name and source.name not in names:
            known = did_you_mean(source.name, names)
            raise UsageError(
                f"--trained-on {source.name}={source.path}: no system of this report is called so; {known}"
            )
    read: dict[tuple[Path, ...], Training | None] = {}
    found = []
    for system in systems:
        places = tuple(source.path for source in trained_on if source.name in ("", system.name))
        if places not in read:
            read[places] = training_data(places, encoder if not trained_on else None)
        found.append(system.knowing(read[places], encoder))
    return found
