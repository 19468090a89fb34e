"""What is wrong with a data set: duplicates, leaks between splits, illegal tags, words that a tokenizer lacks."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

from gner_bench.catalog import catalog
from gner_bench.data.formats import read_file
from gner_bench.data.gner_layout import LABELS, split_file, splits
from gner_bench.data.sentence import Dataset, Sentence
from gner_bench.data.source import Source
from gner_bench.data.tags import Reading, continues
from gner_bench.data.text import read_types
from gner_bench.errors import InputError
from gner_bench.structure.back_tokenizer import BackTokenizer


@dataclass(frozen=True)
class SplitAudit:
    """One split. ``entities`` counts B- tags and illegal I-, per type in ``types``.

    ``duplicates`` counts the sentences that stand a second time, ``conflicting`` the distinct sentences that stand
    with different gold, ``illegal_tags`` the I- that continue no entity, ``unlabelled_types`` the types that label.txt
    lacks, ``white_space_words`` the words of white space alone, ``unknown_words`` those with a piece that the
    tokenizer lacks (None without a tokenizer). ``bytes_hash`` is the SHA-256 of the file; ``catalogue`` says whether
    the content is that of the catalogue: ``equal``, ``a known copy``, ``differs`` or ``unknown``.
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


@dataclass(frozen=True)
class Audit:
    """One data set. ``identical`` lists pairs of splits with the same sentences and tags in the same order; ``shared``
    counts, for two splits, the distinct sentences whose words stand in both."""

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
                yield f"{_count(count, f'{first} sentence')} {'stand' if count > 1 else 'stands'} in {second}"
        for split, found in self.splits.items():
            yield from (f"{split}: {line}" for line in _problems(found))
        if self.unused_types:
            yield f"types without an entity: {', '.join(self.unused_types)}"


def _problems(found: SplitAudit) -> Iterator[str]:
    if found.duplicates:
        conflict = f"; {_count(found.conflicting, 'sentence')} with conflicting gold" if found.conflicting else ""
        yield f"{_count(found.duplicates, 'duplicate sentence')}{conflict}"
    if found.illegal_tags:
        yield f"{_count(found.illegal_tags, 'I- tag')} without an entity to continue"
    if found.unlabelled_types:
        yield f"types missing from {LABELS}: {', '.join(found.unlabelled_types)}"
    if found.white_space_words:
        yield f"{_count(found.white_space_words, 'word')} of white space alone"
    if found.unknown_words:
        yield f"{_count(found.unknown_words, 'word')} with characters outside the tokenizer's vocabulary"
    if found.catalogue == "differs":
        yield "the content differs from the catalogue's"


def _count(count: int, noun: str) -> str:
    return f"{count} {noun}{'s' if count != 1 else ''}"


def audit(root: Path, name: str, back_tokenizer: BackTokenizer | None = None) -> Audit:
    """Read every split of a data set as it stands and look for problems. Raises InputError for an unreadable file."""
    labels = root / name / LABELS
    types = list(read_types(labels)) if labels.is_file() else []
    found = {split: _read(root, name, split) for split in splits(root, name)}
    if not found:
        raise InputError(root / name, "holds no split (train.txt, dev.txt or test.txt)")
    audits = {split: _split(root, dataset, types, back_tokenizer) for split, dataset in found.items()}
    used = set().union(*(each.types for each in audits.values()))
    pairs = list(combinations(found, 2))
    return Audit(
        name=name,
        types=types or sorted(used),
        unused_types=[kind for kind in types if kind not in used],
        splits=audits,
        identical=[(a, b) for a, b in pairs if _gold(found[a]) == _gold(found[b])],
        shared={f"{a} in {b}": _shared(found[a], found[b]) for a, b in pairs},
    )


def _read(root: Path, name: str, split: str) -> Dataset:
    source = Source(split_file(root / name, split), name, split, None, Reading(repair="keep"))
    found = read_file(source)
    return next((d for d in found if (d.name, d.split) == (name, split)), found[0])


def _split(root: Path, dataset: Dataset, types: Sequence[str], back_tokenizer: BackTokenizer | None) -> SplitAudit:
    sentences = dataset.sentences
    counts = Counter(kind for sentence in sentences for kind in _entity_types(sentence))
    words = Counter(word for sentence in sentences for word in sentence.words)
    content = dataset.content_hash
    return SplitAudit(
        sentences=len(sentences),
        words=words.total(),
        entities=counts.total(),
        types=dict(counts.most_common()),
        content_hash=content,
        catalogue=_compared(dataset.name, dataset.split, content),
        bytes_hash=hashlib.sha256(split_file(root / dataset.name, dataset.split).read_bytes()).hexdigest(),
        duplicates=len(sentences) - len({sentence.words for sentence in sentences}),
        conflicting=len(conflicting(sentences)),
        illegal_tags=sum(_illegal(sentence.tags) for sentence in sentences),
        unlabelled_types=sorted(counts.keys() - set(types)) if types else [],
        white_space_words=sum(count for word, count in words.items() if not word.strip()),
        unknown_words=_unknown(words, back_tokenizer) if back_tokenizer else None,
    )


def _compared(name: str, split: str, content: str) -> str:
    entry = catalog().find_dataset(name)
    facts = entry.splits.get(split) if entry else None
    if facts is None:
        return "unknown"
    return "equal" if content == facts.content_hash else "a known copy" if content in facts.other_hashes else "differs"


def _entity_types(sentence: Sentence) -> Iterator[str]:
    for before, tag in zip(("O", *sentence.tags), sentence.tags, strict=False):
        if tag.startswith("B-") or not continues(before, tag):
            yield tag[2:]


def _illegal(tags: Sequence[str]) -> int:
    return sum(not continues(before, tag) for before, tag in zip(("O", *tags), tags, strict=False))


def conflicting(sentences: Sequence[Sentence]) -> list[tuple[str, ...]]:
    """The words of the sentences that stand several times with different tags."""
    gold: dict[tuple[str, ...], set[tuple[str, ...]]] = {}
    for sentence in sentences:
        gold.setdefault(sentence.words, set()).add(sentence.tags)
    return [words for words, tags in gold.items() if len(tags) > 1]


def _unknown(words: Counter[str], back_tokenizer: BackTokenizer) -> int:
    kinds = list(words)
    kept = back_tokenizer(kinds)
    return sum(words[word] for word, back in zip(kinds, kept, strict=True) if _solid(word) != _solid(back))


def _solid(word: str) -> str:
    return "".join(word.split())


def _gold(dataset: Dataset) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    return [(sentence.words, sentence.tags) for sentence in dataset.sentences]


def _shared(first: Dataset, second: Dataset) -> int:
    return len({s.words for s in first.sentences} & {s.words for s in second.sentences})
