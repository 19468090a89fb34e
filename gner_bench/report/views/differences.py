"""Changes against the baseline, with intervals and tests, as a table and in a sentence."""

from __future__ import annotations

from gner_bench.documents.scores import Resampling
from gner_bench.number_text import decimal, p_phrase, p_text, points, rounding
from gner_bench.report.baseline import Baseline, Changes
from gner_bench.report.contents import Contents
from gner_bench.report.grid import Cell, Grid, Section, by_value
from gner_bench.report.views.table import MEAN, title, unlike_by_key
from gner_bench.scoring.groups import notes_on
from gner_bench.scoring.metrics import METRICS, Metric
from gner_bench.scoring.paired import Difference

COLUMNS = (
    *("baseline", "system", "metric", "dataset", "baseline f1", "system f1", "difference", "low", "high"),
    *("p_bootstrap", "p_randomization", "p_holm", "detectable", "significant"),
)
VALUES = "F1 and differences in percent and points"
TEST = "p: paired approximate randomization, two-sided, corrected after Holm over data sets (not for the mean)."
DETECTABLE = "Detectable: the difference that a test at 5% finds with 80% power."
STARRED = "* p < 0.05."


def difference_grid(baseline: Baseline, changes: Changes, metric: Metric) -> Grid:
    """The differences of one system from ``baseline``, a row for each data set and one for the mean."""
    resampling, rows, values = baseline.resampling, [], []
    systems = (baseline.system, changes.other)
    unlike = unlike_by_key(systems, metric)
    names = [*(title(change.name) for change in changes.differences[:-1]), MEAN]
    for name, change in zip(names, changes.differences, strict=True):
        first, second, difference = 100 * change.first, 100 * change.second, 100 * change.difference
        (low, high), detectable = (100 * end for end in change.interval), 100 * change.detectable
        cells = [Cell(name), Cell(decimal(first)), Cell(decimal(second))]
        cells += [
            Cell(points(difference), star="*" if change.significant else ""),
            Cell(f"{points(low)} to {points(high)}"),
        ]
        rows.append((*cells, Cell(p_text(change.p)), Cell(decimal(detectable))))
        tests = (change.p_bootstrap, change.p_randomization, change.p_holm, detectable)
        described = (baseline.name, changes.system, metric, change.name)
        numbers = (first, second, difference, low, high)
        values.append((*described, *numbers, *tests, "yes" if change.significant else "no"))
    notes = tuple(f"{note[0].upper()}{note[1:]}." for note in notes_on(*(each.scores for each in systems)))
    drawn = f"Intervals: {resampling.confidence:.0%}, paired bootstrap, {resampling.resamples:,} resamples."
    return Grid(
        name=f"differences_{metric}",
        title=f"{METRICS[metric].title} of {changes.system} against {baseline.name}",
        heads=tuple(
            Cell(head) for head in ("Data set", "Baseline", "System", "Difference", "Interval", "p", "Detectable")
        ),
        sections=(Section(tuple(rows[:-1])), Section(tuple(rows[-1:]))),
        remarks=(rounding(VALUES), *(notes or (drawn, TEST)), DETECTABLE, STARRED),
        warnings=tuple(unlike.values()),
        signatures=by_value((each.name, each.signature_short) for each in systems),
        columns=COLUMNS,
        values=tuple(values),
        legend=(*(notes or (TEST,)), STARRED),
        unlike=tuple(unlike),
        subject=f"{changes.system} {baseline.name}",
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
    return word, (
        f"{changes.system} against {baseline.name}: {over} {decimal(100 * mean.first)} → {decimal(100 * mean.second)},"
        f" {points(100 * mean.difference)} points ({certainty(mean, baseline.resampling)})"
    )


def certainty(difference: Difference, resampling: Resampling) -> str:
    """The interval and the uncorrected p value of a difference, such as ``95% interval +1.7 to +6.1, p < 0.001``."""
    low, high = (points(100 * end) for end in difference.interval)
    return f"{resampling.confidence:.0%} interval {low} to {high}, {p_phrase(difference.p_randomization)}"
