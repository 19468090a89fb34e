"""Whether a run that is to go on a leaderboard is what it says: hashes of its files and data, its scores made again."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gner_bench import __version__
from gner_bench.api import score
from gner_bench.catalog import catalog
from gner_bench.data.sentence import ContentHash
from gner_bench.documents.run import NAME as RUN
from gner_bench.documents.run import read_run
from gner_bench.documents.scores import NAME, ScoresDocument, read_scores
from gner_bench.errors import GnerBenchError, IncompleteError, InputError, IntegrityError, short
from gner_bench.files import read_text
from gner_bench.number_text import counted
from gner_bench.report.sentences import read_again
from gner_bench.scoring.counting import usable_processes
from gner_bench.scoring.document import AGREE, scores_document, scores_of
from gner_bench.scoring.generations import PREDICTIONS
from gner_bench.scoring.predictions import Predictions
from gner_bench.scoring.seen import sets_known_of, with_training
from gner_bench.scoring.tokenizers import Tokenizers

SUMS = "SHA256SUMS"
SUM = re.compile(r"([0-9a-fA-F]{64}) [ *](.+)")
"""A line of what sha256sum writes."""
OWN = {"name", "files", "version", "signature", "signature_short"}
"""What two scores of the same predictions may differ in: names, paths, the edition that scored them."""
AT_LEAST = {"planned", "expected"}
"""Numbers of sentences that --expect may have raised."""


@dataclass
class Checked:
    """What was found of a run: ``errors`` where it does not pass, ``notes`` on what was not checked."""

    summary: str = ""
    errors: list[GnerBenchError] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def check_run(path: Path, tokenizers: Tokenizers) -> Checked:
    """Check the run in the folder ``path``: scores.json and predictions, and run.json and SHA256SUMS where there."""
    checked, folder = Checked(), path.parent if path.name == NAME else path
    try:
        if folder.is_file():
            raise InputError(folder, "is a file; a run to be checked is a folder with scores and predictions")
        checked.errors += _sums(folder, checked.notes)
        document, predictions = _read(folder, tokenizers)
        checked.errors += _data(folder, document, predictions, checked.notes)
        if not checked.errors:  # scores of other data are others
            checked.errors += _scores(folder, document, predictions, checked.notes)
            sentences = sum(part.sentences for part in document.datasets.values())
            checked.summary = (
                f"{counted(len(document.datasets), 'data set')}, {counted(sentences, 'sentence')},"
                f" scored again by {', '.join(document.metrics)}"
            )
    except GnerBenchError as error:
        checked.errors.append(error)
    return checked


def _sums(folder: Path, notes: list[str]) -> Iterator[GnerBenchError]:
    """The files whose hashes are not those of SHA256SUMS."""
    sums = folder / SUMS
    if not sums.is_file():
        notes.append(f"no {SUMS}: that its files arrived as they were sent is not checked")
        return
    for number, text in enumerate(read_text(sums).splitlines(), start=1):
        line = SUM.fullmatch(text)
        if line is None or Path(line[2]).name != line[2].removeprefix("./"):
            raise InputError(sums, f"expected a SHA-256 and the name of a file, found {short(text)}", number)
        file = folder / line[2]
        try:
            found = hashlib.sha256(file.read_bytes()).hexdigest()
        except OSError as error:
            raise InputError(file, f"{error.strerror or error}, but {SUMS} names it") from None
        if found != line[1].lower():
            yield IntegrityError(f"{file}: SHA-256 is {found}, not {line[1].lower()} as in {SUMS}")


def _read(folder: Path, tokenizers: Tokenizers) -> tuple[ScoresDocument, Predictions]:
    """The scores and the predictions. Raises InputError for a folder without both."""
    file = next((folder / name for name in PREDICTIONS if (folder / name).is_file()), None)
    for name, there in ((NAME, (folder / NAME).is_file()), (PREDICTIONS[0], file is not None)):
        if not there:
            raise InputError(folder / name, "is not there; a run to be checked is a folder with scores and predictions")
    assert file is not None
    document = read_scores(folder / NAME)
    if document.runs is not None:
        raise InputError(folder / NAME, "is of several runs; check each in its own folder (--group puts them together)")
    if (folder / RUN).is_file():
        read_run(folder / RUN)
    return document, read_again([file], scores_of(document, folder / NAME), tokenizers)


def _data(
    folder: Path, document: ScoresDocument, predictions: Predictions, notes: list[str]
) -> Iterator[GnerBenchError]:
    """Where words and gold of the predictions are not those of scores.json and run.json; notes on the catalogue's."""
    contents: dict[str, ContentHash] = {}
    splits: dict[str, str] = {}
    for sentence in predictions:
        contents.setdefault(sentence.dataset, ContentHash()).add(sentence.words, sentence.gold)
        splits[sentence.dataset] = sentence.split
    hashes = {name: content.hexdigest() for name, content in contents.items()}
    run = read_run(folder / RUN) if (folder / RUN).is_file() else None
    described = {NAME: {name: part.content_hash for name, part in document.datasets.items()}}
    if run is None:
        notes.append(f"no {RUN}: what made the predictions, and of how many sentences, is not known")
    elif not run.done or run.sentences > sum(content.sentences for content in contents.values()):
        done = sum(content.sentences for content in contents.values())
        yield IncompleteError(f"{folder}: {done} of {run.sentences} sentences of its {RUN} are there")
    else:
        described[RUN] = {name: data.content_hash for name, data in run.datasets.items() if data.content_hash}
    for file, known in described.items():
        for name in known.keys() ^ hashes.keys() if known else ():
            where = file if name in known else "the predictions"
            yield IntegrityError(f"{folder}: {name} is in {where} alone")
        for name in known.keys() & hashes.keys():
            if known[name] != hashes[name]:
                yield IntegrityError(
                    f"{folder}: words and gold of {name} in the predictions have the content hash {hashes[name][:12]},"
                    f" in {file} {known[name][:12]}"
                )
    notes += filter(None, [_not_the_catalogues(hashes, splits)])


def _not_the_catalogues(hashes: Mapping[str, str], splits: Mapping[str, str]) -> str:
    """Which sets are not, sentence for sentence, those that the catalogue knows, as a note; empty where all are."""
    other = []
    for name, found in hashes.items():
        known = catalog().find_dataset(name)
        facts = known.splits.get(splits[name]) if known else None
        if facts is None or found not in (facts.content_hash, *facts.other_hashes):
            other.append(f"{name}/{splits[name]}")
    return f"not the whole split of the catalogue, or other gold than there: {', '.join(other)}" if other else ""


def _scores(
    folder: Path, document: ScoresDocument, predictions: Predictions, notes: list[str]
) -> Iterator[GnerBenchError]:
    """The first place of scores.json that does not follow from the predictions."""
    again = score(predictions, document.metrics, usable_processes()).renamed(document.system.name)
    again = with_training(again, None, document.resampling, known=sets_known_of(again))
    stored, made = document.json(), scores_document(again, document.resampling).json()
    unknown = [name for name, part in document.datasets.items() if (seen := part.analysis.seen) and seen.mentions]
    if unknown:
        notes.append(f"what of {', '.join(unknown)} was in training was scored with training data, which is not here")
    for name in unknown:
        for each in (stored, made):
            each["datasets"][name].pop("seen", None)
    if found := next(_differences(stored, made), ""):
        edition = document.signature_fields.get("version")
        by = f" (scored by gner-bench {edition}, this is {__version__})" if edition != __version__ else ""
        yield GnerBenchError(f"{folder / NAME}: {found}{by}; score them again")
    if again.lacking:
        yield IncompleteError(f"{folder}: {again.lacking} sentences of the run are missing")


def _differences(stored: Any, made: Any, place: str = "") -> Iterator[str]:
    """Where a value of scores.json is not that which was made again, as messages."""
    if isinstance(made, dict) and isinstance(stored, dict):
        for key in dict.fromkeys([*made, *stored]):
            if key not in OWN:
                at, absent = f"{place}.{key}" if place else str(key), object()
                one, other = stored.get(key, absent), made.get(key, absent)
                if one is absent:
                    yield f"{at}: is not there, but follows from the predictions"
                elif other is absent:
                    yield f"{at}: does not follow from the predictions"
                elif key not in AT_LEAST or (one or 0) < (other or 0):
                    yield from _differences(one, other, at)
    elif isinstance(made, float | int) and isinstance(stored, float | int):
        if not abs(stored - made) <= AGREE:
            yield f"{place}: is {stored:.10g}, the predictions give {made:.10g}"
    elif isinstance(made, Sequence) and isinstance(stored, Sequence) and not isinstance(made, str):
        if len(made) != len(stored):
            yield f"{place}: has {len(stored)} values, the predictions give {len(made)}"
        for index, (one, other) in enumerate(zip(stored, made, strict=False)):
            yield from _differences(one, other, f"{place}[{index}]")
    elif stored != made:
        yield f"{place}: is {short(stored)}, the predictions give {short(made)}"
