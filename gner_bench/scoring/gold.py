"""Scoring the same predictions against the gold tags of another reading of the data, such as CrossNER with ``misc``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from gner_bench.data.sentence import Dataset, Sentence
from gner_bench.errors import InputError, UsageError, short
from gner_bench.scoring.predictions import Origin, Prediction, Predictions, SetKey

NO_SPLIT = "unknown"
"""The split of a record that names none."""


@dataclass(frozen=True)
class GoldSet:
    """The gold of one split of one data set: its entity ``types`` and its ``sentences`` by id."""

    name: str
    split: str
    types: tuple[str, ...]
    sentences: dict[str, Sentence]
    source: str = ""

    def __str__(self) -> str:
        return f"{self.name}/{self.split}"


@dataclass(frozen=True)
class OtherGold:
    """``predictions`` with the tags of ``gold`` in place of their own; sets that it lacks keep their own."""

    origin: Origin
    predictions: Predictions
    gold: dict[SetKey, GoldSet]

    def __iter__(self) -> Iterator[Prediction]:
        for prediction in self.predictions:
            found = _set_of(prediction, self.gold)
            yield _with_tags(prediction, found) if found else prediction


def with_gold(predictions: Predictions, gold: Sequence[Dataset]) -> Predictions:
    """``predictions`` scored against ``gold``, matched by data set, split, id and words.

    Types of the gold that a prompt did not list join the sentence's types, so that the signature tells that ``misc``
    is kept. A data set that ``gold`` lacks keeps its own tags. Words are those of the predictions: where fewer than
    half of a sentence's words differ from as many in the gold, its tags are taken. All of this is said in
    ``origin.warnings``; the predictions are read once for it. Raises UsageError when no data set is in ``gold`` and
    for gold given twice, InputError naming file and line for a sentence that is not in the gold or has other words.
    """
    sets = gold_sets(gold)
    noticed = _Noticed()
    for prediction in predictions:
        noticed.add(prediction, _set_of(prediction, sets))
    if not noticed.replaced:
        known = ", ".join(map(str, sets.values())) or "none"
        raise UsageError(f"no prediction is of a data set of the gold; predicted: {_list(noticed.own)}; gold: {known}")
    origin = predictions.origin
    planned = {each.name: len(each.sentences) for each in noticed.replaced.values()}
    origin = replace(origin, planned={**origin.planned, **planned}, warnings=(*origin.warnings, *noticed.warnings()))
    return OtherGold(origin, predictions, sets)


def gold_sets(gold: Sequence[Dataset]) -> dict[SetKey, GoldSet]:
    """The data sets by name and split. Raises UsageError for one that stands twice."""
    sets: dict[SetKey, GoldSet] = {}
    for dataset in gold:
        key = dataset.name, dataset.split
        if key in sets:
            raise UsageError(f"the gold of {dataset.name}/{dataset.split} is given twice")
        sentences = {sentence.id: sentence for sentence in dataset.sentences}
        sets[key] = GoldSet(*key, dataset.types, sentences, dataset.source)
    return sets


def differing(one: Sequence[str], other: Sequence[str]) -> list[int] | None:
    """Which words differ between two readings of a sentence; None when they are not the same sentence.

    They are the same when they have as many words and fewer than half of these differ.
    """
    if len(one) != len(other):
        return None
    found = [index for index, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]
    return found if 2 * len(found) < len(one) or not found else None


def _set_of(prediction: Prediction, sets: dict[SetKey, GoldSet]) -> GoldSet | None:
    """The gold of the prediction's data set; without a split the only one of that name."""
    if prediction.split != NO_SPLIT:
        return sets.get((prediction.dataset, prediction.split))
    named = [each for each in sets.values() if each.name == prediction.dataset]
    if len(named) > 1:
        message = f"is missing, and the gold has {' and '.join(each.split for each in named)} of {prediction.dataset}"
        raise InputError(prediction.file, message, prediction.line, "split")
    return named[0] if named else None


def _gold_sentence(prediction: Prediction, gold: GoldSet) -> Sentence:
    sentence = gold.sentences.get(prediction.id)
    if sentence is None:
        message = f"sentence {short(prediction.id)} is not in the gold of {gold}"
        raise InputError(prediction.file, message, prediction.line, "instance.id")
    return sentence


def _with_tags(prediction: Prediction, gold: GoldSet) -> Prediction:
    sentence = _gold_sentence(prediction, gold)
    types = tuple(dict.fromkeys((*prediction.types, *(sentence.types or gold.types))))
    return replace(prediction, split=gold.split, types=types, gold=sentence.tags)


class _Noticed:
    """What people must know of the gold that was taken, sentence by sentence."""

    def __init__(self) -> None:
        self.replaced: dict[SetKey, GoldSet] = {}
        self.own: dict[SetKey, None] = {}
        self._new_types: Counter[str] = Counter()
        self._other_words: list[str] = []

    def add(self, prediction: Prediction, gold: GoldSet | None) -> None:
        if gold is None:
            self.own.setdefault((prediction.dataset, prediction.split))
            return
        self.replaced[gold.name, gold.split] = gold
        sentence = _gold_sentence(prediction, gold)
        self._compare(prediction, sentence, gold)
        unasked = (tag[2:] for tag in sentence.tags if tag.startswith("B-") and tag[2:] not in prediction.types)
        self._new_types.update(unasked)

    def _compare(self, prediction: Prediction, sentence: Sentence, gold: GoldSet) -> None:
        if prediction.words == sentence.words:
            return
        where = f"sentence {short(prediction.id)} of {gold}"
        differ = differing(prediction.words, sentence.words)
        if differ is None:
            message = f"{where} has other words in the gold: {first_difference(prediction.words, sentence.words)}"
            raise InputError(prediction.file, message, prediction.line, "instance.words")
        self._other_words.append(f"{where}: {first_difference(prediction.words, sentence.words)}")

    def warnings(self) -> Iterator[str]:
        sources = " and ".join(sorted({gold.source for gold in self.replaced.values() if gold.source}))
        yield f"gold tags are not the file's own{f' but of {sources}' if sources else ''}: {_list(self.replaced)}"
        if self.own:
            yield f"gold tags are the file's own, since the gold lacks the data set: {_list(self.own)}"
        if self._new_types:
            counts = ", ".join(f"{short(kind)} ({count})" for kind, count in sorted(self._new_types.items()))
            yield f"gold entities of types that the prompts did not ask for: {counts}"
        if self._other_words:
            count = len(self._other_words)
            yield f"words differ from the gold's in {count} sentences, whose tags were taken: {self._other_words[0]}"


def _list(sets: Iterable[SetKey]) -> str:
    return ", ".join("/".join(key) for key in sets) or "none"


def first_difference(words: Sequence[str], gold: Sequence[str]) -> str:
    """The first word that differs, and the numbers of words where these do."""
    if len(words) != len(gold):
        return f"{len(words)} words, {len(gold)} in the gold"
    index = next(i for i, (one, other) in enumerate(zip(words, gold, strict=True)) if one != other)
    return f"word {index + 1} is {short(words[index])}, in the gold {short(gold[index])}"
