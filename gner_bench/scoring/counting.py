"""Predictions into scores: what is counted of each data set, in one process or in several."""

from __future__ import annotations

import hashlib
import itertools
import os
import signal
import sys
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import numpy as np

from gner_bench.catalog import catalog
from gner_bench.data.problems import ProblemFinder
from gner_bench.data.sentence import ContentHash
from gner_bench.documents.scores import Analysis
from gner_bench.errors import GnerBenchError, InputError
from gner_bench.scoring.calibration import CalibrationTally
from gner_bench.scoring.described import require_described
from gner_bench.scoring.errors import ErrorTally
from gner_bench.scoring.metrics import DEFAULT, Metric, counters, ordered
from gner_bench.scoring.predictions import Divisible, Origin, Prediction, Predictions
from gner_bench.scoring.scores import Scores, SetScores
from gner_bench.scoring.statistics import Packed, Statistics
from gner_bench.scoring.structuring import StructuringTally

MOST_PROCESSES = 8
MANY = 64
"""Parts of which progress is shown: half a megabyte each."""


def sentence_key(id: str, words: Iterable[str]) -> int:
    """52 bits of a hash of a sentence's id and words, by which runs are compared: a double holds them exactly."""
    return int.from_bytes(hashlib.blake2b("\0".join((id, *words)).encode(), digest_size=8).digest()) >> 12


class Tally:
    """The sums of one data set. Tallies of parts, extended in the order of the parts, are that of the whole.

    It begins without sentences, as that of the data set of ``first``. ``contents`` are the sentences of each file.
    """

    def __init__(self, first: Prediction, metrics: tuple[Metric, ...]) -> None:
        name, split = self.name, self.split = first.dataset, first.split
        self._first, self._metrics = (first.file, first.line), metrics
        self._statistics = Statistics(metrics)
        self._types: dict[str, None] = {}
        self._ids, self._keys = Packed(), array("Q")
        self._documents: dict[str, int] = {}
        self._document_of = array("q")
        self.contents: dict[Path, ContentHash] = {}
        self._problems = ProblemFinder(name, split)
        self._structuring, self._errors = StructuringTally(), ErrorTally(metrics)
        self._calibration = CalibrationTally()
        self.structurings: set[str] = set()
        self.rules: set[str] = set()

    def add(self, sentence: Prediction) -> None:
        """Count a sentence. Raises InputError for one of another split."""
        if sentence.split != self.split:
            self._refuse(sentence.split, sentence.file, sentence.line)
        self._types.update(dict.fromkeys(sentence.types))
        self._ids.append(sentence.id)
        self._keys.append(sentence_key(sentence.id, sentence.words))
        self._document_of.append(self._document(sentence.document))
        self._statistics.add({metric: count(sentence) for metric, count in counters(self._metrics)})
        self.contents.setdefault(sentence.file, ContentHash()).add(sentence.words, sentence.gold)
        self._problems.add(sentence.words)
        self._structuring.add(sentence)
        self._errors.add(sentence)
        self.structurings.add(sentence.structuring)
        self.rules.add(sentence.rule)
        self._calibration.add(sentence)

    def extend(self, later: Tally) -> None:
        """Add the sentences of a tally of the same data set. Raises InputError for one of another split."""
        if later.split != self.split:
            self._refuse(later.split, *later._first)
        self._types.update(later._types)
        self._ids.extend(later._ids)
        self._keys.extend(later._keys)
        documents = [self._document(name) for name in later._documents]
        self._document_of.extend([documents[place] if place >= 0 else place for place in later._document_of])
        self._statistics.extend(later._statistics)
        for file, content in later.contents.items():
            self.contents.setdefault(file, ContentHash()).extend(content)
        self._problems.extend(later._problems)
        self._structuring.extend(later._structuring)
        self._errors.extend(later._errors)
        self._calibration.extend(later._calibration)
        self.structurings |= later.structurings
        self.rules |= later.rules

    def _document(self, name: str) -> int:
        """The number of a document, -1 for none."""
        return self._documents.setdefault(name, len(self._documents)) if name else -1

    def documents(self) -> list[int] | None:
        """The document of each sentence, those without one being documents by themselves.

        None where the data tell no two documents apart, or give each sentence its own.
        """
        if len(self._documents) < 2:
            return None
        count = itertools.count(len(self._documents))
        places = [place if place >= 0 else next(count) for place in self._document_of]
        return places if len(set(places)) < len(places) else None

    def _refuse(self, split: str, file: Path, line: int) -> NoReturn:
        message = f"{split!r}, but earlier sentences of {self.name} are of {self.split!r}"
        raise InputError(file, message, line, "split")

    def refuse_second(self, predictions: Predictions) -> None:
        """Raise InputError for a sentence that is there twice, read again to name its places."""
        keys, counts = np.unique(np.frombuffer(self._keys, dtype=np.uint64), return_counts=True)
        if counts.max(initial=0) < 2:
            return
        twice, first = int(keys[counts > 1][0]), None
        for sentence in predictions:
            if sentence.dataset == self.name and sentence_key(sentence.id, sentence.words) == twice:
                if first is not None:
                    message = f"sentence {first.id} of {self.name} was read already ({first.file}, line {first.line})"
                    raise InputError(sentence.file, message, sentence.line, "instance.id")
                first = sentence

    def scores(self, origin: Origin) -> SetScores:
        """The scores of the sentences so far.

        A set should have as many as the data of its run or, where no run.json says how many these are, as its gold and
        the catalogue say: a part of a published set is one, however its gold was cut.
        """
        whole = ContentHash()
        for content in self.contents.values():
            whole.extend(content)
        dataset = catalog().find_dataset(self.name)
        published = dataset.splits.get(self.split) if dataset else None
        planned = origin.planned.get(self.name, 0)
        if published is not None and not any(self.name in run.datasets for run in origin.runs.values()):
            planned = max(planned, published.sentences)
        matched_by, structuring = self._structuring.parts()
        analysis = Analysis(
            matched_by,
            structuring,
            self._errors.errors(self._statistics),
            tuple(self._problems.problems()),
            self._calibration.calibration(),
        )
        return SetScores(
            self.name,
            self.split,
            tuple(self._types),
            whole.hexdigest(),
            self._statistics,
            self._ids,
            self._keys,
            planned or None,
            analysis,
            self.documents(),
        )


Tallies = dict[str, Tally]


def score(predictions: Predictions, metrics: Sequence[Metric] = DEFAULT, processes: int = 1) -> Scores:
    """Count every sentence of ``predictions``, by each of ``metrics`` once, in the order of the registry.

    Large files are counted in parts, by as many ``processes``; their number changes nothing in the scores. More than
    one fork this process, which must have no threads at work then. Raises InputError for unreadable predictions, for a
    sentence that is there twice and for a data set of two splits, IntegrityError for sentences that are not those of
    the run.json beside them, GnerBenchError when a process was killed.
    """
    chosen = ordered(metrics)
    parts = predictions.parts() if isinstance(predictions, Divisible) else [predictions]
    tallies: Tallies = {}
    for part in _with_progress(_tallies(parts, chosen, min(processes, len(parts))), len(parts)):
        for name, later in part.items():
            if name in tallies:
                tallies[name].extend(later)
            else:
                tallies[name] = later
    for tally in tallies.values():
        tally.refuse_second(predictions)
    origin = predictions.origin
    require_described(origin.runs, {(tally.name, tally.split): tally.contents for tally in tallies.values()})
    # Records say how their answers became tags; run.json is asked only where they do not.
    if structurings := set().union(*(tally.structurings for tally in tallies.values())) - {""}:
        origin = replace(origin, structuring="+".join(sorted(structurings)))
    rules = set().union(*(tally.rules for tally in tallies.values())) - {""}
    if rules:
        origin = replace(origin, options={"answers": "+".join(sorted(rules)), **origin.options})
    return Scores(origin, chosen, {name: tally.scores(origin) for name, tally in tallies.items()})


def usable_processes() -> int:
    """How many processes may count: one for each processor at hand, one alone where a process cannot be forked."""
    return min(len(os.sched_getaffinity(0)), MOST_PROCESSES) if sys.platform == "linux" else 1


def _with_progress(tallies: Iterator[Tallies], parts: int) -> Iterator[Tallies]:
    if parts < MANY:
        yield from tallies
        return
    from gner_bench.terminal import progress_bar

    yield next(tallies)  # forks, which must not be done beside the thread of a bar
    with progress_bar("scoring", parts, 1, "parts") as advance:
        for part in tallies:
            advance(1)
            yield part


def _tallies(parts: Sequence[Predictions], metrics: tuple[Metric, ...], processes: int) -> Iterator[Tallies]:
    """Those of each part, in order."""
    if processes < 2:
        yield from (_count(part, metrics) for part in parts)
        return
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    # What is counted is handed over by forking: only the number of a part and its tally are sent.
    with ProcessPoolExecutor(processes, multiprocessing.get_context("fork"), _begin, (parts, metrics)) as pool:
        try:
            yield from pool.map(_count_part, range(len(parts)))
        except BrokenProcessPool:
            raise GnerBenchError("a process that scored was killed (is there too little memory?)") from None


_work: tuple[Sequence[Predictions], tuple[Metric, ...]] = (), ()


def _begin(parts: Sequence[Predictions], metrics: tuple[Metric, ...]) -> None:
    global _work
    _work = parts, metrics
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the first process ends all at Ctrl-C
    os.environ["TOKENIZERS_PARALLELISM"] = "false"  # tokenizers warn of threads in a forked process


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
