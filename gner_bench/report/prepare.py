"""From the arguments of the command to the contents of a report."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from gner_bench.catalog.published import PublishedScore, published_scores
from gner_bench.errors import UsageError, did_you_mean
from gner_bench.report.baseline import choose_baseline
from gner_bench.report.contents import Contents
from gner_bench.report.load import load_all, metrics_of
from gner_bench.scoring.metrics import Metric

ALL = "all"


def prepare(
    paths: Sequence[Path],
    metrics: Sequence[Metric] = (),
    published: Sequence[str] = (ALL,),
    baseline: str | None = None,
    intervals: bool = False,
    tokenizer: str | None = None,
) -> Contents:
    """The contents of a report on scores.json files, run folders and prediction files.

    ``metrics`` are all that the scores hold where none is given. ``published`` are names of quoted rows, with ``*`` for
    anything, or ``all``. ``baseline`` is a system's name or a file. Raises InputError and UsageError.
    """
    quoted = choose_published(published)
    systems = load_all(paths, metrics, tokenizer)
    chosen = None
    if baseline is not None:
        chosen, systems = choose_baseline(baseline, systems, metrics, tokenizer)
    return Contents(systems, tuple(metrics) or tuple(metrics_of(systems)), quoted, chosen, intervals)


def choose_published(names: Sequence[str]) -> list[PublishedScore]:
    """The published rows of these names in the order of tables. Raises UsageError for a name that fits none."""
    rows = [*published_scores(), *published_scores("supervised")]
    if ALL in names:
        return rows
    for name in names:
        if not any(_fits(row, name) for row in rows):
            known = list(dict.fromkeys(row.system for row in rows))
            raise UsageError(f"unknown published system {name!r}; {did_you_mean(name, known)}")
    return [row for row in rows if any(_fits(row, name) for name in names)]


def _fits(row: PublishedScore, name: str) -> bool:
    """Whether a row has this name, with or without what stands in brackets after it."""
    pattern = name.lower()
    return any(fnmatchcase(each.lower(), pattern) for each in (row.system, row.system.partition(" (")[0]))
