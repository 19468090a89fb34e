"""The tables and the figure of benchmarks/ablation.py, from scores by seed, group of data sets and target."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from gner_bench.answers.gner import GNER
from gner_bench.documents.fields import Json
from gner_bench.documents.scores import Resampling, Value
from gner_bench.files import make_folder
from gner_bench.number_text import p_text
from gner_bench.scoring.errors import PAPER
from gner_bench.scoring.metrics import Metric
from gner_bench.scoring.paired import Difference, differences
from gner_bench.scoring.scores import Scores
from gner_bench.scoring.values import SystemValues

Group = dict[str, Scores]
"""Scores by target."""
REFERENCE = str(GNER)
QUOTED = {"entities": 59.0, "context:1": 60.3, "full": 61.0, "full+bio": 61.8, "full+bioes": 61.2}
"""F1 in percent, quoted from Ding et al. (2024), Table 1, Flan-T5-large."""
RESAMPLING = Resampling()
SHOWN: tuple[Metric, ...] = ("gner", "strict")


def json_line(record: Json) -> str:
    return json.dumps(record, ensure_ascii=False) + "\n"


def document(found: dict[int, dict[str, Group]], best: dict[str, Group]) -> str:
    """Markdown: the tables of every seed and, of several, one over them.

    ``best`` holds the scores of right answers, by group and target.
    """
    parts = [part for seed, groups in found.items() for part in seed_tables(seed, groups, best)]
    if len(found) > 1:
        parts += over_seeds(found)
    return "\n\n".join(parts)


def seed_tables(seed: int, groups: dict[str, Group], best: dict[str, Group]) -> Iterator[str]:
    for name, group in groups.items():
        yield f"### Seed {seed}, {name}: mean over {len(group[REFERENCE].sets)} data sets, {sentences(group)} sentences"
        yield summary(group, best[name])
        yield by_set(group)


def sentences(group: Group) -> str:
    return f"{sum(len(each.statistics) for each in group[REFERENCE].sets.values()):,}"


def summary(group: Group, best: Group) -> str:
    """A row for each target: mean F1, its difference to GNER's text, the F1 of right answers, and errors for 100 gold
    entities."""
    shown = [each for title in ("F1", "strict F1") for each in (title, f"less {REFERENCE}", "p", "of right answers")]
    rows = [summary_row(target, scores, group[REFERENCE], best[target]) for target, scores in group.items()]
    return table(["target", *shown, *PAPER], rows)


def summary_row(target: str, scores: Scores, reference: Scores, best: Scores) -> list[str]:
    figures, highest = SystemValues(scores, RESAMPLING), SystemValues(best, Resampling(0))
    cells = [target]
    for metric in SHOWN:
        cells += [percent(figures.average(metric)), *difference(mean_difference(reference, scores, metric))]
        cells.append(f"{100 * highest.average(metric).f1:.1f}")
    return [*cells, *(f"{count:.1f}" for count in errors(scores).values())]


def mean_difference(reference: Scores, scores: Scores, metric: Metric) -> Difference | None:
    return None if scores is reference else differences(reference, scores, metric, RESAMPLING)[-1]


def errors(scores: Scores) -> dict[str, float]:
    """The errors of the paper's kinds in all data sets, for 100 gold entities."""
    found = [each.analysis.json()["errors"] for each in scores.sets.values()]
    gold = sum(count for each in found for name, count in each["classes"].items() if name != "spurious")
    return {kind: 100 * sum(each["paper"][kind]["count"] for each in found) / gold for kind in PAPER}


def by_set(group: Group) -> str:
    """F1 of each target in each data set."""
    figures = {target: SystemValues(scores, RESAMPLING) for target, scores in group.items()}
    rows = []
    for name, each in group[REFERENCE].sets.items():
        cells = [percent(found.sets[name].micro("gner")) for found in figures.values()]
        rows.append([name, f"{len(each.statistics):,}", *cells])
    return table(["data set", "sentences", *group], rows)


def over_seeds(found: dict[int, dict[str, Group]]) -> Iterator[str]:
    """The mean over seeds of each target's mean F1, with the lowest and the highest."""
    first = next(iter(found.values()))
    for name, group in first.items():
        yield f"### Over {len(found)} seeds, {name}: mean (lowest to highest)"
        rows = []
        for target in group:
            figures = [SystemValues(groups[name][target], Resampling(0)) for groups in found.values()]
            rows.append([target, *(spread([each.average(metric) for each in figures]) for metric in SHOWN)])
        yield table(["target", "F1", "strict F1"], rows)


def spread(figures: Sequence[Value]) -> str:
    values = [100 * each.f1 for each in figures]
    return f"{fmean(values):.1f} ({min(values):.1f} to {max(values):.1f})"


def percent(figure: Value) -> str:
    """F1 in percent and its interval, half-even rounded to one place."""
    low, high = interval(figure)
    return f"{100 * figure.f1:.1f} [{100 * low:.1f}, {100 * high:.1f}]"


def interval(figure: Value) -> tuple[float, float]:
    assert figure.interval is not None
    return figure.interval["f1"]


def difference(found: Difference | None) -> list[str]:
    """The difference in points with its interval, and p of the permutation test."""
    if found is None:
        return ["", ""]
    low, high = found.interval
    cell = f"{100 * found.difference:+.1f} [{100 * low:+.1f}, {100 * high:+.1f}]"
    return [cell, p_text(found.p_randomization)]


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [list(head), ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def draw(groups: dict[str, Group], path: Path) -> None:
    """F1 by target, a panel for each group and one for the quoted figures, as ``path``.png and .svg."""
    import matplotlib

    matplotlib.use("Agg")
    matplotlib.rcParams.update({"svg.hashsalt": "ablation", "svg.fonttype": "none"})
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, len(groups) + 1, figsize=(9, 2.6), sharey=True)
    for axis, (name, group) in zip(axes, groups.items(), strict=False):
        _panel(axis, group)
        axis.set_title(f"{name}, measured")
    _quoted_panel(axes[-1])
    axes[0].set_ylim(len(QUOTED) - 0.5, -0.5)
    figure.tight_layout()
    make_folder(path.parent)
    figure.savefig(path.with_suffix(".svg"), metadata={"Date": None})
    figure.savefig(path.with_suffix(".png"), dpi=110)
    pyplot.close(figure)


def _panel(axis: Any, group: Group) -> None:
    for place, (target, scores) in enumerate(group.items()):
        found = SystemValues(scores, RESAMPLING).average("gner")
        low, high = interval(found)
        colour = "tab:orange" if target == REFERENCE else "tab:blue"
        axis.plot([100 * low, 100 * high], [place, place], color=colour)
        axis.plot(100 * found.f1, place, "o", color=colour)
    axis.set_yticks(range(len(group)), list(group))
    axis.set_xlabel("mean F1 in %, 95% interval")


def _quoted_panel(axis: Any) -> None:
    for place, (target, f1) in enumerate(QUOTED.items()):
        axis.plot(f1, place, "o", color="tab:orange" if target == REFERENCE else "tab:blue", fillstyle="none")
    axis.set_title("Flan-T5-large, quoted")
    axis.set_xlabel("F1 in % (Ding et al. 2024, Table 1)")
