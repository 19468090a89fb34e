"""All that a fine-tuning needs, fetched, read, checked and tokenized before anything is trained or written: sentences
to train on and to choose the checkpoint by, compared with the test sets, and the pairs of texts made of them."""

from __future__ import annotations

import math
import random
from array import array
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from gner_bench.answers import AnswerFormat, Wrapping
from gner_bench.answers.gner import prompt
from gner_bench.answers.types import ambiguous_types
from gner_bench.catalog import catalog
from gner_bench.catalog.entries import Dataset as Entry
from gner_bench.catalog.entries import SplitFacts
from gner_bench.data import Dataset, Reading, Sentence, read_dataset
from gner_bench.data.formats import Source
from gner_bench.data.formats.gner import is_dataset, split_file
from gner_bench.data.formats.uniner import Placement, read_uniner_counted
from gner_bench.errors import InputError, UsageError
from gner_bench.fetch.checkpoint import on_hub
from gner_bench.fetch.datasets import find_split, load_split, remote_file
from gner_bench.fetch.requirements import Requirements, ensure, missing
from gner_bench.messages import Say
from gner_bench.predict.folder import CheckpointFolder
from gner_bench.train.batches import Cut, Example, encode
from gner_bench.train.devices import accumulation, processes, require_supported
from gner_bench.train.recipe import PILE_NER, Recipe, TrainingSet
from gner_bench.train.start import known_start, read_start

LOG_LINES = 200
"""About how many times a whole training is logged."""
NAMED = 3
"""How many sentences a refusal names of each set."""


@dataclass(frozen=True)
class Overlap:
    """``sentences`` (ids) of one ``data`` set that are in the test split of ``test``, of ``total``."""

    data: str
    test: str
    sentences: tuple[str, ...]
    total: int

    def __str__(self) -> str:
        return f"{len(self.sentences)} of {self.total} sentences of {self.data} are in {self.test}/test"


@dataclass(frozen=True)
class TrainingData:
    """The sentences of one set that are trained on. ``placement`` says what became of mentions without places."""

    spec: TrainingSet
    dataset: Dataset
    placement: Placement | None = None

    @property
    def name(self) -> str:
        return f"{self.dataset.name}/{self.dataset.split}"


@dataclass(frozen=True)
class RecipeData:
    """``training`` sets, ``selection`` sets, what both share with test sets, and the test sets that were not there."""

    training: tuple[TrainingData, ...]
    selection: tuple[Dataset, ...]
    training_overlaps: tuple[Overlap, ...]
    selection_overlaps: tuple[Overlap, ...]
    unchecked: tuple[str, ...]


@dataclass(frozen=True)
class Request:
    """What the command is given beside the recipe. ``root`` is the data root, None for the cache."""

    recipe_file: Path
    root: Path | None
    out: Path
    trackers: tuple[str, ...] = ()
    offline: bool = False


@dataclass(frozen=True)
class UpdatePlan:
    """When what happens, in updates: ``every`` so many (and at the end) an evaluation, after which state is saved."""

    steps: int
    per_epoch: int
    every: int
    log_every: int


@dataclass(frozen=True)
class Prepared:
    """What training needs, read and checked.

    In a plan, ``absent`` counts the sentences of data that are not here; ``unseen`` says that the checkpoint is not.
    """

    recipe: Recipe
    start: CheckpointFolder
    data: RecipeData
    examples: list[Example]
    cut: Cut
    plan: UpdatePlan
    absent: dict[str, int] = field(default_factory=dict)
    unseen: bool = False


def prepare(recipe: Recipe, request: Request, say: Say, plan_only: bool = False) -> Prepared:
    """Fetch what is neither below the data root nor in the cache, read and tokenize everything.

    With ``plan_only`` nothing is fetched: a checkpoint that is not here is taken from the catalogue by its shape, and
    of data that are not here the number of sentences.

    Raises UsageError for what cannot be done on these devices, would select on test sentences or leaves no sentence to
    train on, and what readers of data and checkpoints raise.
    """
    require_supported(recipe, request.trackers or recipe.report_to)
    try:
        accumulation(recipe, processes())
    except UsageError as error:
        raise InputError(request.recipe_file, str(error)) from None
    checkpoint, wanted = on_hub(recipe.checkpoint), []
    splits = [(spec.name, spec.split) for spec in recipe.sets] + [(name, "dev") for name in recipe.selection.dev]
    for name, split in splits:
        entry = catalog().find_dataset(name)
        if entry is not None and not (request.root is not None and split_file(request.root / name, split).is_file()):
            wanted.append((entry, split))
    needed = Requirements((checkpoint,) if checkpoint else (), tuple(wanted))
    absent = missing(needed) if plan_only else Requirements()
    if not plan_only:
        ensure(needed, say, request.offline, request.root)
    counts = {(entry.name, split): _planned_count(entry, split, recipe) for entry, split in absent.splits}
    start = known_start(absent.checkpoints[0]) if absent.checkpoints else read_start(recipe.checkpoint)
    data = load_data(_without(recipe, counts), request.root)
    for overlap in (*data.training_overlaps, *data.selection_overlaps):
        say(str(overlap))
    for dataset in (*(part.dataset for part in data.training), *data.selection):
        for fault in ambiguous_types(dataset.types):
            say(f"{dataset.name}: types that {fault}")
    if data.unchecked:
        say(f"not checked for test sentences, their test sets are not here: {', '.join(data.unchecked)}")
    examples, cut = encode(text_pairs(data, recipe.parsed_target, start.wrapping, recipe.seed), start, recipe)
    for line in cut.lines():
        say(line)
    planned = {f"{name}/{split}": count for (name, split), count in counts.items()}
    for name, count in planned.items():
        if count:
            what = (
                f"at most {count:,} sentences by the catalogue and recipe, each taken to be as long as the limits allow"
            )
            examples += [_longest_example(start, recipe)] * count
        else:
            what = "left out of the plan, as the catalogue does not know how many sentences of it count"
        say(f"{name} is not here: {what}")
    if not examples:
        raise UsageError("no sentence is left to train on")
    per_epoch = math.ceil(len(examples) / recipe.batch_size)
    steps = recipe.steps or math.ceil(recipe.epochs * per_epoch)
    plan = UpdatePlan(steps, per_epoch, recipe.selection.every_steps or per_epoch, max(1, steps // LOG_LINES))
    return Prepared(recipe, start, data, examples, cut, plan, planned, bool(absent.checkpoints))


def _planned_count(entry: Entry, split: str, recipe: Recipe) -> int:
    """The most sentences that a split of the catalogue, which is not here, can give to the training."""
    specs = [spec for spec in recipe.sets if (spec.name, spec.split) == (entry.name, split)]
    held, facts = recipe.selection.holdout, entry.splits.get(split, SplitFacts())
    left = facts.sentences - (facts.sentences // held if held else 0)
    return sum(min(filter(None, (left, spec.limit)), default=0) for spec in specs)


def _without(recipe: Recipe, absent: Container[tuple[str, str]]) -> Recipe:
    """The recipe with the data that are here."""
    dev = tuple(name for name in recipe.selection.dev if (name, "dev") not in absent)
    sets = tuple(spec for spec in recipe.sets if (spec.name, spec.split) not in absent)
    return replace(recipe, sets=sets, selection=replace(recipe.selection, dev=dev))


def _longest_example(start: CheckpointFolder, recipe: Recipe) -> Example:
    limits = recipe.max_input_tokens, recipe.max_new_tokens
    if not start.encoder_decoder:
        limits = recipe.max_total_tokens // 2, recipe.max_total_tokens - recipe.max_total_tokens // 2
    return Example(*(array("i", [3]) * limit for limit in limits))


def load_data(recipe: Recipe, root: Path | None) -> RecipeData:
    """Read everything that ``recipe`` names below ``root``, or from the cache where it is not there.

    Raises UsageError when selection data hold a test sentence and the recipe does not allow it.
    """
    groups = {group: [entry.name for entry in catalog().group(group)] for group in catalog().groups()}
    names = dict.fromkeys(name for test in recipe.test for name in groups.get(test, [test]))
    tests, unchecked = [], []
    for name in names:
        entry = catalog().find_dataset(name)
        below = root is not None and is_dataset(root / name) and split_file(root / name, "test").is_file()
        if below or (entry is not None and (entry.folder or find_split(entry, "test"))):
            tests.append(_read(name, "test", root, Reading(repair="begin")))
        else:
            unchecked.append(name)
    tested = {surface(sentence.words) for test in tests for sentence in test.sentences}
    parts = [_load(spec, recipe, root, tested) for spec in recipe.sets]
    training = tuple(kept for kept, _ in parts)
    selected = [_read(name, "dev", root, Reading(repair="begin")) for name in recipe.selection.dev]
    selected += [held_out for _, held_out in parts if held_out.sentences]
    selection = tuple(replace(d, sentences=d.sentences[: recipe.selection.limit]) for d in selected)
    leaks = overlaps({f"{dataset.name}/{dataset.split}": dataset.sentences for dataset in selection}, tests)
    if leaks and not recipe.selection.allow_leaks:
        listed = "; ".join(f"{leak} (such as {', '.join(leak.sentences[:NAMED])})" for leak in leaks)
        raise UsageError(
            f"selecting on test sentences: {listed}; hold sentences of train out instead"
            " (selection.holdout), or accept it with selection.allow_leaks, which the model card will say"
        )
    trained_on = overlaps({data.name: data.dataset.sentences for data in training}, tests)
    return RecipeData(training, selection, tuple(trained_on), tuple(leaks), tuple(unchecked))


def surface(words: Iterable[str]) -> str:
    """A sentence as compared with those of test sets: its words in lower case."""
    return " ".join(words).lower()


def overlaps(data: Mapping[str, Sequence[Sentence]], tests: Sequence[Dataset]) -> list[Overlap]:
    """Every pair of a set of ``data`` and a test set that share sentences, by their words in lower case."""
    shared = []
    for test in tests:
        tested = {surface(sentence.words) for sentence in test.sentences}
        for name, sentences in data.items():
            ids = tuple(sentence.id for sentence in sentences if surface(sentence.words) in tested)
            if ids:
                shared.append(Overlap(name, test.name, ids, len(sentences)))
    return shared


def _read(name: str, split: str, root: Path | None, reading: Reading) -> Dataset:
    entry = catalog().find_dataset(name)
    if root is not None and (is_dataset(root / name) or entry is None):
        return read_dataset(root, name, split, reading)
    if entry is None:
        raise UsageError(f"unknown data set {name!r}; give the folder that holds it with --data")
    return load_split(entry, split, reading)


def _load(spec: TrainingSet, recipe: Recipe, root: Path | None, tested: Container[str]) -> tuple[TrainingData, Dataset]:
    """What is trained on of a set, and what is held out of it: every n-th sentence that is in no test set. These are
    held out before ``limit`` of the others are drawn by the seed, which keep their order.

    Pile-NER is read as it was published, from ``root`` or the cache: only that file lists mentions without places, and
    what becomes of them is counted.
    """
    reading, passages, placement = Reading(repair=spec.repair, rename=spec.renamed), None, None
    if spec.name == PILE_NER:
        below = split_file(root / spec.name, spec.split) if root is not None else None
        entry, name = catalog().find_dataset(spec.name), f"{spec.name}/{spec.split}.json"
        if below is not None and below.is_file():
            passages = below
        elif entry is not None and not entry.folder and any(file.name == name for file in catalog().file):
            passages = remote_file(name).path
    if passages is not None and passages.is_file():
        datasets, placement = read_uniner_counted(Source(passages, spec.name, spec.split, None, reading))
        dataset = datasets[0]
    else:
        dataset = _read(spec.name, spec.split, root, reading)
    every, sentences, held = recipe.selection.holdout, dataset.sentences, set()
    if every:
        allowed = [index for index, sentence in enumerate(sentences) if surface(sentence.words) not in tested]
        held = set(allowed[every - 1 :: every])
    kept = [sentence for index, sentence in enumerate(sentences) if index not in held]
    if spec.limit is not None and spec.limit < len(kept):
        drawn = random.Random(f"{recipe.seed} {spec.name}").sample(range(len(kept)), spec.limit)
        kept = [kept[place] for place in sorted(drawn)]
    held_out = tuple(sentences[index] for index in sorted(held))
    rest = replace(dataset, split=f"{dataset.split}-heldout", sentences=held_out)
    return TrainingData(spec, replace(dataset, sentences=tuple(kept)), placement), rest


def text_pairs(data: RecipeData, target: AnswerFormat, wrapping: Wrapping, seed: int) -> Iterator[tuple[str, str]]:
    """Prompt and answer for each sentence. The types of a prompt depend on the seed and the sentence alone."""
    for training in data.training:
        for sentence in training.dataset.sentences:
            key = f"{training.name}/{sentence.id}"
            types = prompt_types(training, sentence, random.Random(f"{seed} {key}"))
            yield prompt(sentence.words, types, wrapping), target.perfect(sentence.words, sentence.tags)


def prompt_types(data: TrainingData, sentence: Sentence, rng: random.Random) -> list[str]:
    """The types of a prompt in random order: those of the sentence, and absent ones of its own list or of the set
    (Ding et al. 2024, section 3: the order is shuffled for each example, and absent types are mixed in).

    A sentence with a list of its own (Pile-NER) keeps it and, if ``negative_types`` is given, has so many drawn from
    all types of the set in place of its own absent ones.
    """
    present = list(dict.fromkeys(tag[2:] for tag in sentence.tags if tag != "O"))
    limit = data.spec.negative_types
    if limit is None:
        absent = [kind for kind in sentence.types or data.dataset.types if kind not in present]
    else:
        drawn = rng.sample(data.dataset.types, min(limit + len(present), len(data.dataset.types)))
        absent = [kind for kind in drawn if kind not in present][:limit]
    return rng.sample([*present, *absent], len(present) + len(absent))
