"""The terminal's view of what `gner-bench run` is going to do."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from rich.markup import escape
from rich.table import Table

from gner_bench.experiment.plan import Plan, PlannedJob
from gner_bench.fetch.home import free_bytes, size_text
from gner_bench.terminal import console


def print_plan(plan: Plan, predictions: Path) -> None:
    """Print data sets, runs and what they need on stdout."""
    out = console()
    out.print(_sets(plan))
    out.print(_runs(plan))
    needed, free = plan.download + plan.written, free_bytes(predictions)
    out.print(
        f"disk: {size_text(plan.download)} to download as far as known, about {size_text(plan.written)} of predictions;"
        f" {size_text(free)} free in {escape(str(predictions))}{' (not enough)' if needed > free else ''}",
        highlight=False,
    )
    out.print(f"time: {_time(plan.seconds)} for all runs, one after another", highlight=False)
    if any(run.seconds is not None and not run.measured for run in plan.runs):
        out.print(
            "~ by the number of parameters, good to a factor of three; = from an earlier run here", highlight=False
        )


def _sets(plan: Plan) -> Table:
    table = Table(title="data")
    for heading in ("data set", "sentences", "on this machine"):
        table.add_column(heading, justify="right" if heading == "sentences" else "left")
    for each in plan.sets:
        table.add_row(
            escape(each.name), f"{each.sentences:,}" if each.sentences else "?", "yes" if each.cached else "no"
        )
    table.add_section()
    table.add_row("all", f"{sum(each.sentences for each in plan.sets):,}", "")
    return table


def _runs(plan: Plan) -> Table:
    table = Table(title="runs")
    for heading in ("run", "checkpoint", "decoding", "parameters", "download", "done", "time left"):
        table.add_column(heading, justify="left" if heading in ("run", "checkpoint", "decoding") else "right")
    for each in plan.runs:
        table.add_row(
            escape(each.job.name),
            escape(each.job.system.model),
            each.job.decoding,
            f"{each.parameters / 1e6:,.0f} M" if each.parameters else "?",
            "unknown" if each.download is None else size_text(each.download) if each.download else "none",
            f"{each.done:,} of {each.sentences:,}",
            _estimate(each),
        )
    return table


def _estimate(run: PlannedJob) -> str:
    return _time(run.seconds) if run.seconds is None else ("= " if run.measured else "~ ") + _time(run.seconds)


def _time(seconds: float | None) -> str:
    return "unknown" if seconds is None else str(timedelta(seconds=round(seconds)))
