"""The files of figures, drawn side by side in processes where there are processors for them."""

from __future__ import annotations

import gc
import signal
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, cast

from gner_bench.errors import GnerBenchError, first_line
from gner_bench.messages import warn
from gner_bench.report.figures.plot import FileFormat, Files, Plot, render
from gner_bench.report.figures.style import LIGHT, SIZES, Sizes, Style
from gner_bench.terminal import progress_bar

if TYPE_CHECKING:
    from concurrent.futures import Future
    from multiprocessing.connection import Connection

    from matplotlib.figure import Figure

FORMATS: tuple[FileFormat, ...] = ("png", "svg", "pdf")
NAMED = 40
"""Characters that a warning shows."""
KILLED = "a process that drew figures was killed (is there too little memory?)"

Job = tuple[Plot, Style, Sequence[FileFormat]]
Done = tuple[Files, set[str]]
"""The files of a figure, and the letters that no font has."""


class Painter:
    """A process that makes matplotlib ready while this one does something else, and then draws (``drawing``).

    It and the ``processes`` that it draws with are forked from this one, which must have no threads at work then.
    """

    def __init__(self, processes: int, formats: Sequence[str]) -> None:
        import multiprocessing

        context = multiprocessing.get_context("fork")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_paint, args=(self._pipe, theirs, processes, _kinds(formats)))
        self._process.start()
        theirs.close()
        self._began = False

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    def draw(self, jobs: Sequence[Job]) -> Iterator[Done]:
        """Begins to draw; the files come in the order of ``jobs``."""
        self._began = True
        with suppress(OSError):  # of a process that was killed, which is told where its files are missing
            self._pipe.send(jobs)
        return (self._result() for _ in jobs)

    def _result(self) -> Done:
        try:
            # Where it was killed, those that it draws with keep its end of the pipe open.
            while not self._pipe.poll(1):
                if not self._process.is_alive() and not self._pipe.poll():
                    raise EOFError
            done = self._pipe.recv()
        except (EOFError, OSError):
            raise GnerBenchError(KILLED) from None
        if isinstance(done, GnerBenchError):
            raise done
        return cast(Done, done)

    def close(self) -> None:
        """Ends it; figures that are being drawn are waited for."""
        self._pipe.close()
        if not self._began:
            self._process.terminate()
        self._process.join()


def _paint(others: Connection, pipe: Connection, processes: int, kinds: Sequence[FileFormat]) -> None:
    others.close()  # or this process would never learn that the first one has ended
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the first process ends all at Ctrl-C
    gc.disable()
    from matplotlib.artist import Artist

    # Matplotlib writes docstrings as it is imported, for a third of the time that it takes.
    Artist._update_set_signature_and_docstring = classmethod(lambda cls: None)  # type: ignore[attr-defined]
    import gner_bench.report.figures.labels  # noqa: F401

    with suppress(EOFError, OSError), ExitStack() as stack:  # where nobody waits for the figures any more
        try:
            # All that the first figure imports and reads of fonts is then there in each of the processes.
            _draw(Plot("of a word", "", _with_text), Style(SIZES["acl"], LIGHT), kinds)
            gc.freeze()
            gc.set_threshold(50_000)
            gc.enable()
            for done in _in_processes(pipe.recv(), processes, stack):
                pipe.send(done)
        except GnerBenchError as error:
            pipe.send(error)


def _with_text(style: Style) -> Figure:
    from gner_bench.report.figures.drawing import canvas

    figure = canvas(style, False, 1)
    figure.add_subplot().set_title("bold", fontweight="bold")
    return figure


def _kinds(formats: Sequence[str]) -> list[FileFormat]:
    """What is drawn for the ``formats`` of a report: SVG is there for a page, too."""
    wanted = {*formats, "svg"} if "html" in formats else set(formats)
    return [kind for kind in FORMATS if kind in wanted]


@contextmanager
def drawing(
    plots: Sequence[Plot], formats: Sequence[str], sizes: Sizes, painter: Painter | None = None
) -> Iterator[Iterator[tuple[Plot, Files]]]:
    """Begin to draw ``plots``; yields each with its files, in their order.

    A ``painter`` draws them while the caller does something else; without one this process does. SVG is there for a
    page too (``html`` among the ``formats``). PDF is for paper, which is white: all else is there in dark also. Raises
    GnerBenchError, from the iterator, for a figure that cannot be drawn and for a process that was killed.
    """
    kinds = _kinds(formats)
    jobs: list[Job] = [(plot, Style(sizes, LIGHT), kinds) for plot in plots if kinds]
    yield _files(jobs, painter.draw(jobs) if painter else (_draw(*job) for job in jobs))


def _in_processes(jobs: Sequence[Job], processes: int, stack: ExitStack) -> Iterator[Done]:
    """Starts them; what they are asked for comes in the order of ``jobs``."""
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    if not jobs:
        return iter(())
    context = multiprocessing.get_context("fork")  # plots are handed over by forking, and files come back
    pool = ProcessPoolExecutor(min(processes, len(jobs)), context, _begin, (jobs,))
    stack.callback(pool.shutdown, cancel_futures=True)
    futures = [pool.submit(_draw_job, index) for index in range(len(jobs))]
    return (_result(future) for future in futures)


def _result(future: Future[Done]) -> Done:
    from concurrent.futures.process import BrokenProcessPool

    try:
        return future.result()
    except BrokenProcessPool:
        raise GnerBenchError(KILLED) from None


_jobs: Sequence[Job] = ()


def _begin(jobs: Sequence[Job]) -> None:
    global _jobs
    _jobs = jobs
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the first process ends all at Ctrl-C


def _draw_job(index: int) -> Done:
    return _draw(*_jobs[index])


def _draw(plot: Plot, style: Style, kinds: Sequence[FileFormat]) -> Done:
    boxes: set[str] = set()
    try:
        files = render(plot, style, kinds, boxes)
    except Exception as error:  # of matplotlib, whatever it is
        reason = f"{type(error).__name__}: {first_line(error)}"
        raise GnerBenchError(f"the figure {plot.name} cannot be drawn ({reason})") from error
    return files, boxes


def _files(jobs: Sequence[Job], done: Iterator[Done]) -> Iterator[tuple[Plot, Files]]:
    """Each plot with its files; letters that are drawn as boxes are told at the end."""
    boxes: set[str] = set()
    with progress_bar("figures", len(jobs), unit="figures", beside_forks=True) as advance:
        for (plot, _, _), (files, boxed) in zip(jobs, done, strict=True):
            boxes |= boxed
            advance(1)
            yield plot, files
    if boxes:
        listed = "".join(sorted(boxes))
        shown = f"{listed[:NAMED]}…" if len(listed) > NAMED else listed
        warn(
            f"figures: no installed font has {len(boxes)} of the characters in names ({shown}), which are drawn as"
            " boxes; install a font that has them, such as Noto Sans CJK for Chinese, Japanese and Korean"
        )
