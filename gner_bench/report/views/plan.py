"""The terminal's view of what `gner-bench run` is going to do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from gner_bench.experiment.plan import Plan, PlannedJob
from gner_bench.fetch.home import free_bytes, size_text
from gner_bench.report.grid import Cell, Column, Grid, Part, Section, line

NAMES, NUMBERS = Column(right=False, whole=False, ellipsis=True), Column(whole=False, ellipsis=True)


def plan_view(plan: Plan, predictions: Path) -> Iterator[Part]:
    """Data sets, runs, and what they need of disk and time."""
    sets = [(s.name, f"{s.sentences:,}" if s.sentences else "?", "yes" if s.cached else "no") for s in plan.sets]
    total = ("all", f"{sum(each.sentences for each in plan.sets):,}", "")
    yield Grid(
        "data",
        "data",
        tuple(map(Cell, ("data set", "sentences", "on this machine"))),
        tuple(Section(tuple(tuple(map(Cell, row)) for row in rows)) for rows in (sets, [total])),
        layout=(NAMES, NUMBERS, NAMES),
    )
    yield Grid(
        "runs",
        "runs",
        tuple(map(Cell, ("run", "checkpoint", "decoding", "parameters", "download", "done", "time left"))),
        (Section(tuple(map(_run, plan.runs))),),
        layout=(*[NAMES] * 3, *[NUMBERS] * 4),
    )
    needed, free = plan.download + plan.written, free_bytes(predictions)
    yield line(
        f"disk: {size_text(plan.download)} to download as far as known, about {size_text(plan.written)} of predictions;"
        f" {size_text(free)} free in {predictions}{' (not enough)' if needed > free else ''}"
    )
    yield line(f"time: {_time(plan.seconds)} for all runs, one after another")
    if any(run.seconds is not None and not run.measured for run in plan.runs):
        yield line("~ by the number of parameters, good to a factor of three; = from an earlier run here")


def _run(run: PlannedJob) -> tuple[Cell, ...]:
    sign = "" if run.seconds is None else "= " if run.measured else "~ "
    texts = (
        run.job.name,
        run.job.system.model,
        run.job.decoding,
        f"{run.parameters / 1e6:,.0f} M" if run.parameters else "?",
        "unknown" if run.download is None else size_text(run.download) if run.download else "none",
        f"{run.done:,} of {run.sentences:,}",
        sign + _time(run.seconds),
    )
    return tuple(map(Cell, texts))


def _time(seconds: float | None) -> str:
    return "unknown" if seconds is None else str(timedelta(seconds=round(seconds)))
