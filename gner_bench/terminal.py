"""What a person at the terminal sees: tables on stdout, the progress of long work on stderr."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Protocol

from rich.console import Console, JustifyMethod
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from gner_bench.verbosity import is_quiet

PIPED_WIDTH = 120
LOG_SECONDS = 30.0
"""How often progress is told where stderr is a log and not a terminal."""


def console() -> Console:
    """The console for results. Where stdout is no terminal, tables get a fixed width instead of a guess."""
    found = Console()
    return found if found.is_terminal else Console(width=PIPED_WIDTH)


def print_rows(
    title: str,
    heads: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    numeric: Collection[str] = (),
    unbroken: Collection[str] = (),
    justify_title: JustifyMethod = "center",
) -> None:
    """Print a table on stdout. The columns with a head in ``numeric`` are on the right, those in ``unbroken`` keep
    their cells on one line as long as the others can be made narrower."""
    # As Text, because rich takes a string in [brackets] for markup and :one: between colons for an emoji.
    table = Table(title=Text(title, style="table.title"), title_justify=justify_title)
    for head in heads:
        justify: JustifyMethod = "right" if head in numeric else "left"
        table.add_column(Text(head), justify=justify, overflow="fold", no_wrap=head in unbroken)
    for row in rows:
        table.add_row(*map(Text, row))
    console().print(table)


class _Speed(ProgressColumn):
    def __init__(self, unit: str) -> None:
        super().__init__()
        self.unit = unit

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:.1f} {self.unit}/s" if task.speed else f"– {self.unit}/s")


class _TimeToGo(ProgressColumn):
    def render(self, task: Task) -> Text:
        left = task.time_remaining
        return Text(f"ETA {timedelta(seconds=int(left))}" if left is not None else "ETA –")


class Advance(Protocol):
    """Counts finished units; ``note`` is told beside their number, such as another speed."""

    def __call__(self, count: int, note: str = "") -> None: ...


@contextmanager
def progress_bar(
    title: str, total: int, done: int = 0, unit: str = "sentences", live: bool = True
) -> Iterator[Advance]:
    """Show progress over ``total`` units of which ``done`` are done; yields the function that advances it.

    A terminal gets a bar, a log file a line every half minute; both tell speed and time to go. Several processes at one
    terminal need ``live=False``, which is as in a log file.
    """
    stderr = Console(stderr=True, quiet=is_quiet())
    if not (live and stderr.is_terminal):
        yield _logged(stderr, title, total, done, unit)
        return
    name = TextColumn("{task.description}", markup=False)
    columns = (name, BarColumn(bar_width=24), MofNCompleteColumn(), _Speed(unit))
    notes = TextColumn("{task.fields[note]}", markup=False)
    with Progress(*columns, notes, TimeElapsedColumn(), _TimeToGo(), console=stderr) as progress:
        task = progress.add_task(title, total=total, completed=done, note="")
        yield lambda count, note="": progress.update(task, advance=count, note=note)


def _logged(stderr: Console, title: str, total: int, done: int, unit: str) -> Advance:
    started = told = time.monotonic()
    before = done

    def advance(count: int, note: str = "") -> None:
        nonlocal done, told
        done += count
        now = time.monotonic()
        if now - told >= LOG_SECONDS or done == total:
            told = now
            speed = (done - before) / max(now - started, 1e-9)
            left = timedelta(seconds=int((total - done) / speed))
            figures = ", ".join(filter(None, (f"{done}/{total}", f"{speed:.1f} {unit}/s", note, f"ETA {left}")))
            stderr.print(f"{title}: {figures}", markup=False, highlight=False, soft_wrap=True)

    return advance
