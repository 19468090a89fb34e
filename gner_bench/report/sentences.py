"""The sentences of a system for the page: those that were scored, or those that its scores.json was made of."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from gner_bench.answers.answer import Rule
from gner_bench.api import load_predictions
from gner_bench.data.sentence import ContentHash
from gner_bench.documents.scores import NAME, Triple
from gner_bench.errors import GnerBenchError, InputError
from gner_bench.files import STDIN
from gner_bench.report.load import SystemScores
from gner_bench.scoring.generations import PREDICTIONS
from gner_bench.scoring.loading import InMemory
from gner_bench.scoring.metrics import counters
from gner_bench.scoring.predictions import Predictions
from gner_bench.scoring.scores import Scores
from gner_bench.scoring.statistics import Column, Statistics
from gner_bench.scoring.tokenizers import Tokenizers


@dataclass(frozen=True)
class Sentences:
    """The ``predictions`` of a system or, without them, the ``reason`` why there are none and what to do."""

    predictions: Predictions | None = None
    reason: str = ""


def sentences_of(system: SystemScores, tokenizers: Tokenizers) -> Sentences:
    """The predictions that were scored; for a scores.json those of its files, where these give the same counts.

    They are looked for beside the scores.json and where they were scored.
    """
    if len(system.scores.runs) > 1:
        return Sentences(reason="it is a group of runs; give one of them as a system, too")
    if system.predictions is not None:
        return Sentences(system.predictions)
    files = system.scores.origin.files
    if STDIN in files:
        return Sentences(reason="its predictions were read from standard input; give a file of them instead")
    reasons = []
    for found in _places(system.path, files):
        try:
            return Sentences(_checked(found, system, tokenizers))
        except InputError as error:
            reasons.append(f"{error}; only sentences of predictions.jsonl are shown, none that were scored with --from")
        except GnerBenchError as error:
            reasons.append(str(error))
    named = ", ".join(file.name for file in files[:3]) + (", …" if len(files) > 3 else "")
    lacking = f"its predictions ({named}) are not beside {system.path}; put them there or give them instead of it"
    return Sentences(reason=reasons[0] if reasons else lacking)


def _places(path: Path, files: Sequence[Path]) -> Iterator[Sequence[Path]]:
    """Where all ``files`` of a scores.json at ``path`` are: beside it, in its run folder, where they were scored."""
    folder, names = path.parent, {file.name for file in files}
    candidates = [[folder / file.name for file in files]] if len(names) == len(files) else []
    if path.name == NAME and len(files) == 1:
        candidates += [[folder / name] for name in PREDICTIONS]
    candidates += [[folder / file for file in files], list(files)]
    there = [paths for paths in candidates if paths and all(map(os.path.isfile, paths))]
    yield from {tuple(os.path.realpath(file) for file in paths): paths for paths in there}.values()


def read_again(files: Sequence[Path], scores: Scores, tokenizers: Tokenizers, name: str = "") -> Predictions:
    """The predictions of ``files``, read as those were that ``scores`` are of; ``name`` is what the system is called.

    Raises GnerBenchError for another back-tokenizer, InputError for files that cannot be read.
    """
    scored = scores.origin
    rules: dict[str | None, Rule] = {rule: rule for rule in get_args(Rule)}
    predictions = load_predictions(
        *files,
        tokenizer="none" if scored.tokenizer is None else tokenizers.of(files[0], name=name),
        answers=rules.get(scored.options.get("answers")),
        clean_up_spaces=scored.options.get("spaces") == "cleaned",
    )
    if (used := predictions.origin.tokenizer) != scored.tokenizer:
        wanted, there = (scored.tokenizer or "none")[:8], f"not {used[:8]}" if used else "which is not beside it"
        named = ", ".join(map(str, files))
        raise GnerBenchError(f"{named} was scored with the back-tokenizer {wanted}, {there}; --tokenizer PATH names it")
    return predictions


def _checked(files: Sequence[Path], system: SystemScores, tokenizers: Tokenizers) -> Predictions:
    """The predictions of ``files``. Raises GnerBenchError for such as were not scored by the system's scores.json."""
    predictions = read_again(files, system.scores, tokenizers, system.name)
    held = InMemory(predictions.origin, tuple(predictions))
    if other := _differing(held, system.scores):
        named = ", ".join(map(str, files))
        raise GnerBenchError(f"{named} is not what was scored (other words, gold or answers: {', '.join(other)})")
    return held


def _differing(predictions: Predictions, scores: Scores) -> list[str]:
    """The data sets whose words, gold, ids or counts by any metric are not those of ``scores``."""
    hashes: dict[str, ContentHash] = {}
    found: dict[str, tuple[list[str], Statistics]] = {}
    count_by = counters(scores.metrics)
    for sentence in predictions:
        hashes.setdefault(sentence.dataset, ContentHash()).add(sentence.words, sentence.gold)
        ids, statistics = found.setdefault(sentence.dataset, ([], Statistics(scores.metrics)))
        ids.append(sentence.id)
        statistics.add({metric: count(sentence) for metric, count in count_by})
    here = {name: (hashes[name].hexdigest(), _by_sentence(*counted)) for name, counted in found.items()}
    scored = {name: (part.content_hash, _by_sentence(part.ids, part.statistics)) for name, part in scores.sets.items()}
    return sorted(name for name in here.keys() | scored.keys() if here.get(name) != scored.get(name))


def _by_sentence(ids: Sequence[str], statistics: Statistics) -> Counter[tuple[str, frozenset[tuple[Column, Triple]]]]:
    """The id and the counts of each sentence."""
    columns = list(statistics.columns)
    rows = [frozenset((columns[at], triple) for at, triple in row) for row in statistics.rows]
    return Counter((id, rows[place]) for id, place in zip(ids, statistics.places, strict=True))
