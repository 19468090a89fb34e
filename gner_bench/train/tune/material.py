"""The sentences of a recipe: those trained on, those that choose the checkpoint, and what is known of both."""

from __future__ import annotations

import random
from collections.abc import Container, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from gner_bench.catalog import catalog
from gner_bench.data import Dataset, Reading, Sentence, read_dataset
from gner_bench.data.gner_layout import is_dataset, split_file
from gner_bench.data.source import Source
from gner_bench.data.uniner import Placement, read_uniner_counted
from gner_bench.errors import UsageError
from gner_bench.fetch.datasets import find_split, load_split, remote_file
from gner_bench.train.tune.overlap import Overlap, overlaps, refuse_peeking, surface
from gner_bench.train.tune.recipe import PILE_NER, TuneRecipe, TuningSet


@dataclass(frozen=True)
class TrainingData:
    """The sentences of one set that are trained on. ``placement`` says what became of mentions without places."""

    spec: TuningSet
    dataset: Dataset
    placement: Placement | None = None


@dataclass(frozen=True)
class Material:
    """``training`` sets, ``selection`` sets, what both share with test sets, and the test sets that were not there."""

    training: tuple[TrainingData, ...]
    selection: tuple[Dataset, ...]
    training_overlaps: tuple[Overlap, ...]
    selection_overlaps: tuple[Overlap, ...]
    unchecked: tuple[str, ...]


def load_material(recipe: TuneRecipe, root: Path | None) -> Material:
    """Read everything that ``recipe`` names below ``root``, or from the cache where it is not there.

    Raises UsageError when selection data hold a test sentence and the recipe does not allow it, and what the readers
    raise.
    """
    tests, unchecked = _tests(recipe, root)
    loaded = [_load(spec, root) for spec in recipe.sets]
    tested = {surface(sentence.words) for test in tests for sentence in test.sentences}
    parts = [_part(each, recipe, tested) for each in loaded]
    dev = [
        _cut(_read(name, "dev", root, Reading(repair="begin")), recipe.selection.limit) for name in recipe.selection.dev
    ]
    selection = (*dev, *(held for _, held in parts if held.sentences))
    training = tuple(kept for kept, _ in parts)
    leaks = overlaps({f"{d.name}/{d.split}": d.sentences for d in selection}, tests)
    if not recipe.selection.allow_leaks:
        refuse_peeking(leaks)
    seen = {f"{each.dataset.name}/{each.dataset.split}": each.dataset.sentences for each in training}
    return Material(training, selection, tuple(overlaps(seen, tests)), tuple(leaks), tuple(unchecked))


def _tests(recipe: TuneRecipe, root: Path | None) -> tuple[list[Dataset], list[str]]:
    found, absent = [], []
    for name in _expanded(recipe.test):
        if _is_there(name, "test", root):
            found.append(_read(name, "test", root, Reading(repair="begin")))
        else:
            absent.append(name)
    return found, absent


def _expanded(names: Sequence[str]) -> list[str]:
    groups = {group: [entry.name for entry in catalog().group(group)] for group in catalog().groups()}
    return list(dict.fromkeys(each for name in names for each in groups.get(name, [name])))


def _is_there(name: str, split: str, root: Path | None) -> bool:
    if root is not None and is_dataset(root / name) and split_file(root / name, split).is_file():
        return True
    entry = catalog().find_dataset(name)
    return entry is not None and bool(entry.folder or find_split(entry, split))


def _read(name: str, split: str, root: Path | None, reading: Reading) -> Dataset:
    if root is not None and (is_dataset(root / name) or catalog().find_dataset(name) is None):
        return read_dataset(root, name, split, reading)
    entry = catalog().find_dataset(name)
    if entry is None:
        raise UsageError(f"unknown data set {name!r}; give the folder that holds it with --data")
    return load_split(entry, split, reading)


def _load(spec: TuningSet, root: Path | None) -> TrainingData:
    reading = Reading(repair=spec.repair, rename=spec.renamed)
    path = _passages(spec, root)
    if path is None:
        return TrainingData(spec, _read(spec.name, spec.split, root, reading))
    found, placement = read_uniner_counted(Source(path, spec.name, spec.split, None, reading))
    return TrainingData(spec, found[0], placement)


def _passages(spec: TuningSet, root: Path | None) -> Path | None:
    """The file of Pile-NER as it was published, below ``root`` or in the cache: what is read from it is counted."""
    if spec.name != PILE_NER:
        return None
    below = split_file(root / spec.name, spec.split) if root is not None else None
    if below is not None and below.is_file():
        return below
    entry, name = catalog().find_dataset(spec.name), f"{spec.name}/{spec.split}.json"
    published = entry is not None and not entry.folder and any(file.name == name for file in catalog().file)
    fetched = remote_file(name).path if published else None
    return fetched if fetched is not None and fetched.is_file() else None


def _part(data: TrainingData, recipe: TuneRecipe, tested: Container[str]) -> tuple[TrainingData, Dataset]:
    """What is trained on of a set, and what is held out of it: every n-th sentence that is in no test set, before any
    is drawn."""
    every, sentences = recipe.selection.holdout, data.dataset.sentences
    places = [index for index, sentence in enumerate(sentences) if every and surface(sentence.words) not in tested]
    held = set(places[every - 1 :: every]) if every else set()
    kept = _drawn([s for index, s in enumerate(sentences) if index not in held], data.spec, recipe.seed)
    held_out = tuple(sentences[index] for index in sorted(held))
    rest = replace(data.dataset, split=f"{data.dataset.split}-heldout", sentences=held_out)
    return replace(data, dataset=replace(data.dataset, sentences=kept)), _cut(rest, recipe.selection.limit)


def _drawn(sentences: Sequence[Sentence], spec: TuningSet, seed: int) -> tuple[Sentence, ...]:
    """``spec.limit`` of the sentences by the seed, in their order."""
    if spec.limit is None or spec.limit >= len(sentences):
        return tuple(sentences)
    places = random.Random(f"{seed} {spec.name}").sample(range(len(sentences)), spec.limit)
    return tuple(sentences[place] for place in sorted(places))


def _cut(dataset: Dataset, limit: int) -> Dataset:
    return replace(dataset, sentences=dataset.sentences[:limit])
