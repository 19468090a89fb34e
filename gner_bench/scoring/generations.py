"""Predictions from predictions.jsonl: every generated text structured into tags."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

from gner_bench.catalog import catalog
from gner_bench.errors import InputError, UsageError
from gner_bench.records import Record, Slice, read_records, slices
from gner_bench.scoring.predictions import Origin, Prediction, System
from gner_bench.structure import BackTokenizer, load_back_tokenizer, structure
from gner_bench.structure.back_tokenizer import tokenizer_file
from gner_bench.structure.targets import GNER, parse_target, structuring_name

CHUNK = 512
"""Sentences whose words are back-tokenized together."""
GNER_NAME = str(GNER)
PREDICTIONS = ("predictions.jsonl", "predictions.jsonl.gz")


@dataclass(frozen=True)
class Generations:
    """Prediction files as one system, read as ``sources``."""

    origin: Origin
    back_tokenizer: BackTokenizer | None
    sources: Sequence[Slice]

    def parts(self) -> list[Generations]:
        """These files in slices, each by itself."""
        return [replace(self, sources=[each]) for file in self.origin.files for each in slices(file)]

    def __iter__(self) -> Iterator[Prediction]:
        for part in self.sources:
            path, records = part.path, read_records(part)
            while chunk := list(islice(records, CHUNK)):
                if self.back_tokenizer is not None:
                    words = set().union(*(record.words for record in chunk))
                    self.back_tokenizer.learn(map(str.lower, words))
                yield from (prediction(path, record, self.back_tokenizer) for record in chunk)


def prediction(path: Path, record: Record, back_tokenizer: BackTokenizer | None) -> Prediction:
    """The record of a file, its text structured. Raises InputError for an unknown target."""
    try:
        target = GNER if record.format == "gner" else parse_target(record.format)
    except UsageError as error:
        raise InputError(path, str(error), record.line, "target") from None
    found = structure(record.words, record.types, record.prediction, back_tokenizer, target)
    return Prediction(
        record.dataset,
        record.split,
        record.id,
        record.types,
        record.words,
        record.tags,
        tuple(found.match.tags),
        (),
        record.prediction,
        found,
        record.generation,
        path,
        record.line,
    )


def load_generations(paths: Sequence[Path], tokenizer: str | None = None, name: str | None = None) -> Generations:
    """The predictions of files or run folders, as one system.

    ``tokenizer`` is a path, ``none``, or None for the one beside the first file; ``name`` is the system's instead of
    what run.json says. Raises InputError for an unreadable tokenizer or run.json.
    """
    files = tuple(_predictions(path) for path in paths)
    abouts = [_about(file.parent / "run.json") for file in files if file.name in PREDICTIONS]
    back_tokenizer = _back_tokenizer(files[0], tokenizer)
    known = len(abouts) == len(files)
    warnings = []
    if back_tokenizer is None and tokenizer is None:
        warnings.append("scored without back-tokenization; published GNER-T5 scores use it (--tokenizer PATH)")
    planned: Counter[str] = Counter()
    for about in abouts if known else ():
        planned.update(about.planned)
    origin = Origin(
        files,
        _system(files[0], abouts, name),
        "+".join(sorted({about.decoding for about in abouts})) if known else "unknown",
        back_tokenizer.fingerprint if back_tokenizer else None,
        _structuring(abouts),
        dict(planned),
        sum(about.sentences for about in abouts) if known else 0,
        tuple(warnings),
    )
    return Generations(origin, back_tokenizer, [Slice(file) for file in files])


def _predictions(path: Path) -> Path:
    if not path.is_dir():
        return path
    return next((path / name for name in PREDICTIONS if (path / name).exists()), path / PREDICTIONS[0])


@dataclass(frozen=True)
class _About:
    """What a run.json says of its run: ``sentences`` that it set out to predict, 0 where it does not say, and by set
    those that the data hold.

    ``decoding`` is ``greedy`` for drafted decoding too, whose outputs are the same; a beam search names its beams.
    """

    system: System | None = None
    sentences: int = 0
    planned: dict[str, int] = field(default_factory=dict)
    decoding: str = "unknown"
    target: str = ""


def _structuring(abouts: Sequence[_About]) -> str:
    return "+".join(sorted({structuring_name(about.target or GNER_NAME) for about in abouts})) or structuring_name()


def _about(path: Path) -> _About:
    if not path.is_file():
        return _About()
    try:
        run = json.loads(path.read_text(encoding="utf-8"))
        model = run.get("model", {})
        name, parameters, note = model.get("name", ""), model.get("parameters"), model.get("note", "")
        training = tuple(model.get("training_sets") or ())
        sentences = run.get("sentences", 0)
        sets = run.get("datasets", {})
        planned = {name: each.get("sentences_in_data") or each.get("sentences", 0) for name, each in sets.items()}
        settings = run.get("settings", {})
        decoding, target = _decoding(settings), settings.get("target") or ""
    except (OSError, ValueError, RecursionError):
        raise InputError(path, "is not JSON") from None
    except (AttributeError, TypeError):
        raise InputError(path, "is not the run.json of a run") from None
    _require(path, "model.name", name, str)
    _require(path, "model.note", note, str)
    _require(path, "model.parameters", parameters or 0, int)
    _require(path, "sentences", sentences, int)
    for each in training:
        _require(path, "model.training_sets", each, str)
    for each, count in planned.items():
        _require(path, f"datasets.{each}.sentences", count, int)
    _require(path, "settings.target", target, str)
    return _About(System(name, parameters, note, training) if name else None, sentences, planned, decoding, target)


def _decoding(settings: dict[str, Any]) -> str:
    found = settings.get("decoding", "unknown")
    return {"drafted": "greedy", "beam": f"beam{settings.get('num_beams')}"}.get(found, str(found))


def _require(path: Path, field: str, value: object, kind: type) -> None:
    if type(value) is not kind:
        raise InputError(path, f"expected {kind.__name__}, found {type(value).__name__}", field=field)


def _back_tokenizer(file: Path, choice: str | None) -> BackTokenizer | None:
    if choice == "none":
        return None
    if choice is not None:
        return load_back_tokenizer(Path(choice))
    beside = tokenizer_file(file.parent)
    return load_back_tokenizer(beside) if beside else None


def _system(file: Path, abouts: Sequence[_About], name: str | None) -> System:
    ran = next((about.system for about in abouts if about.system), System(file.name.split(".jsonl")[0]))
    chosen = name or ran.name
    known = catalog().find_model(chosen)
    return System(chosen, ran.parameters or (known.parameters if known else None), ran.note, ran.training_sets)
