"""Predictions from predictions.jsonl: every generated text structured into tags."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from gner_bench.answers import answer_format
from gner_bench.answers.answer import AnswerFormat, Rule, Tagged
from gner_bench.answers.front import read_answer, reading_of
from gner_bench.answers.gner import GNER, Target
from gner_bench.answers.spans import LEFT_OUT
from gner_bench.catalog import catalog
from gner_bench.documents.record import Record, Slice, read_records, slices
from gner_bench.documents.run import NAME as RUN
from gner_bench.documents.run import Model, Run, read_run
from gner_bench.documents.scores import System
from gner_bench.errors import InputError, UsageError, short
from gner_bench.files import STDIN
from gner_bench.scoring.noise import computed
from gner_bench.scoring.predictions import Origin, Prediction
from gner_bench.scoring.tokenizers import BESIDE, Tokenizers
from gner_bench.structure import BackTokenizer, load_back_tokenizer, place, structure
from gner_bench.structure.back_tokenizer import tokenizer_file
from gner_bench.structure.placing import renamed_tag

LEFT_OUT_NOTE = "spans of types that the data lack, which the run left out"
CHUNK = 512
"""Sentences whose words are back-tokenized together."""
FINISHES = ("stop", "length", "")
"""The finish reasons of answers that ended by themselves, and of those that are counted as cut."""
NOTHING_CLEANED = "--clean-up-spaces is of back-tokenization, which needs a tokenizer (--tokenizer PATH)"
PREDICTIONS = ("predictions.jsonl", "predictions.jsonl.gz")


@dataclass(frozen=True)
class Generations:
    """Prediction files as one system, read as ``sources``; ``back_tokenizers`` are those of the files."""

    origin: Origin
    back_tokenizers: Mapping[Path, BackTokenizer | None]
    sources: Sequence[Slice]
    rule: Rule | None = None
    keys: Mapping[str, str] = field(default_factory=dict)

    @property
    def back_tokenizer(self) -> BackTokenizer | None:
        """That of the first file."""
        return self.back_tokenizers[self.origin.files[0]]

    def parts(self) -> list[Generations]:
        """These files in slices, each by itself."""
        return [replace(self, sources=[part]) for file in self.origin.files for part in slices(file)]

    def __iter__(self) -> Iterator[Prediction]:
        for part in self.sources:
            path, records = part.path, read_records(part, self.keys)
            back_tokenizer = self.back_tokenizers[path]
            while chunk := list(islice(records, CHUNK)):
                if back_tokenizer is not None:
                    words = set().union(*(record.words for record in chunk))
                    back_tokenizer.learn(map(str.lower, words))
                yield from (prediction(path, record, back_tokenizer, self.rule) for record in chunk)


def prediction(
    path: Path, record: Record, back_tokenizer: BackTokenizer | None, rule: Rule | None = None
) -> Prediction:
    """The record of a file, its answer, read under ``rule``, turned into tags. Raises InputError for an unknown answer
    format, and for spans that cannot be of the sentence."""
    format: AnswerFormat = GNER
    if record.format != GNER.name:
        try:
            format = answer_format(record.format)
        except UsageError as error:
            raise InputError(path, str(error), record.line, "format") from None
    asked = record.asked or record.types
    answer = read_answer(format, record.prediction, record.words, asked, rule)
    unplaced: tuple[tuple[str, str], ...] = ()
    structured, generation, notes = None, record.generation, tuple(answer.notes)
    if isinstance(answer, Tagged):
        structured = structure(record.words, asked, answer, back_tokenizer)
        tags = structured.match.tags
    else:
        try:
            placed = place(answer, record.words)
        except ValueError as problem:
            raise InputError(path, str(problem), record.line, "prediction") from None
        tags, unplaced, notes = placed.tags, tuple(placed.unplaced), tuple(placed.noted.elements())
        generation = {**generation, **placed.generation}
        if isinstance(left_out := generation.get(LEFT_OUT), dict):
            notes += (LEFT_OUT_NOTE,) * sum(count for count in left_out.values() if type(count) is int)
    if record.asked:  # from here on by the names that the data have
        own = dict(zip(record.asked, record.types, strict=True))
        tags = [renamed_tag(tag, lambda kind: own.get(kind, kind)) for tag in tags]
        unplaced = tuple((text, own.get(kind, kind)) for text, kind in unplaced)
    finish = generation.get("finish")
    if isinstance(finish, str) and finish not in FINISHES:
        notes = (*notes, f"answers that ended with the finish reason {short(finish)}")
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
        rule if rule and rule != format.rule else "",
        notes,
        reading_of(format, record.prediction, answer) if (rule or format.rule) == "mended" else "",
        record.document_id,
        record.asked,
    )


def predictions_file(path: Path) -> Path:
    """The file of predictions of a run folder, or the name that it should have; any other path as it is."""
    if not path.is_dir():
        return path
    return next((path / name for name in PREDICTIONS if (path / name).exists()), path / PREDICTIONS[0])


def load_generations(
    paths: Sequence[Path],
    tokenizers: Tokenizers = BESIDE,
    name: str | None = None,
    rule: Rule | None = None,
    keys: Mapping[str, str] | None = None,
) -> Generations:
    """The predictions of files or run folders, as one system, with ``keys`` of records as in ``renamed_keys``.

    ``tokenizers`` say what back-tokenizes files beside which no tokenizer lies, and files by name (see
    scoring.tokenizers). Without any, they have that of the first file. ``name`` is the system's instead of what
    run.json says. Answers are read under ``rule``, by default that of their format. Raises InputError for an unreadable
    tokenizer or run.json, UsageError for a tokenizer of a file that is not there and for spaces to clean up without a
    tokenizer.
    """
    files = tuple(map(predictions_file, paths))
    tokenizers.require_known(paths)
    back_tokenizers = _back_tokenizers(paths, files, tokenizers)
    used = {back.fingerprint if back else "none" for back in back_tokenizers.values()}
    if tokenizers.clean_up_spaces and used == {"none"}:
        raise UsageError(NOTHING_CLEANED)
    beside_files = {file: file.with_name(RUN) for file in files if file.name in PREDICTIONS}
    described = {file: read_run(run) for file, run in beside_files.items() if run.is_file()}
    runs = [described.get(file, Run()) for file in beside_files]
    # What all files must say together is left open when one of them is no run's.
    complete = len(runs) == len(files)
    # Mentions and spans are placed on words as they are: only words with labels are matched.
    matched = not complete or any(isinstance(answer_format(run.format), Target) for run in runs)
    warnings = []
    if len(used) > 1:
        told = ", ".join(f"{file} {back.fingerprint[:8] if back else 'none'}" for file, back in back_tokenizers.items())
        warnings.append(f"files of one system are back-tokenized by different tokenizers: {told}")
    if None in back_tokenizers.values() and tokenizers == BESIDE and matched:
        warnings.append("scored without back-tokenization; published GNER-T5 scores use it (--tokenizer PATH)")
    planned: Counter[str] = Counter()
    for run in runs if complete else ():
        planned.update({name: data.sentences_in_data or data.sentences for name, data in run.datasets.items()})
    first = next((run for run in runs if run.name), Run(model=Model(files[0].name.split(".jsonl")[0])))
    model, name = first.model, name or first.name
    known = catalog().find_model(model.name) or catalog().find_model(name)
    parameters = model.parameters or (known.parameters if known else None)
    origin = Origin(
        files,
        System(name, parameters, model.note, model.training_sets or ()),
        "+".join(sorted({run.decoding for run in runs})) if complete else "unknown",
        "+".join(sorted(used)) if used != {"none"} else None,
        "+".join(sorted({answer_format(run.format).version for run in runs})) or GNER.version,
        dict(planned),
        sum(run.sentences for run in runs) if complete else 0,
        tuple(warnings),
        options={"spaces": "cleaned"} if tokenizers.clean_up_spaces else {},
        runs=described,
        computed=computed(list(described.values())) if files and len(described) == len(files) else None,
    )
    return Generations(origin, back_tokenizers, [Slice(file) for file in files], rule, keys or {})


def _back_tokenizers(
    paths: Sequence[Path], files: Sequence[Path], given: Tokenizers
) -> dict[Path, BackTokenizer | None]:
    """That of each of the ``files`` that are meant by ``paths``; equal tokenizers are one, with one memory."""
    beside = {file: None if file == STDIN else tokenizer_file(file.parent) for file in files}
    loaded: dict[str, BackTokenizer] = {}
    chosen: dict[Path, BackTokenizer | None] = {}
    for path, file in zip(paths, files, strict=True):
        asked = given.of(path, alone=len(paths) == 1)
        source = (beside[file] or beside[files[0]]) if asked is None else Path(asked)
        chosen[file] = None
        if source is not None and asked != "none":
            back_tokenizer = load_back_tokenizer(source, given.clean_up_spaces)
            chosen[file] = loaded.setdefault(back_tokenizer.fingerprint, back_tokenizer)
    return chosen
