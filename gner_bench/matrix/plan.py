"""What a configuration is going to do: runs, sentences, downloads, and an estimate of time and disk."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gner_bench.catalog import catalog
from gner_bench.fetch.checkpoint import find_checkpoint
from gner_bench.fetch.datasets import find_split
from gner_bench.fetch.locate import on_hub
from gner_bench.matrix.config import Matrix, Run
from gner_bench.predict.inputs import select
from gner_bench.predict.options import Limit, Options
from gner_bench.predict.selection import chosen

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
class PlannedRun:
    """A run of the plan: sentences in all and ``done`` before, bytes to be fetched (None where unknown).

    ``seconds`` is an estimate of the time that is left, None where there is none; ``measured`` says whether it rests on
    an earlier run of the checkpoint, otherwise on the number of its parameters.
    """

    run: Run
    parameters: int | None
    download: int | None
    sentences: int
    done: int
    seconds: float | None
    measured: bool


@dataclass(frozen=True)
class Plan:
    """All runs and their data."""

    sets: tuple[PlannedSet, ...]
    runs: tuple[PlannedRun, ...]

    @property
    def download(self) -> int:
        """Bytes to be fetched, each checkpoint once, as far as they are known."""
        return sum({each.run.model: each.download or 0 for each in self.runs}.values())

    @property
    def written(self) -> int:
        """Bytes of the predictions that are still to be written (an estimate)."""
        return sum(each.sentences - each.done for each in self.runs) * PREDICTION_BYTES

    @property
    def seconds(self) -> float | None:
        """The time of all runs one after another, None where one is unknown."""
        known = [each.seconds for each in self.runs if each.seconds is not None]
        return sum(known) if len(known) == len(self.runs) else None


def plan_matrix(matrix: Matrix, predictions: Path) -> Plan:
    """The plan of a configuration whose runs are below ``predictions``. Uses no network.

    Raises UsageError and InputError for checkpoints and data that do not exist.
    """
    runs = list(matrix.runs())
    sets = tuple(_sets(matrix.options(runs[0], predictions)))
    total = sum(each.sentences for each in sets)
    return Plan(sets, tuple(_planned(run, predictions, total, matrix.device) for run in runs))


def _sets(options: Options) -> Iterator[PlannedSet]:
    entries = catalog().expand(options.datasets) if options.data is None else []
    absent = [entry.name for entry in entries if not entry.folder and find_split(entry, options.split) is None]
    if not absent:
        yield from (PlannedSet(d.name, len(d.sentences), True) for d in chosen(select(options), options))
        return
    for entry in entries:
        facts = entry.splits.get(options.split)
        count = facts.sentences if facts else 0
        yield PlannedSet(entry.name, _within(count, options.limit), entry.name not in absent)


def _within(count: int, limit: Limit | None) -> int:
    return count if limit is None else max(0, min(count, limit.last) - limit.first + 1)


def _planned(run: Run, predictions: Path, sentences: int, device: str) -> PlannedRun:
    hub = on_hub(run.model)
    known = catalog().find_model(run.model)
    download = 0 if hub is None or find_checkpoint(hub.hub, hub.revision) else (hub.bytes or None)
    done = min(sentences, _lines(predictions / run.name / "predictions.jsonl"))
    rate = _measured_rate(predictions, run)
    parameters = known.parameters if known else None
    rough = _rough_rate(parameters, device) if rate is None else None
    speed = rate or rough
    left = (sentences - done) / speed if speed else None
    return PlannedRun(run, parameters, download, sentences, done, left, rate is not None)


def _lines(path: Path) -> int:
    if not path.is_file():
        return 0
    with path.open("rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))


def _measured_rate(predictions: Path, run: Run) -> float | None:
    """Sentences a second of this run so far, else of another one of the checkpoint in the same folder."""
    found = sorted(predictions.glob("*/run.json"), key=lambda path: (path.parent.name != run.name, path))
    return next((rate for path in found if (rate := _rate(path, run))), None)


def _rate(path: Path, run: Run) -> float | None:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        same = document["model"]["source"] == run.model and document["settings"]["decoding"] == run.decoding
        return float(document["throughput"]["generating"]["sentences_per_second"]) if same else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _rough_rate(parameters: int | None, device: str) -> float | None:
    """Sentences a second on a CPU by the number of parameters; None elsewhere, where nothing was measured."""
    if parameters is None or not _on_cpu(device):
        return None
    return CORE_FLOPS * (os.cpu_count() or 1) / (2 * parameters / 2 * SENTENCE_TOKENS)


def _on_cpu(device: str) -> bool:
    if device != "auto":
        return device == "cpu"
    import torch

    return not torch.cuda.is_available()
