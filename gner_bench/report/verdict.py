"""What a comparison with the baseline comes to, in a sentence."""

from __future__ import annotations

from gner_bench.report.baseline import Baseline, Changes
from gner_bench.report.rounding import change, p_text, printed
from gner_bench.report.tables.comparison import METRIC_NAMES
from gner_bench.scoring.metrics import Metric


def verdict(baseline: Baseline, changes: Changes, metric: Metric) -> tuple[str, str]:
    """Better, worse, no difference confirmed or not compared, and the figures behind it."""
    mean = changes.mean
    if mean is None:
        return "not compared", f"{changes.system} with {baseline.name}: {changes.reason}"
    word = "no difference confirmed"
    if mean.significant:
        word = "better" if mean.difference > 0 else "worse"
    sets = len(changes.differences) - 1
    over = f"mean {METRIC_NAMES[metric]} over {sets} data sets" if sets > 1 else METRIC_NAMES[metric]
    low, high = (change(100 * end) for end in mean.interval)
    p = p_text(mean.p_randomization)
    return word, (
        f"{changes.system} against {baseline.name}: {over} {printed(100 * mean.first)} → {printed(100 * mean.second)},"
        f" {change(100 * mean.difference)} points ({baseline.resampling.confidence:.0%} interval {low} to {high},"
        f" p {p if p.startswith('<') else f'= {p}'})"
    )
