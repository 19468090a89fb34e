"""The progress of downloads on stderr, in bytes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Lock

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from gner_bench.fetch.home import size_text
from gner_bench.terminal import LOG_SECONDS
from gner_bench.verbosity import is_quiet

Advance = Callable[[int], None]
"""Called with the bytes that arrived; less than zero where bytes turned out to be of no use. From any thread."""


@contextmanager
def byte_progress(title: str, total: int | None, done: int = 0) -> Iterator[Advance]:
    """Show progress over ``total`` bytes (None: unknown) of which ``done`` are there; yields what advances it.

    A terminal gets a bar, a log file a line every half minute; both tell speed and time to go.
    """
    stderr = Console(stderr=True, quiet=is_quiet())
    if not stderr.is_terminal:
        yield _logged(stderr, title, total, done)
        return
    columns = (TextColumn("{task.description}"), BarColumn(bar_width=24), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=stderr) as progress:
        task = progress.add_task(title, total=total, completed=done)
        yield lambda count: progress.advance(task, count)


def _logged(stderr: Console, title: str, total: int | None, done: int) -> Advance:
    started = told = time.monotonic()
    before, lock = done, Lock()

    def advance(count: int) -> None:
        nonlocal done, told
        with lock:
            done += count
            now = time.monotonic()
            if now - told >= LOG_SECONDS or done == total:
                told = now
                speed = (done - before) / max(now - started, 1e-9)
                line = f"{title}: {_state(done, total, speed)}"
                stderr.print(line, markup=False, highlight=False, soft_wrap=True)

    return advance


def _state(done: int, total: int | None, speed: float) -> str:
    parts = [size_text(done) if total is None else f"{size_text(done)} of {size_text(total)}"]
    parts.append(f"{size_text(max(int(speed), 0))}/s")
    if total is not None and speed > 0:
        parts.append(f"ETA {timedelta(seconds=int((total - done) / speed))}")
    return ", ".join(parts)
