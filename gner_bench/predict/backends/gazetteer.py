"""A list of mentions as a backend: the longest that is there, with the type it mostly has. What memory alone scores."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from gner_bench.answers import Span
from gner_bench.answers.spans import SPANS, as_text
from gner_bench.bio import lenient_spans
from gner_bench.documents.run import Model
from gner_bench.errors import InputError, UsageError
from gner_bench.files import read_text
from gner_bench.predict.backend import Backend, BackendKind, SystemOptions
from gner_bench.predict.generation import Generation
from gner_bench.predict.inputs import select
from gner_bench.predict.loading import file_hashes
from gner_bench.predict.options import Options, Split
from gner_bench.predict.plan import Task

TRAIN: Split = "train"
"""The model that is the mentions of each data set's own training split."""
Counts = Mapping[tuple[str, ...], Counter[str]]
"""How often each mention, in lower case, is of each type, in the order of their first occurrence."""


def make(system: SystemOptions, options: Options) -> Backend:
    """The mentions of the training splits of the run's data sets, or of the file ``system.model``.

    Raises InputError for a split or file that cannot be read, UsageError for a model that is neither.
    """
    if system.model == TRAIN:
        if options.split == TRAIN:
            raise UsageError("the gazetteer of the training split knows that split by heart; choose another --split")
        datasets = select(replace(options, split=TRAIN, limit=None, sample_ids=()))
        lists = {dataset.name: dataset for dataset in datasets}
        counts = {
            name: counted(
                (tuple(sentence.words[first:end]), kind)
                for sentence in dataset.sentences
                for first, end, kind in lenient_spans(sentence.tags)
            )
            for name, dataset in lists.items()
        }
        sets = tuple(f"{name}/train" for name in lists)
        hashes = {f"{name}/train": dataset.content_hash for name, dataset in lists.items()}
    else:
        path = Path(system.model)
        if not path.is_file():
            raise UsageError(f"--model {system.model}: expected {TRAIN}, or a file of lines mention<TAB>type")
        everywhere = counted(read_mentions(path))
        counts = defaultdict[str, Counts](lambda: everywhere)
        sets, hashes = (), file_hashes(path)

    def decode(tasks: Sequence[Task]) -> Iterator[tuple[Task, Generation]]:
        for task in tasks:
            spans = matched(task.sentence.words, counts[task.dataset], task.types)
            yield task, Generation(as_text(spans), 0, "stop")

    return Backend(
        name="gazetteer",
        model=Model("gazetteer", system.model, training_sets=sets, files=hashes),
        settings={"backend": "gazetteer", "decoding": "longest match"},
        wrapping="plain",
        device="cpu",
        decode=decode,
        format=SPANS.name,
    )


def counted(mentions: Iterable[tuple[tuple[str, ...], str]]) -> Counts:
    """How often each mention is of each type."""
    counts: dict[tuple[str, ...], Counter[str]] = {}
    for words, kind in mentions:
        counts.setdefault(tuple(map(str.lower, words)), Counter())[kind] += 1
    return counts


def read_mentions(path: Path) -> Iterator[tuple[tuple[str, ...], str]]:
    """The words and the type of each line of a file, blank lines left out. Raises InputError naming the line."""
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        if line.strip():
            mention, tab, kind = line.rpartition("\t")
            if not tab or not mention.split() or not kind.strip():
                raise InputError(path, "expected mention<TAB>type", number)
            yield tuple(mention.split()), kind.strip()


def matched(words: Sequence[str], counts: Counts, types: Sequence[str]) -> list[Span]:
    """A span of words for each longest match, from the left, none inside another.

    The type is the most frequent one among ``types``, the first that was met where several are; the score is its share
    of all occurrences of the mention.
    """
    lower = [word.lower() for word in words]
    longest = max(map(len, counts), default=0)
    spans: list[Span] = []
    first = 0
    while first < len(lower):
        for end in range(min(first + longest, len(lower)), first, -1):
            kinds = counts.get(tuple(lower[first:end]), Counter())
            asked = {kind: count for kind, count in kinds.items() if kind in types}
            if asked:
                kind = max(asked, key=asked.__getitem__)
                text, share = " ".join(words[first:end]), round(asked[kind] / kinds.total(), 4)
                spans.append(Span(first, end, kind, text, share))
                first = end
                break
        else:
            first += 1
    return spans


GAZETTEER = BackendKind(
    "gazetteer",
    "the longest match of mentions of the training split (--model train), or of a file",
    make,
    splits=lambda system: (TRAIN,) if system.model == TRAIN else (),
)
