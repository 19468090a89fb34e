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
from gner_bench.scoring.noise import to_say
from gner_bench.scoring.paired import Difference
from gner_bench.scoring.trials import TEST

COLUMNS = (
    *("baseline", "system", "metric", "dataset", "baseline f1", "system f1", "difference", "low", "high"),
    *("p_bootstrap", "p_randomization", "p_holm", "detectable", "significant"),
)
VALUES = "F1 and differences in percent and points"
FOUND = "80% power: the true difference found with 80% power at these sentences, at 5%, so corrected."
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
        p_values = (change.p_bootstrap, change.p_randomization, change.p_holm, detectable)
        described = (baseline.name, changes.system, metric, change.name)
        numbers = (first, second, difference, low, high)
        values.append((*described, *numbers, *p_values, "yes" if change.significant else "no"))
    notes = tuple(f"{note[0].upper()}{note[1:]}." for note in notes_on(*(each.scores for each in systems)))
    drawn = f"Intervals: {resampling.confidence:.0%}, paired bootstrap, {resampling.resamples:,} resamples."
    tests = f"p: {TEST} test, two-sided, {resampling.resamples:,} trials, {changes.correction}."
    return Grid(
        name=f"differences_{metric}",
        title=f"{METRICS[metric].title} of {changes.system} against {baseline.name}",
        heads=tuple(
            Cell(head) for head in ("Data set", "Baseline", "System", "Difference", "Interval", "p", "80% power")
        ),
        sections=(Section(tuple(rows[:-1])), Section(tuple(rows[-1:]))),
        remarks=(rounding(VALUES), *(notes or (drawn, tests)), FOUND, STARRED),
        warnings=(*unlike.values(), *filter(None, [noise(baseline, changes)])),
        signatures=by_value((each.name, each.signature_short) for each in systems),
        columns=COLUMNS,
        values=tuple(values),
        legend=(*(notes or (TEST,)), STARRED),
        unlike=tuple(unlike),
        subject=f"{changes.system} {baseline.name}",
    )


def noise(baseline: Baseline, changes: Changes) -> str:
    """What may explain the difference besides the systems (see scoring.noise), empty where nothing is known."""
    first, second = baseline.system, changes.other
    if changes.mean is None:
        return ""
    common = [name for name in first.scores.sets if name in second.scores.sets]
    known = first.scores.origin.computed, second.scores.origin.computed
    return to_say((first.name, second.name), known, changes.mean, first.scores_over(common).sentences)


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
    """The interval and the p value of a difference, such as ``95% interval +1.7 to +6.1, p < 0.001``."""
    low, high = (points(100 * end) for end in difference.interval)
    p = p_phrase(difference.p, name="p" if difference.p_holm is None else "corrected p")
    return f"{resampling.confidence:.0%} interval {low} to {high}, {p}"
