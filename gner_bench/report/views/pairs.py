"""All pairs of systems: their F1 with letters, and a matrix of the differences of their means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gner_bench.documents.scores import Resampling
from gner_bench.number_text import NOTHING, decimal, percent, points, rounding, signed, stars
from gner_bench.report.grid import Cell, Grid, Section, Value
from gner_bench.report.views.table import MEAN, title
from gner_bench.scoring.metrics import METRICS, Metric
from gner_bench.scoring.pairs import Pairs

SHARED = "In a column, systems that share a letter do not differ."
STARS_MEAN = "* p < 0.05, ** p < 0.01, *** p < 0.001."


def letters_grid(
    pairs: Pairs,
    metric: Metric,
    names: Mapping[str, str],
    sets: Sequence[str],
    correction: str,
    resampling: Resampling,
    usual: int = 1,
) -> Grid:
    """F1 of every system by data set and in the mean, the highest mean first, each with its letters.

    ``names`` are those of rows by the name in ``pairs``; ``usual`` are 1 or 2 decimals.
    """
    figures, letters = [pairs.f1(place) for place in range(len(sets) + 1)], pairs.letters()
    text = percent if usual == 2 else lambda share: decimal(100 * share)
    rows, values = [], []
    for system in figures[-1]:
        marked = [(of_set[system], mark[system]) for of_set, mark in zip(figures, letters, strict=True)]
        rows.append((Cell(names[system]), *(Cell(f"{text(f1)} {mark}") for f1, mark in marked)))
        values.append((names[system], metric, *(value for f1, mark in marked for value in (100 * f1, mark))))
    heads = ("System", *map(title, sets), MEAN)
    return Grid(
        name=f"letters_{metric}",
        title=f"{METRICS[metric].title} of all systems",
        heads=tuple(map(Cell, heads)),
        sections=(Section(tuple(rows)),),
        remarks=(rounding(usual=usual), SHARED, f"p < 0.05: {_test(pairs, resampling, correction)}."),
        legend=(SHARED,),
        columns=("system", "metric", *(name + part for name in (*sets, "mean") for part in ("", " letters"))),
        values=tuple(values),
    )


def matrix_grid(
    pairs: Pairs,
    metric: Metric,
    names: Mapping[str, str],
    correction: str,
    resampling: Resampling,
    usual: int = 1,
) -> Grid:
    """The mean of the row's system less that of the column's, with stars, the highest mean first.

    Columns are headed by what ``pairs`` calls the systems, rows by their ``names``.
    """
    systems = list(pairs.f1(-1))
    rows, values = [], list[tuple[Value, ...]]()
    for row in systems:
        cells = [Cell(names[row])]
        for column in systems:
            found = pairs.difference(-1, column, row) if row != column else None
            if found is None:
                cells.append(Cell("" if row == column else NOTHING))
                continue
            gain = points(100 * found.difference) if usual == 1 else signed(found.difference)
            cells.append(Cell(gain, star=stars(found.p)))
            ends = (100 * end for end in found.interval)
            tests = (found.p_randomization, found.p_holm, "yes" if found.significant else "no")
            values.append((names[row], names[column], metric, 100 * found.difference, *ends, *tests))
        rows.append(tuple(cells))
    return Grid(
        name=f"pairs_{metric}",
        title=f"{METRICS[metric].title}: all pairs of systems, differences of the mean",
        heads=(Cell("row less column"), *map(Cell, systems)),
        sections=(Section(tuple(rows)),),
        remarks=(rounding("Differences in points", usual), STARS_MEAN, f"p: {_test(pairs, resampling, correction)}."),
        legend=(STARS_MEAN,),
        columns=("system", "less", "metric", "difference", "low", "high", "p_randomization", "p_holm", "significant"),
        values=tuple(values),
    )


def _test(pairs: Pairs, resampling: Resampling, correction: str) -> str:
    return f"{pairs.test} test, two-sided, {resampling.resamples:,} trials, {correction}"
