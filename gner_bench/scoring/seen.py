"""How far a data set is zero-shot for a system: whether it was trained on the set, on its types and on its mentions.

What a system was trained on is told by its run, by the catalogue, or by the data itself.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from gner_bench.bio import Reading, lenient_spans
from gner_bench.catalog import catalog
from gner_bench.data.convert import AUTO, load
from gner_bench.documents.scores import SUPERVISED, Familiarity, Resampling, Seen, Value
from gner_bench.errors import InputError, UsageError
from gner_bench.scoring.counts import compare_sets, entities, normalise, with_unplaced
from gner_bench.scoring.familiarity import familiarities, load_encoder
from gner_bench.scoring.metrics import METRICS, Metric, TypedCounts
from gner_bench.scoring.predictions import Prediction, Predictions
from gner_bench.scoring.scores import Scores, SetScores
from gner_bench.scoring.statistics import Statistics
from gner_bench.scoring.values import SetValues

ALL_SEEN, NONE_SEEN, UNKNOWN_TYPES = "types seen", "types unseen", "unknown"
EXACT, NORMALISED, UNSEEN, UNKNOWN = "exact", "normalised", "unseen", "unknown"
SEEN = "seen"
BY_MENTION: tuple[Metric, ...] = ("gner", "strict")
"""The metrics whose entities have a text, so that those of seen and of unseen mentions can be told."""
SPELLINGS = {
    "per": "person",
    "pers": "person",
    "org": "organization",
    "organisation": "organization",
    "loc": "location",
    "misc": "miscellaneous",
}
"""Usual short and other spellings of types."""


@dataclass(frozen=True)
class Training:
    """What is known of training data: the ``names`` of its sets and its ``types`` with how many mentions each has (0
    where that is not known); ``complete`` where these are all. ``texts`` are those of its mentions, normalised as the
    GNER metric does, and ``sentences`` their words; None without the data.
    """

    names: tuple[str, ...] = ()
    types: Mapping[str, int] | None = None
    complete: bool = True
    texts: frozenset[str] | None = None
    sentences: frozenset[str] | None = None

    @cached_property
    def keys(self) -> frozenset[str]:
        """The normalised types."""
        return frozenset(map(type_key, self.types or ()))

    def holds(self, dataset: str) -> bool:
        """Whether the data set is one of its sets, on whatever split."""
        return dataset.lower() in {_set_of(name) for name in self.names}

    def how(self, kind: str) -> str:
        """``exact`` or ``normalised`` for a type that was seen, else ``unseen`` (``unknown`` where types may lack)."""
        if kind in (self.types or ()):
            return EXACT
        return NORMALISED if type_key(kind) in self.keys else UNSEEN if self.complete else UNKNOWN


def type_key(kind: str) -> str:
    """What two names of one type share: case, spaces and punctuation do not count, nor do the usual short forms."""
    key = re.sub(r"[\W_]+", "", kind.lower()) or kind
    return SPELLINGS.get(key, key)


def sets_known_of(scores: Scores) -> tuple[str, ...]:
    """The training sets that the catalogue names of a system of this name."""
    known = catalog().find_model(scores.origin.system.name)
    return known.training_sets if known else ()


def training_of(names: Sequence[str], data: Training | None = None) -> Training | None:
    """What is known of training sets by these names, from the ``data`` itself or else from the catalogue.

    None where there are neither.
    """
    read = {_set_of(name) for name in data.names} if data else set()
    others = [name for name in names if _set_of(name) not in read]
    if not others:
        return data
    types, complete = Counter(data.types or {} if data else {}), data is None or data.complete
    for name in others:
        known = catalog().find_dataset(_set_of(name))
        types.update(dict.fromkeys((known.types or known.known_types) if known else (), 0))
        complete = complete and bool(known and known.types)
    named = (*(data.names if data else ()), *others)
    return Training(named, types, complete, *((data.texts, data.sentences) if data else ()))


def read_training(places: Sequence[Path]) -> Training | None:
    """The training data in files and, their train splits, in folders of data sets; None without any place.

    Raises InputError for content that cannot be read and for a place without a sentence.
    """
    names, types, texts, sentences = dict[str, None](), Counter[str](), set[str](), set[str]()
    for place in places:
        datasets = load(str(place), AUTO, Reading(repair="keep"), split="train" if place.is_dir() else None)
        if not any(dataset.sentences for dataset in datasets):
            raise InputError(place, "holds no sentence of a train split")
        for dataset in datasets:
            names[dataset.name] = None
            types.update(dict.fromkeys(dataset.types, 0))
            for sentence in dataset.sentences:
                sentences.add(" ".join(sentence.words))
                spans = lenient_spans(sentence.tags)
                types.update(kind for _, _, kind in spans)
                texts.update(normalise(" ".join(sentence.words[start:end])) for start, end, _ in spans)
    return Training(tuple(names), types, True, frozenset(texts), frozenset(sentences)) if places else None


def training_data(places: Sequence[Path], encoder: str | None) -> Training | None:
    """As ``read_training``. Raises UsageError for an encoder (``--familiarity``) without any place."""
    if encoder and not places:
        raise UsageError("--familiarity needs the training data: --trained-on PATH")
    return read_training(places)


def with_training(
    scores: Scores,
    data: Training | None,
    resampling: Resampling,
    predictions: Predictions | None = None,
    encoder: str | None = None,
    known: Sequence[str] = (),
) -> Scores:
    """``scores`` with what of each data set was in training, unless nothing is known of it.

    What the run says that it was trained on, or else the ``known`` training sets, and what the catalogue says of these
    is taken together with the ``data``. Mentions are looked for where these and the ``predictions`` that were scored
    are at hand; with an ``encoder`` there is Familiarity, too.
    """
    training = training_of(scores.origin.system.training_sets or known, data)
    if training is None:
        return scores
    tallies: dict[str, _MentionTally] = {}
    if training.texts is not None and predictions is not None:
        for sentence in predictions:
            tally = tallies.setdefault(sentence.dataset, _MentionTally(training, scores.metrics))
            tally.add(sentence)
    familiar: dict[str, Familiarity] = {}
    if encoder and data:
        types = {name: part.types for name, part in scores.sets.items()}
        familiar = familiarities(types, data.types or {}, load_encoder(encoder), encoder)
    sets = {}
    for name, part in scores.sets.items():
        seen = replace(_seen(part, training, resampling, tallies.get(name)), familiarity=familiar.get(name))
        sets[name] = replace(part, analysis=replace(part.analysis, seen=seen))
    return replace(scores, sets=sets)


def verdict(dataset: str, types: Mapping[str, str], training: Training) -> str:
    """In words, how a data set was met in training whose types are there as ``types`` says (``Training.how``)."""
    seen, of = sum(how in (EXACT, NORMALISED) for how in types.values()), len(types)
    if training.holds(dataset):
        return SUPERVISED
    if not of or (not seen and not training.complete):
        return UNKNOWN_TYPES
    if seen in (0, of):
        return ALL_SEEN if seen else NONE_SEEN
    return f"{'' if training.complete else 'at least '}{seen} of {of} types seen"


def _seen(part: SetScores, training: Training, resampling: Resampling, tally: _MentionTally | None) -> Seen:
    supervised = training.holds(part.name)
    types = {kind: EXACT if supervised else training.how(kind) for kind in part.types}

    def group(kind: str) -> str:
        how = types.get(kind) or training.how(kind)
        return how if how in (UNSEEN, UNKNOWN) else SEEN

    typed = [metric for metric in part.statistics.metrics if METRICS[metric].typed and not METRICS[metric].distinct]
    values = _values(part, _grouped(part.statistics, typed, group), resampling)
    said = verdict(part.name, types, training)
    if tally is None:
        return Seen(said, training.names, training.complete, types, values)
    if tally.sentences:
        said += f", {tally.sentences} of {len(part.statistics)} sentences in training"
    texts = tally.texts
    mentions = {
        "tokens": (sum(count for text, count in texts.items() if text in tally.seen), texts.total()),
        "types": (len(texts.keys() & tally.seen), len(texts)),
    }
    by_mention = _values(part, tally.statistics, resampling)
    return Seen(said, training.names, training.complete, types, values, tally.sentences, mentions, by_mention)


def _grouped(statistics: Statistics, metrics: Sequence[Metric], group: Callable[[str], str]) -> Statistics:
    """The counts by group of types in place of types."""
    columns, grouped = list(statistics.columns), Statistics(tuple(metrics))
    for row in statistics.rows:
        counts: dict[Metric, TypedCounts] = {}
        for at, triple in row:
            metric, kind = columns[at]
            if metric in metrics:
                typed, name = counts.setdefault(metric, {}), group(kind)
                before = typed.get(name, (0, 0, 0))
                typed[name] = (before[0] + triple[0], before[1] + triple[1], before[2] + triple[2])
        grouped.add(counts)
    rows = list(grouped.places)
    del grouped.places[:]
    grouped.places.extend([rows[place] for place in statistics.places])
    return grouped


def _values(part: SetScores, grouped: Statistics, resampling: Resampling) -> dict[str, dict[str, Value]]:
    """The values of each group by metric, from the resamples that the set's own values come from."""
    values = SetValues(replace(part, statistics=grouped, types=()), resampling)
    by_group: dict[str, dict[str, Value]] = {}
    for metric in grouped.metrics:
        for name, value in values.types(metric).items():
            by_group.setdefault(name, {})[metric] = value
    return {name: by_group[name] for name in (SEEN, UNSEEN, UNKNOWN) if name in by_group}


class _MentionTally:
    """Of a data set: how often each text of a gold entity occurs, and counts by whether the text was ``seen``.

    Entities are those that the GNER metric counts: each text and type once a sentence.
    """

    def __init__(self, training: Training, metrics: Iterable[Metric]) -> None:
        self.seen, self._words = training.texts or frozenset(), training.sentences or frozenset()
        self.texts, self.sentences = Counter[str](), 0
        self.statistics = Statistics(tuple(metric for metric in metrics if metric in BY_MENTION))

    def add(self, sentence: Prediction) -> None:
        words = sentence.words
        gold = entities(words, sentence.gold_mentions)
        predicted = entities(words, sentence.predicted_mentions, sentence.unplaced)
        self.texts.update(text for text, _ in gold)
        self.sentences += " ".join(words) in self._words
        counts = {"gner": compare_sets(gold, predicted, lambda entity: self._group(entity[0]))}
        if "strict" in self.statistics.metrics:
            spans = set(sentence.gold_spans), set(sentence.predicted_spans)
            strict = compare_sets(*spans, lambda span: self._group(normalise(" ".join(words[span[0] : span[1]]))))
            unplaced = tuple((text, self._group(normalise(text))) for text, _ in sentence.unplaced)
            counts["strict"] = with_unplaced(replace(sentence, unplaced=unplaced), strict)
        self.statistics.add({metric: counts[metric] for metric in self.statistics.metrics})

    def _group(self, text: str) -> str:
        return SEEN if text in self.seen else UNSEEN


def _set_of(name: str) -> str:
    """The data set of a training set's name, in which a split may follow."""
    return name.partition("/")[0].lower()
