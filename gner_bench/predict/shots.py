"""Sentences of the train split that prompts show with their right answers, the same for all sentences of a data set.

They are shuffled by a seed and the name of the set. Those that show a type which none before them does come first, then
the others. Sentences whose words are also asked about are never shown, whatever their case.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from dataclasses import replace

from gner_bench.answers import Shot
from gner_bench.bio import lenient_spans
from gner_bench.catalog import catalog
from gner_bench.data import Dataset, Sentence
from gner_bench.errors import UsageError
from gner_bench.fetch.requirements import Requirements, ensure
from gner_bench.messages import Say
from gner_bench.predict.inputs import select
from gner_bench.predict.options import Options, Split

TRAIN: Split = "train"


def shots_for(
    count: int, datasets: Sequence[Dataset], options: Options, say: Say, offline: bool = False
) -> dict[str, tuple[Shot, ...]]:
    """``count`` shots for each of ``datasets``, from where these come; fetched if they are not there.

    Raises UsageError for the train split itself and for a set with too few sentences, and what reading data raises.
    """
    if options.split == TRAIN:
        raise UsageError("--shots shows sentences of the train split, which is what --split asks about")
    if options.data is None:
        entries = catalog().expand(options.datasets)
        ensure(Requirements((), tuple((entry, TRAIN) for entry in entries)), say, offline)
    train = {dataset.name: dataset for dataset in select(replace(options, split=TRAIN))}
    return {dataset.name: draw(dataset, train[dataset.name], count, options.seed) for dataset in datasets}


def draw(asked: Dataset, train: Dataset, count: int, seed: int) -> tuple[Shot, ...]:
    """``count`` sentences of ``train`` whose words are not those of one of ``asked``. Raises UsageError for fewer."""
    avoided = {_folded(sentence) for sentence in asked.sentences}
    candidates = list({_folded(sentence): sentence for sentence in reversed(train.sentences)}.values())[::-1]
    candidates = [sentence for sentence in candidates if sentence.words and _folded(sentence) not in avoided]
    if len(candidates) < count:
        where = f"the train split of {asked.name} has {len(candidates)} sentences that can be shown"
        raise UsageError(f"--shots {count}: {where}")
    digest = hashlib.sha256(f"{seed}\t{asked.name}".encode()).digest()
    random.Random(digest).shuffle(candidates)
    first: list[Sentence] = []
    rest: list[Sentence] = []
    types: set[str] = set()
    for sentence in candidates:
        own = {kind for _, _, kind in lenient_spans(sentence.tags)}
        (rest if own <= types else first).append(sentence)
        types |= own
    return tuple(Shot(sentence.words, sentence.tags, sentence.id) for sentence in (first + rest)[:count])


def _folded(sentence: Sentence) -> tuple[str, ...]:
    return tuple(word.casefold() for word in sentence.words)
