"""Changes against the baseline, with intervals and tests, as a table and in a sentence."""

from __future__ import annotations

from gner_bench.number_text import decimal, p_text, points
from gner_bench.report.baseline import Baseline, Changes
from gner_bench.report.contents import Contents
from gner_bench.report.grid import Cell, Grid, Section, Value
from gner_bench.report.views.table import MEAN, title
from gner_bench.scoring.metrics import METRICS, Metric
from gner_bench.scoring.paired import Difference

COLUMNS = (
    *("baseline", "system", "metric", "dataset", "baseline f1", "system f1", "difference", "low", "high"),
    *("p_bootstrap", "p_randomization", "p_holm", "detectable", "significant"),
)
ROUNDING = "F1 and differences in percent and points, rounded to one decimal (half to even, on the binary value)."
TESTS = (
    "p: paired approximate randomization, two-sided, corrected after Holm over data sets (not for the mean)."
    " Detectable: the difference that a test at 5% finds with 80% power. * p < 0.05."
)


def difference_grid(baseline: Baseline, changes: Changes, metric: Metric) -> Grid:
    """The differences of one system from ``baseline``, a row for each data set and one for the mean."""
    rows = [_row(each, title(each.name)) for each in changes.differences[:-1]]
    last = [_row(each, MEAN) for each in changes.differences[-1:]]
    resampling = baseline.resampling
    drawn = f"Intervals: {resampling.confidence:.0%}, paired bootstrap, {resampling.resamples:,} resamples."
    return Grid(
        name=f"differences_{metric}",
        title=f"{METRICS[metric].title} of {changes.system} against {baseline.name}",
        heads=tuple(
            Cell(head) for head in ("Data set", "Baseline", "System", "Difference", "Interval", "p", "Detectable")
        ),
        sections=(Section(tuple(rows)), Section(tuple(last))),
        remarks=(ROUNDING, drawn, TESTS),
        signatures={baseline.system.signature_short: (baseline.name,)},
        columns=COLUMNS,
        values=tuple(_values(baseline.name, changes.system, metric, each) for each in changes.differences),
    )


def _row(found: Difference, name: str) -> tuple[Cell, ...]:
    p = found.p_randomization if found.p_holm is None else found.p_holm
    low, high = found.interval
    return (
        Cell(name),
        Cell(decimal(100 * found.first)),
        Cell(decimal(100 * found.second)),
        Cell(points(100 * found.difference), star=found.significant),
        Cell(f"{points(100 * low)} to {points(100 * high)}"),
        Cell(p_text(p)),
        Cell(decimal(100 * found.detectable)),
    )


def _values(baseline: str, system: str, metric: Metric, found: Difference) -> tuple[Value, ...]:
    figures = (found.first, found.second, found.difference, *found.interval)
    return (
        *(baseline, system, metric, found.name),
        *(100 * figure for figure in figures),
        *(found.p_bootstrap, found.p_randomization, found.p_holm, 100 * found.detectable),
        "yes" if found.significant else "no",
    )


def verdict(contents: Contents, changes: Changes) -> tuple[str, str]:
    """Better, worse, no difference confirmed or not compared, and the values behind it, by the report's first metric.

    ``contents`` have a baseline.
    """
    baseline, mean = contents.baseline, changes.mean
    assert baseline is not None
    if mean is None:
        return "not compared", f"{changes.system} with {baseline.name}: {changes.reason}"
    word = "no difference confirmed"
    if mean.significant:
        word = "better" if mean.difference > 0 else "worse"
    sets, name = len(changes.differences) - 1, METRICS[contents.metric].name_in_text
    over = f"mean {name} over {sets} data sets" if sets > 1 else name
    low, high = (points(100 * end) for end in mean.interval)
    p = p_text(mean.p_randomization)
    return word, (
        f"{changes.system} against {baseline.name}: {over} {decimal(100 * mean.first)} → {decimal(100 * mean.second)},"
        f" {points(100 * mean.difference)} points ({baseline.resampling.confidence:.0%} interval {low} to {high},"
        f" p {p if p.startswith('<') else f'= {p}'})"
    )
