"""What an experiment is going to do: runs, sentences, downloads, calls, and estimates of tokens, time and disk."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

from gner_bench.catalog import catalog
from gner_bench.catalog.entries import SplitFacts
from gner_bench.documents.run import NAME, read_run
from gner_bench.errors import InputError, UsageError
from gner_bench.experiment.asked import Asked, asked, typical
from gner_bench.experiment.config import Experiment, Job
from gner_bench.extras import installed
from gner_bench.fetch.checkpoint import find_checkpoint, on_hub
from gner_bench.fetch.datasets import find_split
from gner_bench.predict.backend import BACKENDS
from gner_bench.predict.inputs import select
from gner_bench.predict.options import chosen

PREDICTION_BYTES = 2300
"""Of a sentence in predictions.jsonl: 226 MB were written for 100,000 (benchmarks/README.md)."""
CORE_FLOPS = 5e10
"""Sustained by a core of a CPU in drafted decoding with T5-base's shape (0.78 sentences a second on two cores)."""
SENTENCE_TOKENS = 600
"""Tokens of prompt and drafts that a sentence takes through the model, about half of them through its encoder."""


@dataclass(frozen=True)
class PlannedSet:
    """A data set of the plan. ``cached`` says whether it is on this machine."""

    name: str
    sentences: int
    cached: bool


@dataclass(frozen=True)
class PlannedJob:
    """A run of the plan: sentences in all and ``done`` before, bytes to be fetched (None where unknown).

    ``seconds`` is an estimate of the time that is left, None where there is none; ``measured`` says whether it rests on
    an earlier run of the system, otherwise on the number of its parameters. ``asked`` is what the whole run asks, None
    for a system that reads no prompts.
    """

    job: Job
    parameters: int | None
    download: int | None
    sentences: int
    done: int
    seconds: float | None
    measured: bool
    asked: Asked | None = None

    @property
    def cost(self) -> float | None:
        """Dollars for the sentences that are left, None where no price is known."""
        price = self.job.system.price
        if self.asked is None or price is None:
            return None
        return self.asked.cost(price) * (self.sentences - self.done) / max(self.sentences, 1)


@dataclass(frozen=True)
class Plan:
    """All runs and their data."""

    sets: tuple[PlannedSet, ...]
    runs: tuple[PlannedJob, ...]

    @property
    def download(self) -> int:
        """Bytes to be fetched, each checkpoint once, as far as they are known."""
        return sum({run.job.system.model: run.download or 0 for run in self.runs}.values())

    @property
    def written(self) -> int:
        """Bytes of the predictions that are still to be written (an estimate)."""
        return sum(run.sentences - run.done for run in self.runs if not run.job.system.files) * PREDICTION_BYTES

    @property
    def seconds(self) -> float | None:
        """The time of all runs one after another, None where one is unknown."""
        times = [run.seconds for run in self.runs]
        return None if None in times or not times else sum(filter(None, times))


def plan_experiment(experiment: Experiment, predictions: Path) -> Plan:
    """What is ahead below ``predictions``, found without network. Raises as reading checkpoints and data does."""
    options = experiment.options(predictions)
    entries = catalog().expand(options.datasets) if options.data is None else []
    absent = [entry.name for entry in entries if not entry.folder and find_split(entry, options.split) is None]
    if absent:  # one data set that is not on this machine, and all are counted by the catalogue
        sets, limit, datasets = [], options.limit, []
        for entry in entries:
            facts = entry.splits.get(options.split, SplitFacts())
            count = options.same_as.count(entry.name) if options.same_as else facts.sentences
            if limit is not None:
                count = max(0, min(count, limit.last) - limit.first + 1)
            count = min(count, options.sample or count)
            sets.append(PlannedSet(entry.name, count, entry.name not in absent))
            datasets.append(typical(entry.name, options.split, entry.types, facts))
    else:
        datasets = chosen(select(options), options)
        sets = [PlannedSet(d.name, len(d.sentences), True) for d in datasets]
    counts = [planned.sentences for planned in sets]
    runs = []
    for job in experiment.jobs():
        try:
            needed = None if job.system.files else asked(job.system, options, datasets, counts)
        except UsageError as error:
            raise UsageError(f"{job.name}: {error}") from None
        runs.append(replace(_planned(job, predictions, sum(counts)), asked=needed))
    return Plan(tuple(sets), tuple(runs))


def _planned(job: Job, predictions: Path, sentences: int) -> PlannedJob:
    if job.system.files:
        if absent := [path for path in job.system.files if not path.exists()]:
            raise InputError(absent[0], "no such file")
        return PlannedJob(job, None, 0, sentences, 0, 0.0, True)
    model, device = job.system.model, job.system.device
    kind = BACKENDS.get(job.system.backend)
    hub = on_hub(model) if kind.fetches else None
    known = catalog().find_model(model)
    parameters = known.parameters if known else None
    download = 0 if hub is None or find_checkpoint(hub.hub, hub.revision) else (hub.bytes or None)
    done, path = 0, predictions / job.name / "predictions.jsonl"
    if path.is_file():
        with path.open("rb") as file:
            lines = sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))
        done = min(sentences, lines)
    measured = _measured_rate(predictions, job)
    rate = measured
    if rate is None and parameters is not None and kind.fetches:
        if device == "auto" and installed("torch"):
            import torch

            device = "cuda" if torch.cuda.is_available() else "cpu"
        # Elsewhere than on a CPU nothing was measured. Encoder and decoder halve the parameters that a token passes;
        # each takes a multiplication and an addition.
        if device == "cpu" and known is not None and known.family:
            rate = CORE_FLOPS * (os.cpu_count() or 1) / (2 * parameters / 2 * SENTENCE_TOKENS)
    left = (sentences - done) / rate if rate else None
    return PlannedJob(job, parameters, download, sentences, done, left, measured is not None)


def _measured_rate(predictions: Path, job: Job) -> float | None:
    """Sentences a second of this run so far, else of another one of the system in the same folder."""
    own = predictions / job.name
    found = [*predictions.glob(f"*/{NAME}"), *predictions.glob(f"*/*/{NAME}")]  # those of groups are a level below
    for path in sorted(found, key=lambda path: (path.parent != own, path)):
        try:
            run = read_run(path)
        except InputError:
            continue  # an estimate does without a file that cannot be read
        rate = run.generating.get("sentences_per_second")
        same = run.model.source == job.system.model and run.settings.get("decoding") == job.decoding
        same = same or path.parent == own
        if same and isinstance(rate, float | int) and rate > 0:
            return float(rate)
    return None
