"""scores.json, version 2: the scores of one system and the counts of every sentence that they all follow from.

Numbers are unrounded, shares from 0 to 1. ``Part.json`` gives the document for ``files.to_json``, in which long arrays
stay packed; ``read_scores`` is the one reader. Keys that this edition does not know are kept.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cache
from pathlib import Path
from typing import Any

from gner_bench.config import MORE, build
from gner_bench.documents.fields import Json, read_object
from gner_bench.errors import InputError

VERSION = 2
NAME = "scores.json"
SUPERVISED = "supervised on this set"
"""How the verdict on a set begins that a system was trained on."""
Triple = tuple[int, int, int]
"""Right, predicted, gold."""
Interval = tuple[float, float]
"""The lower and the upper end."""
Confusion = tuple[str | None, str | None, int]
"""Gold and predicted type, None for none, and how often."""
OPTIONAL = {"optional": True}
"""Of a field whose key is left out where it is None."""
SPARSE = {"optional": "sparse"}
"""Of one whose key is left out where it is zero or empty."""


@dataclass(frozen=True)
class Part:
    """An object of the file, its fields in the order of the keys; ``more`` are keys that this edition does not know."""

    more: Json = field(default_factory=dict, kw_only=True, repr=False)

    def json(self) -> Json:
        """As it is written."""
        document: Json = {}
        for name, optional, inline in _written(self.__class__):  # type: ignore[arg-type]  # of a class, not of a part
            value = getattr(self, name)
            if inline:
                document.update(_plain(value))
            elif value if optional == SPARSE["optional"] else value is not None or not optional:
                document[name] = _plain(value)
        return document | self.more


@cache
def _written(part: Any) -> list[tuple[str, Any, bool]]:
    """Of a class of parts: the names of its fields but ``more``, whether (and when) left out, whether inline."""
    specs = [spec for spec in fields(part) if spec.name != MORE]
    return [(spec.name, spec.metadata.get("optional"), "inline" in spec.metadata) for spec in specs]


def _plain(value: Any) -> Any:
    if type(value) in (int, float, str):
        return value
    if isinstance(value, Part):
        return value.json()
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    # Arrays and packed strings are left to the writer, which takes a few values at a time.
    return [_plain(inner) for inner in value] if isinstance(value, tuple | list) else value


@dataclass(frozen=True)
class System(Part):
    """Who made the predictions. ``parameters`` is a count, None where unknown; ``note`` is what tables say beside it.

    ``training_sets`` are the data sets it was trained on, as far as its run says.
    """

    name: str
    parameters: int | None = None
    note: str = ""
    training_sets: tuple[str, ...] = ()


@dataclass(frozen=True)
class Resampling(Part):
    """How often sentences are drawn, from which ``seed``, and the share of resamples that an interval holds."""

    resamples: int = 1000
    seed: int = 0
    confidence: float = 0.95


@dataclass(frozen=True)
class Counts:
    """True positives, predicted entities and gold entities; halves where a metric gives half credit."""

    true_positives: float = 0
    predicted: float = 0
    gold: float = 0


@dataclass(frozen=True)
class Value(Part):
    """Precision, recall and F1, the counts where they come from one sum, and an interval of each where resampled, or
    why there is none.

    ``sd`` is the standard deviation of F1 over the runs of a group, the other numbers are then means over runs.
    """

    precision: float
    recall: float
    f1: float
    true_positives: float | None = field(default=None, metadata=OPTIONAL)
    predicted: float | None = field(default=None, metadata=OPTIONAL)
    gold: float | None = field(default=None, metadata=OPTIONAL)
    interval: dict[str, Interval] | None = field(default=None, metadata=OPTIONAL)
    no_interval: str | None = field(default=None, metadata=OPTIONAL)
    sd: float | None = field(default=None, metadata=OPTIONAL)

    @property
    def counts(self) -> Counts | None:
        if self.true_positives is None or self.predicted is None or self.gold is None:
            return None
        return Counts(self.true_positives, self.predicted, self.gold)


@dataclass(frozen=True)
class Macro(Part):
    """The mean of F1 over the types that occur, its interval under ``f1``, or why there is none."""

    f1: float
    interval: dict[str, Interval] | None = field(default=None, metadata=OPTIONAL)
    no_interval: str | None = field(default=None, metadata=OPTIONAL)


@dataclass(frozen=True)
class Structuring(Part):
    """What was noticed between generated text and tags, each a count.

    ``omitted_words``, ``added_words``, ``substituted_words``: see structure.sentence.word_differences;
    ``unknown_labels``: of types that the prompt lacks, malformed ones perhaps, or mentions of such types;
    ``words_outside_vocabulary``: that the back-tokenizer does not give back as they are; ``orphan_tags``: predicted
    I- at the start or after O; ``type_changes``: predicted I- after a tag of another type; ``empty_outputs`` are
    without text, ``unlabelled_outputs`` with text in which nothing can be read, of words with labels or of what
    else the format asks for; ``outer_outputs`` have words before the first or after the last one that was placed,
    most words of ``strange_outputs`` found no place; ``cut_outputs`` and ``cut_inputs``: sentences whose output or
    prompt hit the length limit; ``gold_outside_types``: words whose gold type the prompt lacks; ``readings``: how
    free answers were read, which adds up to them: ``as_is``, ``mended``, ``partly_read``, ``unread`` and ``empty``
    (answers.front); ``notes``: what else was noticed of answers, mended ones among them, by the phrase that tells
    it; ``malformed_labels`` by fault (structure.parsing.label_faults), no zeros. ``most_frequent`` are up to 20 of
    the commonest of some of these, each [text, count] or [word, generated, count], texts cut to 60 characters;
    those named in ``least_counts`` had more than 10,000 different ones, so that theirs are least counts.
    ``cut_matchings``: outputs too long to be matched to their end.
    """

    unknown_labels: int = 0
    omitted_words: int = 0
    added_words: int = 0
    substituted_words: int = 0
    words_outside_vocabulary: int = 0
    orphan_tags: int = 0
    type_changes: int = 0
    empty_outputs: int = 0
    unlabelled_outputs: int = 0
    outer_outputs: int = field(default=0, metadata=SPARSE)
    strange_outputs: int = field(default=0, metadata=SPARSE)
    cut_outputs: int = 0
    cut_inputs: int = 0
    gold_outside_types: int = 0
    readings: dict[str, int] = field(default_factory=dict, metadata=SPARSE)
    notes: dict[str, int] = field(default_factory=dict, metadata=SPARSE)
    malformed_labels: dict[str, int] = field(default_factory=dict)
    most_frequent: dict[str, tuple[tuple[str | int, ...], ...]] = field(default_factory=dict)
    least_counts: tuple[str, ...] | None = field(default=None, metadata=OPTIONAL)
    cut_matchings: int | None = field(default=None, metadata=OPTIONAL)


@dataclass(frozen=True)
class PaperErrors(Part):
    """The classes that are one kind of error of Ding et al. (2024) by our reading, and how many there are."""

    classes: tuple[str, ...]
    count: int


@dataclass(frozen=True)
class Conflicting(Part):
    """Sentences that are there several times with different gold, and the ``errors`` in them (in any class but
    ``correct``); ``sentences`` counts each time they are there."""

    sentences: int
    errors: int


@dataclass(frozen=True)
class Errors(Part):
    """Every predicted and every gold entity in one class (see scoring.errors); triples are as ``strict`` counts.

    ``types`` holds classes by type (spurious by predicted, all else by gold type; no zeros), ``confusion`` the pairs of
    types, most frequent first. Buckets: entities and sentences by their length in words (``1`` … ``5+``, ``1-10`` …
    ``61+``), types by their position in the prompt's list (``1`` … ``31+``, ``unlisted``). ``oracle`` are triples by
    oracle (see scoring.oracles) and metric. ``conflicting`` is None where no gold conflicts.
    """

    classes: dict[str, int]
    types: dict[str, dict[str, int]]
    confusion: tuple[Confusion, ...]
    paper: dict[str, PaperErrors]
    by_entity_length: dict[str, Triple]
    by_sentence_length: dict[str, Triple]
    by_type_position: dict[str, Triple]
    oracle: dict[str, dict[str, Triple]]
    conflicting: Conflicting | None = field(default=None, metadata=OPTIONAL)


@dataclass(frozen=True)
class Bin(Part):
    """Entities of a confidence over ``above`` up to ``to``, how many are ``correct``; None in an empty bin."""

    above: float
    to: float
    count: int
    confidence: float | None
    correct: int
    share: float | None


@dataclass(frozen=True)
class Calibration(Part):
    """Whether confidence says how often entities are right (see scoring.calibration).

    ``sentences`` have a confidence for each word, ``gold`` are their gold entities, ``entities`` their predicted ones
    of the mean ``confidence``. Of the ``curve``, at most 101 points are kept: confidence, precision and recall of the
    entities of that confidence or more. Probabilities are rounded to 6 decimals, points of the curve to 4.
    """

    sentences: int
    gold: int
    entities: int
    correct: int
    confidence: float | None
    reliability: tuple[Bin, ...]
    ece: float
    average_precision: float
    curve: tuple[tuple[float, float, float], ...]


@dataclass(frozen=True)
class Familiarity(Part):
    """How close the types of a set are to those of the training data by an ``encoder`` (see scoring.familiarity):
    the ``mean`` over ``types``, from 0 to 1, each over the ``k`` closest mentions."""

    encoder: str
    k: int
    mean: float
    types: dict[str, float]


@dataclass(frozen=True)
class Seen(Part):
    """What of a data set was in the training data of the system (see scoring.seen); ``verdict`` says it in words.

    ``trained_on`` are the training sets, ``complete`` whether all their types are known. ``types`` says of each type
    ``exact``, ``normalised``, ``unseen`` or, where not all is known, ``unknown``. ``by_type`` are values of ``seen``
    types and of the others, by metric. With training data at hand: how many ``sentences`` of the set are in it,
    ``mentions`` (as ``tokens`` and distinct, ``types``) as pairs of how many are in it and how many there are, and
    values of those that are ``seen`` and ``unseen``.
    """

    verdict: str
    trained_on: tuple[str, ...]
    complete: bool
    types: dict[str, str]
    by_type: dict[str, dict[str, Value]] = field(default_factory=dict)
    sentences: int | None = field(default=None, metadata=OPTIONAL)
    mentions: dict[str, tuple[int, int]] | None = field(default=None, metadata=OPTIONAL)
    by_mention: dict[str, dict[str, Value]] | None = field(default=None, metadata=OPTIONAL)
    familiarity: Familiarity | None = field(default=None, metadata=OPTIONAL)

    @property
    def supervised(self) -> bool:
        """Whether the system was trained on the set."""
        return self.verdict.startswith(SUPERVISED)


@dataclass(frozen=True)
class Analysis(Part):
    """What is known of a data set besides its scores: sentences by matching step, structuring, errors, defects of the
    data (``problems``) and, where outputs have a confidence, calibration. None where an early file does not say.
    ``seen`` is there where something is known of what the system was trained on.
    """

    matched_by: dict[str, int] | None = field(default=None, metadata=OPTIONAL)
    structuring: Structuring | None = field(default=None, metadata=OPTIONAL)
    errors: Errors | None = field(default=None, metadata=OPTIONAL)
    problems: tuple[str, ...] | None = field(default=None, metadata=OPTIONAL)
    calibration: Calibration | None = field(default=None, metadata=OPTIONAL)
    seen: Seen | None = field(default=None, metadata=OPTIONAL)

    @property
    def placed_by(self) -> dict[str, int] | None:
        """``matched_by`` without answers of which nothing was read: for the protocol these are subsequences, too."""
        steps = self.matched_by
        if steps is None or self.structuring is None or not any(steps.values()):
            return steps
        unread = self.structuring.empty_outputs + self.structuring.unlabelled_outputs
        return {**steps, "subsequence": max(0, steps.get("subsequence", 0) - unread)}


@dataclass(frozen=True)
class SentenceCounts(Part):
    """The counts of every sentence: ``columns`` are (metric, type), ``rows`` the distinct counts as flat lists (column,
    right, predicted, gold, column, …), ``sentences`` the row of each; ``ids`` and ``keys`` name them. ``documents`` is
    the number of the document that each is of, from 0, where the data say it.
    """

    columns: Sequence[Any]
    rows: Sequence[Any]
    sentences: Sequence[int]
    ids: Sequence[str]
    keys: Sequence[int]
    documents: Sequence[int] | None = field(default=None, metadata=OPTIONAL)


@dataclass(frozen=True, kw_only=True)
class SetDocument(Part):
    """A data set: ``values`` by metric, ``types`` by type and metric; ``planned`` sentences are None where unknown."""

    split: str
    sentences: int
    planned: int | None
    content_hash: str
    values: dict[str, Value] = field(default_factory=dict, metadata={"inline": True})
    macro: dict[str, Macro]
    analysis: Analysis = field(default_factory=Analysis, metadata={"inline": True})
    types: dict[str, dict[str, Value]]
    label_list: tuple[str, ...]
    counts: SentenceCounts


INLINE = tuple(spec.name for spec in fields(Analysis) if spec.name != MORE)
RESERVED = frozenset([*(spec.name for spec in fields(SetDocument)), *INLINE])
"""Keys of a data set, which no metric can be named."""


@dataclass(frozen=True)
class Computed(Part):
    """What computed the outputs, as far as run.json says it and all files of the system agree; else None.

    ``weights`` is the SHA-256 (hex) of the file of weights, or of the list of several; ``prompts`` that of all prompts;
    ``batch_size`` counts sentences side by side; ``versions`` names the libraries that compute.
    """

    model: str | None = field(default=None, metadata=OPTIONAL)
    revision: str | None = field(default=None, metadata=OPTIONAL)
    weights: str | None = field(default=None, metadata=OPTIONAL)
    prompts: str | None = field(default=None, metadata=OPTIONAL)
    decoding: str | None = field(default=None, metadata=OPTIONAL)
    dtype: str | None = field(default=None, metadata=OPTIONAL)
    batch_size: int | None = field(default=None, metadata=OPTIONAL)
    device: str | None = field(default=None, metadata=OPTIONAL)
    versions: str | None = field(default=None, metadata=OPTIONAL)


@dataclass(frozen=True)
class Provenance(Part):
    """What the signature says of the run: ``tokenizer`` is the SHA-256 (hex) of the back-tokenizer's file, ``options``
    the keys that are there only where reading was not the usual one; ``computed`` is None without a run.json."""

    decoding: str
    tokenizer: str | None
    structuring: str
    expected: int
    options: dict[str, str] | None = field(default=None, metadata=OPTIONAL)
    computed: Computed | None = field(default=None, metadata=OPTIONAL)


@dataclass(frozen=True)
class RunScores(Part):
    """One run of a group: its ``scores``, without intervals, and its ``seed``, None where unknown."""

    seed: int | None = field(default=None, metadata=OPTIONAL)
    scores: ScoresDocument = field(kw_only=True)


@dataclass(frozen=True)
class ScoresDocument(Part):
    """The file. ``average`` is the mean over data sets, ``pooled`` over all entities, ``macro`` the mean of macros.

    ``runs`` are there for a group of them alone, all else are then means over them and the counts of sentences empty.
    """

    version: int
    system: System
    files: tuple[str, ...]
    metrics: tuple[str, ...]
    resampling: Resampling
    datasets: dict[str, SetDocument]
    average: dict[str, Value]
    pooled: dict[str, Value]
    macro: dict[str, Macro]
    signature: str
    signature_short: str
    signature_fields: dict[str, str]
    origin: Provenance
    runs: tuple[RunScores, ...] | None = field(default=None, metadata=OPTIONAL)


def read_scores(path: Path) -> ScoresDocument:
    """The scores.json at ``path``.

    Raises InputError naming the field for a file that is none, and for one of another version (1 has no counts).
    """
    root = read_object(path)
    version = root.get("version", int)
    if version != VERSION:
        known = "has no counts of sentences" if version == 1 else "is not a version that this program reads"
        raise root.error("version", f"{version} {known}; score the predictions again")
    return _whole(build(ScoresDocument, root.value, path), path)


def _whole(document: ScoresDocument, path: Path, place: str = "") -> ScoresDocument:
    """The document at ``place`` with the keys of its data sets and runs that building did not know."""
    for key, problem in (
        ("datasets", "" if document.datasets else "is empty"),
        ("metrics", "" if document.metrics else "is empty"),
        ("resampling.resamples", "is no number of resamples" if document.resampling.resamples < 0 else ""),
        ("runs", "is empty" if document.runs == () else ""),
        ("resampling.confidence", "" if 0 < document.resampling.confidence < 1 else "is not between 0 and 1"),
    ):
        if problem:
            raise InputError(path, problem, field=place + key)
    metrics, runs = document.metrics, None
    sets = {
        name: _with_inline(part, metrics, path, f"{place}datasets.{name}") for name, part in document.datasets.items()
    }
    if document.runs is not None:
        places = [f"{place}runs[{index}].scores." for index in range(len(document.runs))]
        runs = tuple(
            replace(run, scores=_whole(run.scores, path, at)) for run, at in zip(document.runs, places, strict=True)
        )
    return replace(document, datasets=sets, runs=runs)


def _with_inline(part: SetDocument, metrics: Sequence[str], path: Path, place: str) -> SetDocument:
    """The keys of a data set that building did not know: its metrics and its analysis."""
    more = dict(part.more)
    for metric in metrics:
        if metric not in more:
            raise InputError(path, "is missing", field=f"{place}.{metric}")
    values = {metric: build(Value, more.pop(metric), path, f"{place}.{metric}") for metric in dict.fromkeys(metrics)}
    analysis = build(Analysis, {key: more.pop(key) for key in INLINE if key in more}, path, place)
    for key in INLINE:
        if any(type(number) is int and number < 0 for number in _numbers(getattr(analysis, key))):
            raise InputError(path, "holds a count below 0", field=f"{place}.{key}")
    if set(map(type, part.counts.ids)) - {str}:
        raise InputError(path, "expected an array of strings", field=f"{place}.counts.ids")
    return replace(part, values=values, analysis=analysis, more=more)


def _numbers(value: Any) -> Iterator[Any]:
    if dataclasses.is_dataclass(value):
        value = [getattr(value, spec.name) for spec in fields(value)]
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, tuple | list):
        for inner in value:
            yield from _numbers(inner)
    else:
        yield value
