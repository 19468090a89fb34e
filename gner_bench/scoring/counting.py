"""Predictions into scores, in one process or in several."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterable, Iterator, Sequence

from gner_bench.errors import GnerBenchError
from gner_bench.scoring.metrics import DEFAULT, METRICS, Metric
from gner_bench.scoring.predictions import Divisible, Prediction, Predictions
from gner_bench.scoring.scores import Scores
from gner_bench.scoring.tally import Tally

Tallies = dict[str, Tally]
MOST_PROCESSES = 8
MANY = 64
"""Parts of which progress is told: half a megabyte each."""


def score(predictions: Predictions, metrics: Sequence[Metric] = DEFAULT, processes: int = 1) -> Scores:
    """Count every sentence of ``predictions``, by each of ``metrics`` once, in the order of METRICS.

    Large files are counted in parts, by as many ``processes``; their number changes nothing in the scores. More than
    one fork this process, which must have no threads at work then. Raises InputError for unreadable predictions, for a
    sentence that stands twice and for a data set of two splits, GnerBenchError when a process was killed.
    """
    chosen = tuple(metric for metric in METRICS if metric in metrics)
    parts = predictions.parts() if isinstance(predictions, Divisible) else [predictions]
    tallies: Tallies = {}
    for part in _told(_tallies(parts, chosen, min(processes, len(parts))), len(parts)):
        for name, later in part.items():
            if name in tallies:
                tallies[name].extend(later)
            else:
                tallies[name] = later
    for each in tallies.values():
        each.refuse_second(predictions)
    origin = predictions.origin
    return Scores(origin, chosen, {name: each.scores(origin) for name, each in tallies.items()})


def usable_processes() -> int:
    """How many processes may count: one for each processor at hand, one alone where a process cannot be forked."""
    if sys.platform != "linux":
        return 1
    return min(len(os.sched_getaffinity(0)), MOST_PROCESSES)


def _told(tallies: Iterator[Tallies], parts: int) -> Iterator[Tallies]:
    """Tell of the progress over many parts."""
    if parts < MANY:
        yield from tallies
        return
    from gner_bench.terminal import progress_bar

    yield next(tallies)  # forks, which must not be done beside the thread of a bar
    with progress_bar("scoring", parts, 1, "parts") as advance:
        for each in tallies:
            advance(1)
            yield each


def _tallies(parts: Sequence[Predictions], metrics: tuple[Metric, ...], processes: int) -> Iterator[Tallies]:
    if processes < 2:
        yield from (_count(part, metrics) for part in parts)
        return
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    fork = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(processes, fork, _begin, (parts, metrics)) as pool:
        try:
            yield from pool.map(_count_part, range(len(parts)))
        except BrokenProcessPool:
            raise GnerBenchError("a process that scored was killed (is there too little memory?)") from None


_work: tuple[Sequence[Predictions], tuple[Metric, ...]] = (), ()


def _begin(parts: Sequence[Predictions], metrics: tuple[Metric, ...]) -> None:
    """Take over, in a forked process, what need not be sent to it."""
    global _work
    _work = parts, metrics
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ["TOKENIZERS_PARALLELISM"] = "false"


def _count_part(index: int) -> Tallies:
    parts, metrics = _work
    return _count(parts[index], metrics)


def _count(sentences: Iterable[Prediction], metrics: tuple[Metric, ...]) -> Tallies:
    tallies: Tallies = {}
    for sentence in sentences:
        tally = tallies.get(sentence.dataset)
        if tally is None:
            tally = tallies[sentence.dataset] = Tally(sentence, metrics)
        tally.add(sentence)
    return tallies
