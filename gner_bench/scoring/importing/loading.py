"""Loading files of another format: read, aligned with the gold and placed on its words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gner_bench.catalog import catalog
from gner_bench.data.sentence import Dataset, Sentence
from gner_bench.data.tags import Reading
from gner_bench.errors import UsageError, short
from gner_bench.scoring.gold import GoldSet, gold_sets
from gner_bench.scoring.importing.aligning import BY_ORDER, align, error
from gner_bench.scoring.importing.content import Item, Placed, Types
from gner_bench.scoring.importing.formats import Format
from gner_bench.scoring.predictions import Origin, Prediction, SetKey, System

NAMED = 5
"""How many missing sentences a warning names."""


def stem(path: Path) -> str:
    """The name of a file without its ending."""
    return Path(path.name.removesuffix(".gz")).stem


@dataclass(frozen=True)
class Imported:
    """Imported predictions, held in memory: a million words take some 100 MB."""

    origin: Origin
    sentences: tuple[Prediction, ...]

    def __iter__(self) -> Iterator[Prediction]:
        return iter(self.sentences)


@dataclass(frozen=True)
class OwnGold:
    """How gold that stands in the files is read: the set that they are of, and its ``types``, None for those met."""

    name: str
    split: str
    reading: Reading
    types: tuple[str, ...] | None = None


@dataclass
class _Notes:
    """What the warnings say."""

    counts: Counter[str] = field(default_factory=Counter)
    lines: list[str] = field(default_factory=list)
    by_order: list[str] = field(default_factory=list)


def import_predictions(
    paths: Sequence[Path],
    format: Format,
    gold: Sequence[Dataset] | Sequence[OwnGold],
    renames: Mapping[str, str],
    name: str | None = None,
) -> Imported:
    """The predictions of files, together one system, on the words of ``gold``, with ids and tags of its sentences.

    Records name their data set; where they do not, files are of the only one in ``gold`` or, if there are as many, of
    one each in turn. Gold that stands in the files themselves is described by an OwnGold for each. ``renames`` maps
    predicted types to the gold's. What was assumed and what went astray is said in ``origin.warnings``;
    ``origin.expected`` counts the sentences of the gold. Raises InputError for unusable files and for sentences that
    are not in the gold, UsageError where it is open which gold a file is of.
    """
    given = [each for each in gold if isinstance(each, Dataset)]
    own = [each for each in gold if isinstance(each, OwnGold)]
    sets, chosen = _own_sets(paths, format, own) if own else _by_set(paths, format, gold_sets(given))
    notes = _Notes()
    sentences = [found for key, items in chosen.items() for found in _placed(items, sets[key], renames, notes)]
    notes.lines += _idle(sets, chosen)
    planned = {sets[key].name: len(sets[key].sentences) for key in chosen}
    known = catalog().find_model(name) if name else None
    system = System(name or stem(paths[0]), known.parameters if known else None)
    origin = Origin(
        tuple(paths),
        system,
        tokenizer=format.tokenizer,
        structuring=format.structuring,
        planned=planned,
        expected=sum(planned.values()),
        warnings=(_summary(format, notes), *notes.lines),
    )
    return Imported(origin, tuple(sentences))


Chosen = tuple[dict[SetKey, GoldSet], dict[SetKey, list[Item]]]
"""The gold, and the items of each set in the order of the files."""


def _by_set(paths: Sequence[Path], format: Format, sets: dict[SetKey, GoldSet]) -> Chosen:
    keys = list(sets)
    chosen: dict[SetKey, list[Item]] = {}
    for index, path in enumerate(paths):
        default = keys[0] if len(keys) == 1 else keys[index] if len(keys) == len(paths) else None
        for item in format.read(path, None):
            chosen.setdefault(_key(item, sets, default), []).append(item)
    return sets, chosen


def _key(item: Item, sets: dict[SetKey, GoldSet], default: SetKey | None) -> SetKey:
    if item.dataset is None and default is not None:
        return default
    if item.dataset is None:
        known = ", ".join(map(str, sets.values()))
        raise UsageError(f"{item.fields.path}: does not say its data set, and the gold has several: {known}")
    fitting = [key for key in sets if key[0] == item.dataset and item.split in (None, key[1])]
    if len(fitting) != 1:
        what = f"{item.dataset}/{item.split}" if item.split else item.dataset
        known = ", ".join(map(str, sets.values()))
        raise error(
            item, "dataset", f"{short(what)} is {'several' if fitting else 'none'} of the sets of the gold: {known}"
        )
    return fitting[0]


def _own_sets(paths: Sequence[Path], format: Format, own: Sequence[OwnGold]) -> Chosen:
    """The data sets whose gold stands in the files, ids counted from 0 where there are none."""
    if not format.gold_inside:
        raise UsageError(f"predictions in the format {format.name} hold no gold; --gold PATH gives it")
    sets: dict[SetKey, GoldSet] = {}
    chosen: dict[SetKey, list[Item]] = {}
    for path, gold in zip(paths, own, strict=True):
        for item in format.read(path, gold.reading):
            key = item.dataset or gold.name, item.split or gold.split
            found = sets.setdefault(key, GoldSet(*key, gold.types or (), {}))
            _add(found, item)
            chosen.setdefault(key, []).append(item)
    return {key: each if each.types else _with_types(each) for key, each in sets.items()}, chosen


def _add(gold: GoldSet, item: Item) -> None:
    """Add the gold of an item to the set's."""
    id = item.id if item.id is not None else str(len(gold.sentences))
    if id in gold.sentences:
        raise error(item, "id", f"sentence {short(id)} of {gold} stands twice")
    gold.sentences[id] = Sentence(id, item.content.words, item.gold or (), item.types)


def _with_types(gold: GoldSet) -> GoldSet:
    """The set with the types that its sentences list or, where they list none, have."""
    each = gold.sentences.values()
    met = (kind for s in each for kind in (s.types or [tag[2:] for tag in s.tags if tag != "O"]))
    return GoldSet(gold.name, gold.split, tuple(dict.fromkeys(met)), gold.sentences)


def _placed(items: Sequence[Item], gold: GoldSet, renames: Mapping[str, str], notes: _Notes) -> Iterator[Prediction]:
    sentences, by = align(items, gold)
    types = Types(gold, renames)
    for item, sentence in zip(items, sentences, strict=True):
        try:
            placed = item.content.place(sentence, types)
        except ValueError as problem:
            raise error(item, "entities", str(problem)) from None
        notes.counts.update(placed.noted)
        yield _prediction(item, sentence, gold, placed)
    notes.lines += [f"{gold}: {line}" for line in types.remarks()]
    if by == BY_ORDER and any(item.id is not None for item in items):
        notes.by_order.append(str(gold))
    notes.lines += _missing(sentences, gold)


def _prediction(item: Item, sentence: Sentence, gold: GoldSet, placed: Placed) -> Prediction:
    return Prediction(
        gold.name,
        gold.split,
        sentence.id,
        sentence.types or gold.types,
        sentence.words,
        sentence.tags,
        tuple(placed.tags),
        tuple(placed.unplaced),
        placed.text,
        placed.structured,
        {"confidence": placed.confidence} if placed.confidence else {},
        item.fields.path,
        item.fields.line or 0,
    )


def _missing(found: Iterable[Sentence], gold: GoldSet) -> list[str]:
    there = {sentence.id for sentence in found}
    lacking = [short(id) for id in gold.sentences if id not in there]
    if not lacking:
        return []
    more = ", …" if len(lacking) > NAMED else ""
    return [f"{gold}: sentences without prediction: {len(lacking)} ({', '.join(lacking[:NAMED])}{more})"]


def _idle(sets: Mapping[SetKey, GoldSet], chosen: Mapping[SetKey, object]) -> list[str]:
    idle = ", ".join(str(gold) for key, gold in sets.items() if key not in chosen)
    return [f"no predictions of {idle}, which the gold holds"] if idle else []


def _summary(format: Format, notes: _Notes) -> str:
    """One line: what the format assumes, and how often what happened."""
    found = [f"{phrase}: {count}" for phrase, count in sorted(notes.counts.items()) if count]
    if notes.by_order:
        found.append(f"ids are not the gold's, sentences told by order and words: {', '.join(notes.by_order)}")
    return f"{format.name}: {'; '.join((*format.assumed, *found))}"
