"""What a person at the terminal sees: tables on stdout, the progress of long work on stderr."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Lock
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeElapsedColumn
from rich.text import Text

from gner_bench.messages import is_quiet

PIPED_SIZE = 1000, 25
"""Columns and lines where stdout is no terminal: so many that a row of a table is one line, as ``grep`` wants it."""
LEAST_WIDTH = 40
"""Columns that are always used: where a terminal has fewer, it breaks the lines itself."""
LOG_SECONDS = 30.0
"""How often progress is shown where stderr is a log and not a terminal."""


def console() -> Console:
    """The console for results: as wide as ``COLUMNS`` says, else as the terminal, else ``PIPED_SIZE``. Rich would ask
    stdin and stderr, too, where stdout is a pipe, and would take ``COLUMNS=0`` at its word."""
    columns, lines = shutil.get_terminal_size(PIPED_SIZE)
    return Console(width=max(columns, LEAST_WIDTH), height=lines)


class _Speed(ProgressColumn):
    def render(self, task: Task) -> Text:
        unit = task.fields["unit"]
        return Text(f"{task.speed:.1f} {unit}/s" if task.speed else f"– {unit}/s")


class _TimeToGo(ProgressColumn):
    def render(self, task: Task) -> Text:
        left = task.time_remaining
        return Text(f"ETA {timedelta(seconds=int(left))}" if left is not None else "ETA –")


class Advance(Protocol):
    """Counts finished units; ``note`` is shown beside their number, such as another speed."""

    def __call__(self, count: int, note: str = "") -> None: ...


_shown: Progress | None = None
"""The bars that are shown now, to which another is added: two at once would draw over each other."""


@contextmanager
def progress_bar(
    title: str, total: int, done: int = 0, unit: str = "sentences", live: bool = True, beside_forks: bool = False
) -> Iterator[Advance]:
    """Show progress over ``total`` units of which ``done`` are done; yields the function that advances it.

    A terminal gets a bar, a log file a line every half minute; both give speed and time to go. Several processes at one
    terminal need ``live=False``, which is as in a log file. A bar ``beside_forks`` has no thread, so that this process
    can be forked: it moves only when it advances, and a log gets nothing.
    """
    stderr = Console(stderr=True, quiet=is_quiet())
    if not (live and stderr.is_terminal):
        if beside_forks:
            yield lambda count, note="": None
        else:
            yield log_progress(stderr, title, total, done, lambda done, speed: f"{done}/{total}, {speed:.1f} {unit}/s")
        return
    with _bars(stderr, beside_forks) as progress:
        task = progress.add_task(title, total=total, completed=done, note="", unit=unit)
        progress.refresh()
        still = not progress.live.auto_refresh
        yield lambda count, note="": progress.update(task, advance=count, note=note, refresh=still)


@contextmanager
def _bars(stderr: Console, still: bool) -> Iterator[Progress]:
    global _shown
    if _shown is not None:
        yield _shown
        return
    name, notes = (TextColumn(text, markup=False) for text in ("{task.description}", "{task.fields[note]}"))
    columns = (name, BarColumn(bar_width=24), MofNCompleteColumn(), _Speed())
    with Progress(
        *columns, notes, TimeElapsedColumn(), _TimeToGo(), console=stderr, auto_refresh=not still
    ) as progress:
        _shown = progress
        try:
            yield progress
        finally:
            _shown = None


def log_progress(
    stderr: Console, title: str, total: int | None, done: int, amounts: Callable[[int, float], str]
) -> Advance:
    """What advances progress that is shown as a line every half minute and at the end; from any thread. ``amounts``
    puts into words what is done and how much of it a second; ``total`` is None where it is unknown."""
    started = last = time.monotonic()
    before, lock = done, Lock()

    def advance(count: int, note: str = "") -> None:
        nonlocal done, last
        with lock:
            done += count
            now = time.monotonic()
            if now - last < LOG_SECONDS and done != total:
                return
            last = now
            speed = (done - before) / max(now - started, 1e-9)
            to_go = ""
            if total is not None and speed > 0:
                to_go = f"ETA {timedelta(seconds=int((total - done) / speed))}"
            line = ", ".join(filter(None, (amounts(done, speed), note, to_go)))
            stderr.print(f"{title}: {line}", markup=False, highlight=False, soft_wrap=True)

    return advance
