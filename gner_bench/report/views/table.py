"""Systems by data sets for one metric, as values before any format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Literal

from gner_bench.catalog import catalog
from gner_bench.catalog.entries import PublishedScore
from gner_bench.documents.scores import Value
from gner_bench.number_text import decimal
from gner_bench.report.baseline import Baseline, Tested, changes_of
from gner_bench.report.grid import Rank, by_value
from gner_bench.report.load import SystemScores
from gner_bench.scoring.metrics import Metric
from gner_bench.scoring.seen import training_of
from gner_bench.scoring.signature import differences

Layout = Literal["zero-shot", "supervised", "other"]
MEAN = "Mean"
NO_MEAN = "no mean: not all data sets of this table were scored"
OTHER_MEAN = "no mean: the published one is over other data sets than this table"
SOME_PARTIAL = "in part not the whole test split"
ALL_SEEN = "all types of the data set were in training"
SOME_SEEN = "some types of the data set were in training"
NONE_SEEN = "no type of the data set was in training"
MARKS = "†‡§¶‖"
"""Of several baselines, in their order; the only one has a star."""


@dataclass(frozen=True)
class Entry:
    """F1 in percent and its interval. ``note`` is a footnote on its data.

    ``differs`` names the baselines from which the paired test confirms a difference, ``sd`` is that over runs. ``seen``
    is a footnote on which of the types were in training.
    """

    f1: float
    interval: tuple[float, float] | None = None
    note: str = ""
    differs: tuple[str, ...] = ()
    sd: float | None = None
    seen: str = ""


@dataclass(frozen=True)
class Row:
    """One system: an entry for each data set and, last, for the mean; None where there is none.

    ``notes`` are footnotes on the system, ``no_mean`` says why there is no mean. ``origin`` is the short signature of
    a measured row, the publication of a quoted one, ``cite`` its BibTeX keys; it is the mean of ``runs``.
    """

    system: str
    quoted: bool
    entries: tuple[Entry | None, ...]
    notes: tuple[str, ...] = ()
    no_mean: str = ""
    parameters: float | None = None
    origin: str = ""
    cite: tuple[str, ...] = ()
    runs: int = 1

    @property
    def mean(self) -> Entry | None:
        """The entry of the mean."""
        return self.entries[-1]


@dataclass(frozen=True)
class Table:
    """Rows of one metric, measured ones first. ``heads`` are the titles of ``datasets`` and of the mean.

    ``unlike`` has a line for each key of the signatures in which measured rows differ, ``baselines`` the mark of each
    system that others are compared with, ``correction`` over what their tests are corrected.
    """

    metric: Metric
    layout: Layout
    datasets: tuple[str, ...]
    heads: tuple[str, ...]
    rows: tuple[Row, ...]
    unlike: Mapping[str, str] = field(default_factory=dict)
    baselines: Mapping[str, str] = field(default_factory=dict)
    correction: str = ""

    @property
    def measured(self) -> list[Row]:
        """The rows with figures measured here."""
        return [row for row in self.rows if not row.quoted]

    @property
    def quoted(self) -> list[Row]:
        """The rows with figures of publications."""
        return [row for row in self.rows if row.quoted]

    @property
    def suffix(self) -> str:
        """What the names of files and figures of this layout end in."""
        return "" if self.layout == "zero-shot" else f"_{self.layout}"


def comparisons(
    systems: Sequence[SystemScores],
    metric: Metric = "gner",
    published: Sequence[PublishedScore] = (),
    baselines: Sequence[Baseline] = (),
) -> list[Table]:
    """One table for each layout that the data sets of ``systems`` call for, each with the published rows of its regime.

    Published rows are in tables of the GNER metric alone; their footnotes say how they were scored. Without systems
    there is one table of the published zero-shot scores.
    """
    scored = [system for system in systems if metric in system.scores.metrics]
    found = []
    for layout, names in layouts(scored).items():
        quoted = [each for each in published if each.regime == layout and metric == "gner"]
        found.append(comparison(scored, metric, quoted, names, layout, baselines))
    return found


def layouts(systems: Sequence[SystemScores]) -> dict[Layout, tuple[str, ...]]:
    """The measured data sets of each layout, in the order of the catalogue, then of the files.

    Sets of both settings are in each that other sets call for; by themselves they are zero-shot unless every system
    that was scored on them was trained on them.
    """
    groups = {name: [each.name for each in catalog().group(name)] for name in ("zero-shot", "supervised")}
    if not systems:
        return {"zero-shot": tuple(groups["zero-shot"])}
    names = list(dict.fromkeys(name for system in systems for name in system.scores.sets))
    zero, supervised = (set(groups[name]) for name in ("zero-shot", "supervised"))
    both = zero & supervised & set(names)
    wanted: dict[Layout, set[str]] = {
        "zero-shot": zero & set(names) - both,
        "supervised": supervised & set(names) - both,
    }
    if both and not any(wanted.values()):
        trained = all(system.trained_on(name) for system in systems for name in both & system.scores.sets.keys())
        wanted["supervised" if trained else "zero-shot"] = both
    found: dict[Layout, tuple[str, ...]] = {
        layout: tuple(name for name in groups[layout] if name in sets | both) for layout, sets in wanted.items() if sets
    }
    other = tuple(name for name in names if name not in zero | supervised)
    return found | ({"other": other} if other else {})


def comparison(
    systems: Sequence[SystemScores],
    metric: Metric,
    published: Sequence[PublishedScore],
    names: Sequence[str],
    layout: Layout = "zero-shot",
    baselines: Sequence[Baseline] = (),
) -> Table:
    """The table of ``systems`` and ``published`` on the data sets ``names``; rows without any of them are left out."""
    there = [system for system in systems if any(name in system.scores.sets for name in names)]
    quoted = [each for each in published if any(name in each.scores for name in names)]
    marks = dict(zip((baseline.name for baseline in baselines), MARKS if len(baselines) > 1 else "*", strict=False))
    tests = changes_of(baselines, there, metric, names)
    measured = [_measured(system, metric, names, layout, marks, tests) for system in there]
    return Table(
        metric,
        layout,
        tuple(names),
        (*map(title, names), MEAN),
        (*measured, *(_quoted(score, names, there) for score in quoted)),
        unlike_by_key(there, metric),
        marks,
        tests.correction,
    )


def unlike(systems: Sequence[SystemScores], metric: Metric) -> list[str]:
    """One line for each key of the signatures in which systems were not scored alike (``scoring.signature``)."""
    return list(unlike_by_key(systems, metric).values())


def unlike_by_key(systems: Sequence[SystemScores], metric: Metric) -> dict[str, str]:
    """The lines of ``unlike`` by the key of the signatures that each is about."""
    keys: dict[str, dict[str, str]] = {}
    for one, other in combinations(systems, 2):
        for difference in differences(one.signature_fields, other.signature_fields, [metric]):
            values = keys.setdefault(difference.key, {})
            values[one.name], values[other.name] = difference.first, difference.second
    lines = {}
    for key, values in keys.items():
        names_of = by_value(values.items()).items()
        said = "; ".join(f"{value or 'stated'} for {', '.join(names)}" for value, names in names_of)
        lines[key] = f"not like for like: {key} is {said}"
    return lines


def title(dataset: str) -> str:
    """What heads the column of a data set."""
    known = catalog().find_dataset(dataset)
    return known.title if known and known.title else dataset


def ranks(table: Table) -> dict[tuple[int, int], Rank]:
    """Which measured figures of a column are best and second, by row and column; all that print alike rank alike.

    Figures with a footnote on their data do not compete with whole ones, nor with differently marked ones. A column
    with fewer than two figures that compete has no best.
    """
    placed: dict[tuple[int, int], Rank] = {}
    order: list[Rank] = ["best", "second"]
    for column in range(len(table.heads)):
        marked: dict[str, dict[int, str]] = {}
        for index, row in enumerate(table.rows):
            entry = row.entries[column]
            if not row.quoted and entry is not None:
                marked.setdefault(entry.note, {})[index] = decimal(entry.f1)
        competing = next(iter(marked.values())) if len(marked) == 1 else marked.get("", {})
        if len(competing) > 1:
            rank_of = dict(zip(sorted(set(competing.values()), key=float, reverse=True), order, strict=False))
            placed |= {(index, column): rank_of[text] for index, text in competing.items() if text in rank_of}
    return placed


def _measured(
    system: SystemScores,
    metric: Metric,
    names: Sequence[str],
    layout: Layout,
    baselines: Iterable[str],
    tests: Tested,
) -> Row:
    sets = [name for name in names if name in system.scores.sets]
    values = system.values.over(sets)
    stars = {baseline: tests.stars(baseline, system.name, names) for baseline in baselines}
    differs = {name: tuple(base for base, (starred, _) in stars.items() if name in starred) for name in sets}
    mean_differs = tuple(base for base, (_, of_mean) in stars.items() if of_mean)
    notes = {name: _data_note(system, name, layout) for name in sets}
    seen = {} if layout == "supervised" else {name: _seen_note(_types_of(system, name)) for name in sets}
    found = {
        name: replace(_entry(part.micro(metric), notes[name], differs[name]), seen=seen.get(name, ""))
        for name, part in values.sets.items()
    }
    whole = len(sets) == len(names)
    mean = _entry(values.average(metric), row_note(notes.values()), mean_differs) if whole else None
    return Row(
        system.name,
        False,
        (*(found.get(name) for name in names), mean),
        (system.note,) if system.note else (),
        "" if whole else NO_MEAN,
        system.parameters,
        system.signature_short,
        runs=len(system.scores.runs),
    )


def _entry(value: Value, note: str, differs: tuple[str, ...]) -> Entry:
    ends = value.interval["f1"] if value.interval else None
    return Entry(
        100 * value.f1,
        (100 * ends[0], 100 * ends[1]) if ends else None,
        note,
        differs,
        100 * value.sd if value.sd is not None else None,
    )


def row_note(notes: Iterable[str]) -> str:
    """One footnote for figures with several: theirs where they agree, else SOME_PARTIAL."""
    distinct = set(notes)
    return SOME_PARTIAL if len(distinct) > 1 else "".join(distinct)


def _data_note(system: SystemScores, name: str, layout: Layout) -> str:
    """What a reader must know of the data behind a figure: that they are no whole test split, or were trained on."""
    scores, known, parts = system.scores.sets[name], catalog().find_dataset(name), []
    sentences = len(scores.statistics)
    whole = (known.sentences if known else 0) or scores.planned or sentences
    if scores.split != "test" or sentences != whole:
        parts.append(f"{scores.split}, {sentences} sentences")
    if layout != "supervised" and system.trained_on(name):
        parts.append("trained on this data set, not zero-shot")
    return "; ".join(parts)


def _types_of(system: SystemScores, name: str) -> Mapping[str, str]:
    """How each type of a set was in training; nothing of a set that was, which another footnote says."""
    seen = system.scores.sets[name].analysis.seen
    return seen.types if seen and not seen.supervised else {}


def _seen_note(types: Mapping[str, str]) -> str:
    """Which types of a set were in training, by ``Training.how``; empty where it is not known."""
    how = Counter(types.values())
    seen = how["exact"] + how["normalised"]
    if seen:
        return ALL_SEEN if seen == len(types) else SOME_SEEN
    return NONE_SEEN if how and not how["unknown"] else ""


def _quoted(score: PublishedScore, names: Sequence[str], measured: Sequence[SystemScores]) -> Row:
    same = set(names) == set(score.scores)
    here = [system.name for system in measured if (known := system.known) and known.is_published_as(score.system)]
    notes = (score.note, score.scored_by, f"measured here as {', '.join(here)}" if here else "")
    model = next((model for model in catalog().model if model.is_published_as(score.system)), None)
    training = training_of(model.training_sets) if model and score.regime == "zero-shot" else None
    found = {}
    for name, figure in score.scores.items():
        dataset = catalog().find_dataset(name) if training and not training.holds(name) else None
        types = {kind: training.how(kind) for kind in dataset.types} if training and dataset else {}
        found[name] = Entry(figure, note=score.footnotes.get(name, ""), seen=_seen_note(types))
    return Row(
        score.system,
        True,
        (*(found.get(name) for name in names), Entry(score.average) if same else None),
        tuple(filter(None, notes)),
        "" if same else OTHER_MEAN,
        score.parameters,
        score.source,
        score.cite,
    )
