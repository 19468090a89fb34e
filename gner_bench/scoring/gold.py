"""Gold: where it is read from, and scoring predictions against that of another reading of the data, such as CrossNER
with ``misc``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from gner_bench.bio import AnyScheme, Reading, Repair
from gner_bench.catalog import catalog
from gner_bench.data.convert import load
from gner_bench.data.formats.gner import is_dataset
from gner_bench.data.sentence import Dataset, Sentence
from gner_bench.documents.run import Run
from gner_bench.errors import InputError, UsageError, short
from gner_bench.scoring.generations import PREDICTIONS
from gner_bench.scoring.predictions import Origin, Prediction, Predictions, SetKey

NO_SPLIT = "unknown"
"""The split of a record that names none."""


@dataclass(frozen=True)
class Gold:
    """Where gold is and how it is read; without ``paths`` it is in the files of predictions.

    ``names`` are those of data sets of the catalogue, one for each path, whose types and names of types are taken;
    ``keep_misc`` keeps the types that they drop. In one folder of data sets names choose some. ``split`` is the split
    of files and chooses that of folders. ``repair`` is for illegal gold tags; ``scheme``, ``columns`` and ``tag_names``
    are those of a Reading.
    """

    paths: tuple[Path, ...] = ()
    names: tuple[str, ...] = ()
    split: str | None = None
    keep_misc: bool = False
    repair: Repair = "refuse"
    scheme: AnyScheme = "auto"
    columns: Mapping[str, int] = field(default_factory=dict)
    tag_names: tuple[str, ...] = ()

    def read(self) -> list[Dataset]:
        """The data sets of all paths.

        Raises UsageError for an unknown name and for another number of names than paths, InputError (file, line, field)
        for bad content.
        """
        paths = self.paths
        if len(paths) == 1 and self.names and paths[0].is_dir() and not is_dataset(paths[0]):
            paths = tuple(paths[0] / name for name in self.names)
        datasets: list[Dataset] = []
        for path, name in zip(paths, self.names_for(len(paths), "gold"), strict=True):
            reading, types = self.reading(name)
            # The folder of a run is its file of predictions, which holds their gold.
            file = next((path / file for file in PREDICTIONS if (path / file).is_file()), path)
            loaded = load(str(file), "auto", reading, name, self.split, types=types)
            datasets += [replace(dataset, source=dataset.source or str(path)) for dataset in loaded]
        return datasets

    def names_for(self, count: int, what: str) -> tuple[str | None, ...]:
        """A name, or None, for each of ``count`` files. Raises UsageError for another number of names."""
        if len(self.names) not in (0, count):
            raise UsageError(f"{len(self.names)} names of data sets (--as) for {count} files of {what}")
        return self.names or (None,) * count

    def reading(self, name: str | None) -> tuple[Reading, tuple[str, ...] | None]:
        """How a data set of the catalogue is read from its original source, and its types; None for those met."""
        own = Reading(self.repair, scheme=self.scheme, columns=self.columns, tag_names=self.tag_names)
        if name is None:
            return own, None
        entry = catalog().get_dataset(name)
        types = (*entry.types, *(entry.drop if self.keep_misc else ()))
        mapping = entry.reading(keep_dropped=self.keep_misc)
        return replace(own, rename=mapping.rename, drop=mapping.drop), types or None


@dataclass(frozen=True)
class GoldSet:
    """The gold of one split of one data set: its entity ``types`` and its ``sentences`` by id."""

    name: str
    split: str
    types: tuple[str, ...]
    sentences: dict[str, Sentence]
    source: str = ""
    remarks: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.name}/{self.split}"


def gold_sets(gold: Sequence[Dataset]) -> dict[SetKey, GoldSet]:
    """The data sets by name and split. Raises UsageError for one that is there twice."""
    sets: dict[SetKey, GoldSet] = {}
    for dataset in gold:
        key = dataset.name, dataset.split
        if key in sets:
            raise UsageError(f"the gold of {dataset.name}/{dataset.split} is given twice")
        sentences = {sentence.id: sentence for sentence in dataset.sentences}
        repaired = f"{dataset.name}/{dataset.split}: illegal gold tags repaired: {dataset.repaired}"
        remarks = (f"gold of {remark}" for remark in dataset.remarks)
        told = (*((repaired,) if dataset.repaired else ()), *remarks)
        sets[key] = GoldSet(*key, dataset.types, sentences, dataset.source, told)
    return sets


@dataclass(frozen=True)
class OtherGold:
    """``predictions`` with the tags of ``gold`` in place of their own; sets that it lacks keep their own."""

    origin: Origin
    predictions: Predictions
    gold: dict[SetKey, GoldSet]

    def __iter__(self) -> Iterator[Prediction]:
        for prediction in self.predictions:
            gold = _set_of(prediction, self.gold)
            if gold is None:
                yield prediction
                continue
            sentence = _gold_sentence(prediction, gold)
            types = tuple(dict.fromkeys((*prediction.types, *(sentence.types or gold.types))))
            yield replace(prediction, split=gold.split, types=types, gold=sentence.tags)


def with_gold(predictions: Predictions, gold: Sequence[Dataset]) -> Predictions:
    """``predictions`` scored against ``gold``, matched by data set, split, id and words.

    Types of the gold that a prompt did not list join the sentence's types, so that the signature tells that ``misc``
    is kept. A data set that ``gold`` lacks keeps its own tags. Words are those of the predictions: where fewer than
    half of a sentence's words differ from as many in the gold, its tags are taken. All of this is said in
    ``origin.warnings``; the predictions are read once for it. Raises UsageError when no data set is in ``gold`` and
    for gold given twice, InputError naming file and line for a sentence that is not in the gold or has other words.
    """
    sets = gold_sets(gold)
    replaced: dict[SetKey, GoldSet] = {}
    own: dict[SetKey, None] = {}
    new_types: Counter[str] = Counter()
    other_words: list[str] = []
    for prediction in predictions:
        gold_set = _set_of(prediction, sets)
        if gold_set is None:
            own.setdefault((prediction.dataset, prediction.split))
            continue
        replaced[gold_set.name, gold_set.split] = gold_set
        sentence = _gold_sentence(prediction, gold_set)
        if prediction.words != sentence.words:
            where = f"sentence {short(prediction.id)} of {gold_set}"
            difference = first_difference(prediction.words, sentence.words)
            if differing(prediction.words, sentence.words) is None:
                message = f"{where} has other words in the gold: {difference}"
                raise InputError(prediction.file, message, prediction.line, "instance.words")
            other_words.append(f"{where}: {difference}")
        new_types.update(tag[2:] for tag in sentence.tags if tag.startswith("B-") and tag[2:] not in prediction.types)
    if not replaced:
        known = ", ".join(map(str, sets.values())) or "none"
        raise UsageError(f"no prediction is of a data set of the gold; predicted: {_list(own)}; gold: {known}")
    sources = " and ".join(sorted({gold_set.source for gold_set in replaced.values() if gold_set.source}))
    warnings = [f"gold tags are not the file's own{f' but of {sources}' if sources else ''}: {_list(replaced)}"]
    if own:
        warnings.append(f"gold tags are the file's own, since the gold lacks the data set: {_list(own)}")
    warnings += [remark for gold_set in replaced.values() for remark in gold_set.remarks]
    if new_types:
        counts = ", ".join(f"{short(kind)} ({count})" for kind, count in sorted(new_types.items()))
        warnings.append(f"gold entities of types that the prompts did not ask for: {counts}")
    if other_words:
        many = f"words differ from the gold's in {len(other_words)} sentences, whose tags were taken"
        warnings.append(f"{many}: {other_words[0]}")
    origin = predictions.origin
    planned = {gold_set.name: len(gold_set.sentences) for gold_set in replaced.values()}
    origin = replace(
        origin,
        planned={**origin.planned, **planned},
        warnings=(*origin.warnings, *warnings),
        runs={file: _without_hashes(run, planned) for file, run in origin.runs.items()},
    )
    return OtherGold(origin, predictions, sets)


def _without_hashes(run: Run, names: Collection[str]) -> Run:
    """A run.json that does not say what the gold of some data sets is."""
    sets = {name: replace(data, content_hash="") if name in names else data for name, data in run.datasets.items()}
    return replace(run, datasets=sets)


def differing(one: Sequence[str], other: Sequence[str]) -> list[int] | None:
    """Which words differ between two readings of a sentence; None when they are not the same sentence.

    They are the same when they have as many words and fewer than half of these differ.
    """
    if len(one) != len(other):
        return None
    places = [index for index, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]
    return places if 2 * len(places) < len(one) or not places else None


def _set_of(prediction: Prediction, sets: dict[SetKey, GoldSet]) -> GoldSet | None:
    """The gold of the prediction's data set; without a split the only one of that name."""
    if prediction.split != NO_SPLIT:
        return sets.get((prediction.dataset, prediction.split))
    named = [gold for gold in sets.values() if gold.name == prediction.dataset]
    if len(named) > 1:
        message = f"is missing, and the gold has {' and '.join(gold.split for gold in named)} of {prediction.dataset}"
        raise InputError(prediction.file, message, prediction.line, "split")
    return named[0] if named else None


def _gold_sentence(prediction: Prediction, gold: GoldSet) -> Sentence:
    sentence = gold.sentences.get(prediction.id)
    if sentence is None:
        message = f"sentence {short(prediction.id)} is not in the gold of {gold}"
        raise InputError(prediction.file, message, prediction.line, "instance.id")
    return sentence


def _list(sets: Iterable[SetKey]) -> str:
    return ", ".join("/".join(key) for key in sets) or "none"


def first_difference(words: Sequence[str], others: Sequence[str], where: str = "gold") -> str:
    """The first word that differs from the ``others``, which are in ``where``; the numbers of words where these do."""
    if len(words) != len(others):
        return f"{len(words)} words, {len(others)} in the {where}"
    index = next(i for i, (one, other) in enumerate(zip(words, others, strict=True)) if one != other)
    return f"word {index + 1} is {short(words[index])}, in the {where} {short(others[index])}"
