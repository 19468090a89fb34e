"""Predictions from predictions.jsonl: every generated text structured into tags."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from gner_bench.answers import answer_format
from gner_bench.answers.answer import AnswerFormat, Tagged
from gner_bench.answers.gner import GNER
from gner_bench.catalog import catalog
from gner_bench.documents.record import Record, Slice, read_records, slices
from gner_bench.documents.run import NAME as RUN
from gner_bench.documents.run import Model, Run, read_run
from gner_bench.documents.scores import System
from gner_bench.errors import InputError, UsageError
from gner_bench.files import STDIN
from gner_bench.scoring.predictions import Origin, Prediction
from gner_bench.structure import BackTokenizer, load_back_tokenizer, place, structure
from gner_bench.structure.back_tokenizer import tokenizer_file

CHUNK = 512
"""Sentences whose words are back-tokenized together."""
PREDICTIONS = ("predictions.jsonl", "predictions.jsonl.gz")


@dataclass(frozen=True)
class Generations:
    """Prediction files as one system, read as ``sources``."""

    origin: Origin
    back_tokenizer: BackTokenizer | None
    sources: Sequence[Slice]
    keys: Mapping[str, str] = field(default_factory=dict)

    def parts(self) -> list[Generations]:
        """These files in slices, each by itself."""
        return [replace(self, sources=[part]) for file in self.origin.files for part in slices(file)]

    def __iter__(self) -> Iterator[Prediction]:
        for part in self.sources:
            path, records = part.path, read_records(part, self.keys)
            while chunk := list(islice(records, CHUNK)):
                if self.back_tokenizer is not None:
                    words = set().union(*(record.words for record in chunk))
                    self.back_tokenizer.learn(map(str.lower, words))
                yield from (prediction(path, record, self.back_tokenizer) for record in chunk)


def prediction(path: Path, record: Record, back_tokenizer: BackTokenizer | None) -> Prediction:
    """The record of a file, its answer turned into tags. Raises InputError for an unknown answer format, and for spans
    that cannot be of the sentence."""
    format: AnswerFormat = GNER
    if record.format != GNER.name:
        try:
            format = answer_format(record.format)
        except UsageError as error:
            raise InputError(path, str(error), record.line, "format") from None
    answer = format.read(record.prediction, record.words, record.types)
    unplaced: tuple[tuple[str, str], ...] = ()
    structured, generation = None, record.generation
    if isinstance(answer, Tagged):
        structured = structure(record.words, record.types, answer, back_tokenizer)
        tags = structured.match.tags
    else:
        try:
            placed = place(answer, record.words)
        except ValueError as problem:
            raise InputError(path, str(problem), record.line, "prediction") from None
        tags, unplaced = placed.tags, tuple(placed.unplaced)
        if placed.confidence:
            generation = {**generation, "confidence": placed.confidence}
    return Prediction(
        record.dataset,
        record.split,
        record.id,
        record.types,
        record.words,
        record.tags,
        tuple(tags),
        unplaced,
        record.prediction,
        structured,
        generation,
        path,
        record.line,
        format.version,
    )


def load_generations(
    paths: Sequence[Path], tokenizer: str | None = None, name: str | None = None, keys: Mapping[str, str] | None = None
) -> Generations:
    """The predictions of files or run folders, as one system, with ``keys`` of records as in ``renamed_keys``.

    ``tokenizer`` is a path, ``none``, or None for the one beside the first file; ``name`` is the system's instead of
    what run.json says. Raises InputError for an unreadable tokenizer or run.json.
    """
    files = tuple(
        next((path / name for name in PREDICTIONS if (path / name).exists()), path / PREDICTIONS[0])
        if path.is_dir()
        else path
        for path in paths
    )
    beside = (
        Path(tokenizer) if tokenizer is not None else None if files[0] == STDIN else tokenizer_file(files[0].parent)
    )
    back_tokenizer = load_back_tokenizer(beside) if beside is not None and tokenizer != "none" else None
    warnings = []
    if back_tokenizer is None and tokenizer is None:
        warnings.append("scored without back-tokenization; published GNER-T5 scores use it (--tokenizer PATH)")
    run_files = [file.parent / RUN for file in files if file.name in PREDICTIONS]
    runs = [read_run(file) if file.is_file() else Run() for file in run_files]
    # What all files must say together is left open when one of them is no run's.
    complete = len(runs) == len(files)
    planned: Counter[str] = Counter()
    for run in runs if complete else ():
        planned.update({name: data.sentences_in_data or data.sentences for name, data in run.datasets.items()})
    model = next((run.model for run in runs if run.model.name), Model(files[0].name.split(".jsonl")[0]))
    known = catalog().find_model(name or model.name)
    parameters = model.parameters or (known.parameters if known else None)
    origin = Origin(
        files,
        System(name or model.name, parameters, model.note, model.training_sets or ()),
        "+".join(sorted({run.decoding for run in runs})) if complete else "unknown",
        back_tokenizer.fingerprint if back_tokenizer else None,
        "+".join(sorted({answer_format(run.format).version for run in runs})) or GNER.version,
        dict(planned),
        sum(run.sentences for run in runs) if complete else 0,
        tuple(warnings),
    )
    return Generations(origin, back_tokenizer, [Slice(file) for file in files], keys or {})
