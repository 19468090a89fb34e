"""Prediction files to scores: structure every generation, count, sum, and keep what the figures rest on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from gner_bench.catalog.problems import known_problems
from gner_bench.data.sentence import content_hash
from gner_bench.errors import InputError
from gner_bench.records import Record, read_records
from gner_bench.scoring.counts import Counts, TypedCounts, gner_counts, strict_counts, total
from gner_bench.scoring.metrics import METRICS, Metric, Prf, mean, prf
from gner_bench.scoring.signature import ScoredData, signature
from gner_bench.structure import BackTokenizer, structure
from gner_bench.structure.matching import STEPS

VERSION = 1


@dataclass
class DatasetResult:
    """One data set: its sentences, the counts of each metric by type, and what structuring met."""

    name: str
    split: str
    types: dict[str, None] = field(default_factory=dict)
    tagged: list[tuple[Sequence[str], Sequence[str]]] = field(default_factory=list)
    counts: dict[Metric, dict[str, Counts]] = field(default_factory=lambda: {metric: {} for metric in METRICS})
    matched_by: Counter[str] = field(default_factory=Counter)
    structuring: Counter[str] = field(default_factory=Counter)

    def add(self, record: Record, back_tokenizer: BackTokenizer | None) -> None:
        """Structure and count one sentence."""
        found = structure(record.words, frozenset(record.types), record.prediction, back_tokenizer)
        tags = found.match.tags
        self.tagged.append((record.words, record.tags))
        self.types.update(dict.fromkeys(record.types))
        self._count("gner", gner_counts(record.words, record.tags, tags, record.types))
        self._count("strict", strict_counts(record.tags, tags))
        self.matched_by[found.match.step] += 1
        self.structuring.update(
            unknown_labels=found.unknown_labels,
            omitted_words=found.omitted_words,
            added_words=found.added_words,
            cut_outputs=record.generation.get("finish") == "length",
            cut_inputs=bool(record.generation.get("input_cut")),
            gold_outside_types=sum(tag != "O" and tag[2:] not in record.types for tag in record.tags),
        )

    def _count(self, metric: Metric, counts: TypedCounts) -> None:
        sums = self.counts[metric]
        for kind, more in counts.items():
            sums[kind] = sums.get(kind, Counts()) + more

    @cached_property
    def data(self) -> ScoredData:
        """What was scored, once all sentences are in."""
        return ScoredData(self.name, self.split, len(self.tagged), content_hash(self.tagged), frozenset(self.types))

    def prf(self, metric: Metric) -> Prf:
        return prf(total(self.counts[metric].values()), metric)

    def document(self) -> dict[str, Any]:
        """The part of scores.json for this data set."""
        kinds = list(dict.fromkeys([*self.types, *sorted(set().union(*self.counts.values()))]))
        return {
            "split": self.split,
            "sentences": self.data.sentences,
            "content_hash": self.data.content_hash,
            **{metric: _figures(total(self.counts[metric].values()), metric) for metric in METRICS},
            "matched_by": {step: self.matched_by[step] for step in STEPS},
            "structuring": dict(self.structuring),
            "problems": known_problems(self.name, self.split, (words for words, _ in self.tagged)),
            "types": {
                kind: {metric: _figures(self.counts[metric].get(kind, Counts()), metric) for metric in METRICS}
                for kind in kinds
            },
        }


def _figures(counts: Counts, metric: Metric) -> dict[str, float]:
    return {**asdict(prf(counts, metric)), **asdict(counts)}


@dataclass(frozen=True)
class System:
    """Who made the predictions. ``parameters`` is a count, None where unknown; ``note`` stands in tables."""

    name: str
    parameters: int | None = None
    note: str = ""


def evaluate(
    paths: Sequence[Path], back_tokenizer: BackTokenizer | None, system: System | None = None, decoding: str = "unknown"
) -> dict[str, Any]:
    """Score prediction files as one run and return the document of scores.json (version 1).

    ``decoding`` is what the signature says of how outputs were made. F1 is micro within a data set, from 0 to 1; the
    average is the plain mean over data sets. Raises InputError for unreadable records, for a sentence that stands twice
    and for a data set of two splits.
    """
    results = _results(paths, back_tokenizer)
    return {
        "version": VERSION,
        "system": asdict(system or System(paths[0].name.split(".jsonl")[0])),
        "files": [str(path) for path in paths],
        "datasets": {result.name: result.document() for result in results},
        "average": {metric: asdict(mean(result.prf(metric) for result in results)) for metric in METRICS},
        "signature": signature(
            [result.data for result in results], back_tokenizer.fingerprint if back_tokenizer else None, decoding
        ),
    }


def _results(paths: Iterable[Path], back_tokenizer: BackTokenizer | None) -> list[DatasetResult]:
    results: dict[str, DatasetResult] = {}
    seen: dict[tuple[str, str, tuple[str, ...]], tuple[Path, int]] = {}
    for path in paths:
        for record in read_records(path):
            _refuse_second(record, path, seen)
            result = results.setdefault(record.dataset, DatasetResult(record.dataset, record.split))
            if record.split != result.split:
                message = f"{record.split!r}, but earlier sentences of {record.dataset} are of {result.split!r}"
                raise InputError(path, message, record.line, "split")
            result.add(record, back_tokenizer)
    return list(results.values())


def _refuse_second(record: Record, path: Path, seen: dict[tuple[str, str, tuple[str, ...]], tuple[Path, int]]) -> None:
    key = (record.dataset, record.id, record.words)
    if key in seen:
        message = f"sentence {record.id} of {record.dataset} was read already ({seen[key][0]}, line {seen[key][1]})"
        raise InputError(path, message, record.line, "instance.id")
    seen[key] = (path, record.line)
