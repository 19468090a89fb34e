"""What is wrong with a data set: duplicates, leaks between splits, illegal tags, words that a tokenizer lacks."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

from gner_bench.answers.answer import Tagged
from gner_bench.answers.gner import GNER
from gner_bench.answers.types import ambiguous_types
from gner_bench.bio import Reading, may_follow
from gner_bench.catalog import catalog
from gner_bench.data.collect import read_types
from gner_bench.data.formats import Source, read_file
from gner_bench.data.formats.gner import LABELS, split_file, splits
from gner_bench.data.sentence import Dataset, Sentence
from gner_bench.errors import InputError
from gner_bench.structure.matching import BackTokenize
from gner_bench.structure.placing import squeezed


@dataclass(frozen=True)
class SplitAudit:
    """One split. ``entities`` counts B- tags and illegal I-, per type in ``types``.

    ``duplicates`` counts the sentences that are there a second time, ``conflicting`` the distinct sentences that are
    there with different gold, ``illegal_tags`` the I- that continue no entity, ``unlabelled_types`` the types that
    label.txt lacks, ``white_space_words`` the words of white space alone, ``unknown_words`` those with a piece that the
    tokenizer lacks (None without a tokenizer), ``unreadable`` the sentences whose GNER text, written without a mistake,
    does not give their tags back. ``remarks`` say how the file was read. ``bytes_hash`` is the SHA-256 of the file;
    ``catalogue`` says whether the content is that of the catalogue: ``equal``, ``a known copy``, ``differs`` or
    ``unknown``.
    """

    sentences: int
    words: int
    entities: int
    types: dict[str, int]
    content_hash: str
    catalogue: str
    bytes_hash: str
    duplicates: int
    conflicting: int
    illegal_tags: int
    unlabelled_types: list[str]
    white_space_words: int
    unknown_words: int | None
    unreadable: int = 0
    remarks: list[str] = field(default_factory=list)

    def problems(self) -> Iterator[str]:
        """What a user should know, one line each."""
        if self.duplicates:
            conflict = f"; {_count(self.conflicting, 'sentence')} with conflicting gold" if self.conflicting else ""
            yield f"{_count(self.duplicates, 'duplicate sentence')}{conflict}"
        if self.illegal_tags:
            yield f"{_count(self.illegal_tags, 'I- tag')} without an entity to continue"
        if self.unlabelled_types:
            yield f"types missing from {LABELS}: {', '.join(self.unlabelled_types)}"
        if self.white_space_words:
            yield f"{_count(self.white_space_words, 'word')} of white space alone"
        if self.unreadable:
            why = "a word or type reads as a label"
            yield f"{_count(self.unreadable, 'sentence')} that GNER's text cannot hold: {why}"
        if self.unknown_words:
            yield f"{_count(self.unknown_words, 'word')} with characters outside the tokenizer's vocabulary"
        yield from self.remarks
        if self.catalogue == "differs":
            yield "the content differs from the catalogue's"


@dataclass(frozen=True)
class Audit:
    """One data set. ``identical`` lists pairs of splits with the same sentences and tags in the same order; ``shared``
    counts, for two splits, the distinct sentences whose words are in both."""

    name: str
    types: list[str]
    unused_types: list[str]
    splits: dict[str, SplitAudit]
    identical: list[tuple[str, str]] = field(default_factory=list)
    shared: dict[str, int] = field(default_factory=dict)

    def problems(self) -> Iterator[str]:
        """What a user should know, one line each."""
        for first, second in self.identical:
            yield f"{first} is identical to {second}"
        for pair, count in self.shared.items():
            first, second = pair.split(" in ")
            if count and (first, second) not in self.identical:
                yield f"{_count(count, f'{first} sentence')} {'are' if count > 1 else 'is'} in {second}"
        for split, audit in self.splits.items():
            yield from (f"{split}: {line}" for line in audit.problems())
        for fault in ambiguous_types(tuple(self.types)):
            yield f"types that {fault}"
        if self.unused_types:
            yield f"types without an entity: {', '.join(self.unused_types)}"


def _count(count: int, noun: str) -> str:
    return f"{count} {noun}{'s' if count != 1 else ''}"


def audit(root: Path, name: str, back_tokenize: BackTokenize | None = None, reading: Reading | None = None) -> Audit:
    """Read every split of a data set as it is and look for problems. Raises InputError for an unreadable file.
    ``reading`` should keep illegal tags, which are counted; without it everything is told by what is in the files."""
    labels = root / name / LABELS
    types = list(read_types(labels)) if labels.is_file() else []
    datasets: dict[str, Dataset] = {}
    for split in splits(root, name):
        source = Source(split_file(root / name, split), name, split, None, reading or Reading(repair="keep"))
        read = read_file(source)
        datasets[split] = next((d for d in read if (d.name, d.split) == (name, split)), read[0])
    if not datasets:
        raise InputError(root / name, "holds no split (train.txt, dev.txt or test.txt)")
    audits = {split: _split(root, dataset, types, back_tokenize) for split, dataset in datasets.items()}
    used = set().union(*(audit.types for audit in audits.values()))
    gold = {s: [(sentence.words, sentence.tags) for sentence in d.sentences] for s, d in datasets.items()}
    words = {s: {sentence.words for sentence in d.sentences} for s, d in datasets.items()}
    pairs = list(combinations(datasets, 2))
    return Audit(
        name=name,
        types=types or sorted(used),
        unused_types=[kind for kind in types if kind not in used],
        splits=audits,
        identical=[(a, b) for a, b in pairs if gold[a] == gold[b]],
        shared={f"{a} in {b}": len(words[a] & words[b]) for a, b in pairs},
    )


def _split(root: Path, dataset: Dataset, types: Sequence[str], back_tokenize: BackTokenize | None) -> SplitAudit:
    counts: Counter[str] = Counter()
    words: Counter[str] = Counter()
    # Few pairs of neighbours are distinct: each is judged once.
    neighbours: Counter[tuple[str, str]] = Counter()
    illegal = 0
    for sentence in dataset.sentences:
        words.update(sentence.words)
        neighbours.update(zip(("O", *sentence.tags), sentence.tags, strict=False))
    for (before, tag), times in neighbours.items():
        orphan = not may_follow(before, tag)
        illegal += orphan * times
        if orphan or tag.startswith("B-"):
            counts[tag[2:]] += times
    entry, content = catalog().find_dataset(dataset.name), dataset.content_hash
    facts = entry.splits.get(dataset.split) if entry else None
    compared = "unknown"
    if facts is not None:
        same, copy = content == facts.content_hash, content in facts.other_hashes
        compared = "equal" if same else "a known copy" if copy else "differs"
    unknown = None
    if back_tokenize is not None:
        pairs = zip(words, back_tokenize(list(words)), strict=True)
        unknown = sum(words[word] for word, back in pairs if squeezed(word) != squeezed(back))
    return SplitAudit(
        sentences=len(dataset.sentences),
        words=words.total(),
        entities=counts.total(),
        types=dict(counts.most_common()),
        content_hash=content,
        catalogue=compared,
        bytes_hash=hashlib.sha256(split_file(root / dataset.name, dataset.split).read_bytes()).hexdigest(),
        duplicates=len(dataset.sentences) - len({sentence.words for sentence in dataset.sentences}),
        conflicting=len(conflicting(dataset.sentences)),
        illegal_tags=illegal,
        unlabelled_types=sorted(counts.keys() - set(types)) if types else [],
        unreadable=_unreadable(dataset.sentences, words, tuple(types or sorted(counts))),
        white_space_words=sum(count for word, count in words.items() if not word.strip()),
        unknown_words=unknown,
        remarks=[remark.removeprefix(f"{dataset.name}/{dataset.split}: ") for remark in dataset.remarks],
    )


def _unreadable(sentences: Sequence[Sentence], every_word: Iterable[str], types: tuple[str, ...]) -> int:
    """How many sentences, whose words are in ``every_word``, do not read back."""
    if not any(set("()\n") & set(kind) for kind in types):
        # Where no word opens a bracket, nothing but the labels reads as one.
        opening = {word for word in every_word if "(" in word}
        sentences = [sentence for sentence in sentences if not opening.isdisjoint(sentence.words)]
    count = 0
    for sentence in sentences:
        answer = GNER.read(GNER.perfect(sentence.words, sentence.tags), sentence.words, types)
        words = (word.strip() for word in sentence.words)
        whole = [(word, tag) for word, tag in zip(words, sentence.tags, strict=True) if word]
        count += not isinstance(answer, Tagged) or list(answer.pairs) != whole
    return count


def conflicting(sentences: Sequence[Sentence]) -> list[tuple[str, ...]]:
    """The words of the sentences that are there several times with different tags."""
    gold: dict[tuple[str, ...], set[tuple[str, ...]]] = {}
    for sentence in sentences:
        gold.setdefault(sentence.words, set()).add(sentence.tags)
    return [words for words, tags in gold.items() if len(tags) > 1]
