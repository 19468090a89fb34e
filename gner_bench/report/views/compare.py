"""The terminal's view of a comparison of systems."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from gner_bench.messages import one_line
from gner_bench.number_text import NOTHING, interval_text, number, p_text, percent, rounding, signed, stars
from gner_bench.report.grid import Cell, Column, Grid, Line, Part, Section, line, styled
from gner_bench.report.views.pairs import letters_grid, matrix_grid
from gner_bench.scoring.comparison import Against, Comparison
from gner_bench.scoring.groups import RunsDifference
from gner_bench.scoring.intervals import FEW_ENTITIES
from gner_bench.scoring.metrics import METRICS, Metric
from gner_bench.scoring.paired import Difference
from gner_bench.scoring.trials import TEST

NAMES = Column(right=False, whole=False)
NUMBERS = Column(ellipsis=True)
P_VALUES = Column(right=False, ellipsis=True)
"""A p value has as many digits as any other, and then its stars."""
OF_RUNS = f"{NOTHING} of groups of runs: with more sentences runs would vary no less; more runs may be needed, too."
Rows = Sequence[Sequence[str]]


def comparison_view(
    comparison: Comparison, per_type: bool, changed: int, power: bool = False, points: float | None = None
) -> Iterator[Part]:
    """The tables of ``comparison``, F1 in percent; of each set up to ``changed`` sentences each way.

    Of all pairs there are a matrix and letters. With ``power`` there is what these sentences find and how many would
    find a difference of so many ``points``.
    """
    for system in comparison.systems:
        files = ", ".join(str(file) for file in system.scores.origin.files)
        yield Line(((one_line(system.title), "bold"), ("  " + one_line(files), "dim")))
    if comparison.all_pairs:
        for metric in comparison.metrics:
            yield from compared_pairs(comparison, metric)
    for against in comparison.against:
        pair = f"{against.second.label} against {against.first.label}"
        for metric, differences in against.differences.items():
            title = f"{METRICS[metric].title}: {pair}"
            if not comparison.all_pairs:
                yield _noted(_differences(title, against, differences), comparison.common)
            if power:
                yield _noted(power_grid(f"Power, {title}", differences, points), comparison.common)
        if against.notes:
            yield _spreads(against)
            yield from (line(one_line(f"{note[0].upper()}{note[1:]}.")) for note in against.notes)
            continue
        if per_type:
            yield from (_noted(part, comparison.common) for part in _types(against))
        if not comparison.all_pairs or changed:
            yield from (_noted(part, comparison.common) for part in _sentences(against, changed))
    yield line(_meaning(comparison), "dim")


def compared_pairs(comparison: Comparison, metric: Metric) -> tuple[Grid, Grid]:
    """F1 of all systems with their letters, and the matrix of the means."""
    pairs, sets = comparison.pairs(metric), tuple(comparison.systems[0].scores.sets)
    names = {system.label: system.title for system in comparison.systems}
    drawn = comparison.resampling
    return (
        letters_grid(pairs, metric, names, sets, comparison.correction, drawn, usual=2),
        matrix_grid(pairs, metric, names, comparison.correction, drawn, usual=2),
    )


def power_grid(title: str, differences: Sequence[Difference], points: float | None) -> Grid:
    """What these sentences find with 80% power, and how many would find a difference of so many ``points``."""
    heads = ["data set", "sentences", "found with 80% power"]
    heads += [] if points is None else [f"sentences for {number(points)} points"]
    rows = []
    for each in differences:
        row = [each.name, f"{each.sentences:,}", percent(each.detectable)]
        if points is not None:
            needed = each.sentences_for(points / 100)
            row.append(NOTHING if needed is None else f"{needed:,}")
        rows.append(row)
    of_runs = points is not None and any(isinstance(each, RunsDifference) for each in differences)
    return _table(title, heads, rows[:-1], rows[-1:], [OF_RUNS] if of_runs else ())


def _noted(part: Part, note: str) -> Part:
    """The tables of a part with one more note."""
    if not note or isinstance(part, Line):
        return part
    grids = part if isinstance(part, tuple) else (part,)
    noted = tuple(replace(grid, remarks=(*grid.remarks, one_line(note))) for grid in grids)
    return noted if isinstance(part, tuple) else noted[0]


def _table(title: str, heads: Sequence[str], rows: Rows, totals: Rows = (), remarks: Sequence[str] = ()) -> Grid:
    """A table whose first column holds names of people's choosing and whose others may have two lines a row."""
    sections = [
        Section(tuple((Cell(name), *map(styled, others)) for name, *others in part), bold=part is totals)
        for part in (rows, totals)
    ]
    return Grid(
        "comparison",
        title,
        tuple(map(styled, heads)),
        tuple(section for section in sections if section.rows),
        tuple(remarks),
        layout=(NAMES, *(P_VALUES if head.startswith("p") else NUMBERS for head in heads[1:])),
        frame="comparison",
    )


def _differences(title: str, against: Against, differences: Sequence[Difference]) -> tuple[Grid, ...]:
    """Everything in a column of its own; without two columns, which then become a line; with two lines a row."""
    first, second, interval = against.first.label, against.second.label, f"{against.resampling.confidence:.0%} interval"
    difference = f"{second} - {first}"
    wide, stacked = [], []
    for each in differences:
        mark = stars(each.p)
        p = p_text(each.p_randomization) + (mark if each.p_holm is None else "")
        p_holm = "" if each.p_holm is None else p_text(each.p_holm) + mark
        one, other, ends = percent(each.first), percent(each.second), interval_text(each.interval)
        gain = signed(each.difference)
        p_boot, least = p_text(each.p_bootstrap), percent(each.detectable)
        wide.append((each.name, one, other, gain, ends, p, p_holm, p_boot, least))
        stacked.append((each.name, f"{one}\n{other}", f"{gain}\n{ends}", f"{p}\n{p_holm}"))
    heads = ["data set", first, second, difference, interval, "p", "p Holm", "p boot.", "80% power"]
    stacked_heads = ["data set", f"{first}\n{second}", f"{difference}\n{interval}", "p\np Holm"]
    detectable = ", ".join(f"{one_line(each.name)} {percent(each.detectable)}" for each in differences)
    found = f"Found with 80% power: {detectable}."
    return (
        _table(title, heads, wide[:-1], wide[-1:]),
        _table(title, heads[:-2], [row[:-2] for row in wide[:-1]], [wide[-1][:-2]], [found]),
        _table(title, stacked_heads, stacked[:-1], stacked[-1:], [found]),
    )


def _spreads(against: Against) -> Grid:
    """The standard deviation of F1 over the runs of each system, where it has several."""
    rows = []
    for row in zip(*against.differences.values(), strict=True):
        spreads = [sd for each in row if isinstance(each, RunsDifference) for sd in each.sd]
        rows.append((row[0].name, *("–" if sd is None else percent(sd) for sd in spreads)))
    labels = against.first.label, against.second.label
    heads = [f"{label} {METRICS[metric].title}" for metric in against.differences for label in labels]
    return _table("Standard deviation over runs", ["data set", *heads], rows[:-1], rows[-1:])


def _types(against: Against) -> Iterator[Part]:
    """F1 by type in each data set, the types with the most gold entities first."""
    one, other, interval = against.first.label, against.second.label, f"{against.resampling.confidence:.0%} interval"
    difference = f"{other} - {one}"
    for metric, sets in against.types.items():
        for name, types in sets.items():
            title = one_line(f"{METRICS[metric].title}: {other} against {one}, {name}")
            wide, stacked = [], []
            for each in sorted(types, key=lambda each: -each.gold):
                first, second = percent(each.first), percent(each.second)
                gain, ends = signed(each.difference), interval_text(each.interval) if each.interval else NOTHING
                wide.append((each.name, f"{each.gold:g}", first, second, gain, ends))
                stacked.append((each.name, f"{each.gold:g}", f"{first}\n{second}", f"{gain}\n{ends}"))
            yield (
                _table(title, ["type", "gold", one, other, difference, interval], wide),
                _table(title, ["type", "gold", f"{one}\n{other}", f"{difference}\n{interval}"], stacked),
            )
            if not all(each.interval for each in types):
                yield line(f"{NOTHING} fewer than {FEW_ENTITIES} gold mentions, no interval")


def _sentences(against: Against, most: int) -> Iterator[Part]:
    """How many sentences of each set have other counts, and of those that changed most up to ``most`` each way."""
    rows, lines = [], []
    for name, changes in against.changed.items():
        ways = {"better": changes.better, "worse": changes.worse, "other": changes.other}
        rows.append((name, *(str(len(sentences)) for sentences in ways.values()), str(changes.sentences)))
        for way, sentences in ways.items():
            top = []
            for sentence in sorted(sentences, key=lambda sentence: -abs(sentence.gain))[:most]:
                # Right, predicted and gold of both systems.
                counts = ("/".join(f"{count:g}" for count in side) for side in (sentence.first, sentence.second))
                top.append(f"{one_line(sentence.id)} ({' to '.join(counts)})")
            more = f" and {len(sentences) - len(top)} more" if len(sentences) > len(top) else ""
            if top:
                lines.append(line(f"{one_line(name)} {way}: {', '.join(top)}{more}"))
    title = f"Sentences of {against.second.label} with other counts than {against.first.label} ({against.changed_by})"
    yield _table(title, ["data set", "better", "worse", "other", "of"], rows)
    yield from lines


def _meaning(comparison: Comparison) -> str:
    """What the values of the tables are."""
    resampling = comparison.resampling
    rounded = rounding(usual=2).removesuffix(".")
    alone = len(comparison.against) == 1
    of_runs = (
        f" Of groups of runs: interval and p are of Student's t, from {resampling.resamples:,} resamples of sentences"
        " and the spread over runs; p boot. is the same."
    )
    return (
        f"{rounded}, differences of unrounded figures; micro in each set, plain mean over sets."
        f" Interval: paired bootstrap over sentences, {resampling.resamples:,} resamples, seed {resampling.seed}."
        f" p: {TEST} test, two-sided, {resampling.resamples:,} trials; p Holm: {comparison.correction};"
        f" p boot.: paired bootstrap. Stars at p Holm{', for the mean at p' if alone else ''}: * below 0.05, ** 0.01,"
        " *** 0.001. 80% power: a true difference of so many points is found in four of five samples of so many"
        " sentences, at 5%, corrected as if nothing else were found; smaller ones may be found, larger ones missed."
        " Sentences: right/predicted/gold entities; better is a higher right - spurious - missed."
    ) + (of_runs if any(against.notes for against in comparison.against) else "")
