"""Scores against original and corrected gold, and the sentences whose gold changed."""

from __future__ import annotations

from gner_bench.messages import one_line
from gner_bench.number_text import NOTHING, interval_text, percent, share_text, signed
from gner_bench.report.grid import NAMES, NUMBERS, Cell, Grid, Section
from gner_bench.scoring.corrected import GoldComparison
from gner_bench.scoring.metrics import METRICS
from gner_bench.scoring.paired import MEAN

MOST_NAMED = 20
"""Sentences of a set that people are shown; JSON names all."""
COLUMNS = ("system", "metric", "scope", "dataset", "original", "corrected", "difference", "low", "high")


def corrected_grids(compared: GoldComparison) -> list[Grid]:
    """A table of F1 by each metric, in percent, and one of the sentences that changed."""
    return [*(_moved(compared, metric) for metric in compared.moved), _changed(compared)]


def _moved(compared: GoldComparison, metric: str) -> Grid:
    rows, values = [], []
    for name, moved in compared.moved[metric]:
        numbers = percent(moved.original), percent(moved.corrected), signed(moved.difference)
        rows.append(tuple(map(Cell, (one_line(name), *numbers, interval_text(moved.interval)))))
        ends = (moved.original, moved.corrected, moved.difference, *moved.interval)
        values.append((compared.name, metric, "set", name, *ends))
    values[-1] = (*values[-1][:2], "mean", MEAN, *values[-1][4:])
    resampling = compared.resampling
    confidence = f"{resampling.confidence:.0%}"
    return Grid(
        "corrected",
        f"{METRICS[metric].title}: {one_line(compared.name)} against original and corrected gold",
        tuple(map(Cell, ("data set", "original", "corrected", "difference", f"{confidence} interval"))),
        (Section(tuple(rows[:-1])), Section(tuple(rows[-1:]), bold=True)),
        (
            "percent; micro in each set, plain mean over sets; interval: paired bootstrap over sentences,"
            f" {resampling.resamples:,} resamples, seed {resampling.seed}",
        ),
        columns=COLUMNS,
        values=tuple(values),
        layout=(NAMES, *[NUMBERS] * 4),
        frame="scores",
    )


def _changed(compared: GoldComparison) -> Grid:
    rows, named = [], []
    for name, part in compared.changed.items():
        inside = NOTHING if part.f1_changed is None else " to ".join(map(percent, part.f1_changed))
        others = NOTHING if part.f1_others is None else percent(part.f1_others)
        share = f"{part.errors_changed} of {part.errors}"
        share += f" ({share_text(part.errors_changed / part.errors)})" if part.errors else ""
        numbers = f"{len(part.ids):,} of {part.sentences:,}", inside, others, share, f"{part.errors_corrected:,}"
        rows.append(tuple(map(Cell, (one_line(name), *numbers))))
        if part.ids:
            more = f" and {len(part.ids) - MOST_NAMED} more (all in --json)" if len(part.ids) > MOST_NAMED else ""
            named.append(f"{one_line(name)}: {', '.join(map(one_line, part.ids[:MOST_NAMED]))}{more}")
    metric = next(iter(compared.moved))
    heads = "data set", "gold changed", f"{METRICS[metric].title} there", "elsewhere", "errors there", "errors left"
    return Grid(
        "corrected_sentences",
        "Sentences whose gold changed",
        tuple(map(Cell, heads)),
        (Section(tuple(rows)),),
        (
            "F1 there: from original to corrected gold; elsewhere both golds are the same; errors by strict spans:"
            " those against the original gold in these sentences, and all that are left against the corrected one",
            *(["ids of the sentences: " + "; ".join(named)] if named else []),
        ),
        layout=(NAMES, *[NUMBERS] * 5),
        frame="scores",
    )
