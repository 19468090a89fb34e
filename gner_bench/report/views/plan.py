"""The terminal's view of what `gner-bench run` is going to do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from gner_bench.documents.record import GNER
from gner_bench.experiment.plan import Plan, PlannedJob
from gner_bench.fetch.home import free_bytes, size_text
from gner_bench.report.grid import Part, line, listing

RUNS = ("run", "done", "time left", "system", "decoding", "parameters", "download")
CALLS = ("run", "calls", "cost", "prompt tokens", "answer tokens", "route", "format")


def plan_view(plan: Plan, predictions: Path) -> Iterator[Part]:
    """Data sets, runs, and what they need of disk and time."""
    sets = [(s.name, f"{s.sentences:,}" if s.sentences else "?", "yes" if s.cached else "no") for s in plan.sets]
    total = ("all", f"{sum(each.sentences for each in plan.sets):,}", "")
    yield listing("data", ("data set", "sentences", "on this machine"), [*sets, total], right=("sentences",), kept=3)
    if not plan.runs:
        yield line("no system yet: --model names a checkpoint, [[systems]] in a configuration any")
        return
    yield listing("runs", RUNS, map(_run, plan.runs), right=(*RUNS[1:3], *RUNS[5:]), kept=3)
    yield listing("calls", CALLS, map(_calls, plan.runs), right=CALLS[1:5], kept=3)
    if any(run.asked for run in plan.runs):
        yield line(
            "tokens of the whole run are estimates (= by the system's tokenizer, ~ at 4 characters a token; of answers,"
            " those of right ones: a model that thinks first writes more); cost is that of what is left"
        )
    needed, free = plan.download + plan.written, free_bytes(predictions)
    yield line(
        f"disk: {size_text(plan.download)} to download as far as known, about {size_text(plan.written)} of predictions;"
        f" {size_text(free)} free in {predictions}{' (not enough)' if needed > free else ''}"
    )
    yield line(f"time: {_time(plan.seconds)} for all runs, one after another")
    if any(run.seconds is not None and not run.measured for run in plan.runs):
        yield line("~ by the number of parameters, good to a factor of three; = from an earlier run here")


def _run(run: PlannedJob) -> tuple[str, ...]:
    sign = "" if run.seconds is None else "= " if run.measured else "~ "
    files = run.job.system.files
    return (
        run.job.name,
        "" if files else f"{run.done:,} of {run.sentences:,}",
        "" if files else sign + _time(run.seconds),
        ", ".join(map(str, files)) or run.job.system.model,
        run.job.decoding if run.job.system.backend == "local" and not files else "",
        f"{run.parameters / 1e6:,.0f} M" if run.parameters else "?",
        "unknown" if run.download is None else size_text(run.download) if run.download else "none",
    )


def _calls(run: PlannedJob) -> tuple[str, ...]:
    system, asked = run.job.system, run.asked
    route, format = ("files", system.from_) if system.files else (system.backend, system.format or GNER)
    if asked is None:
        return (run.job.name, "", "", "", "", route, format if system.files else "")
    sign = "= " if asked.counted else "~ "
    tokens = [f"{sign}{count:,}" if count else "?" for count in (asked.prompt_tokens, asked.answer_tokens)]
    cost = "" if run.cost is None else f"~ ${run.cost:,.{2 if run.cost >= 1 else 4}f}"
    return (run.job.name, f"{asked.calls:,}", cost, *tokens, route, format)


def _time(seconds: float | None) -> str:
    return "unknown" if seconds is None else str(timedelta(seconds=round(seconds)))
