"""What a corpus is made of."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence: as many ``tags`` (``O``, ``B-type``, ``I-type``) as ``words``; ``id`` is unique in its split.

    ``types`` is the order of the entity types in its own prompt where the source fixes one, else empty. ``document``
    names the one it is of, empty where the source names none.
    """

    id: str
    words: tuple[str, ...]
    tags: tuple[str, ...]
    types: tuple[str, ...] = ()
    document: str = ""


@dataclass(frozen=True, slots=True)
class Dataset:
    """One split of one data set with its entity ``types`` in the order of its label file.

    ``repaired`` counts the tags that a repair of illegal sequences changed while it was read; ``source`` says where it
    came from, ``remarks`` what people should know of the reading.
    """

    name: str
    split: str
    types: tuple[str, ...]
    sentences: tuple[Sentence, ...]
    repaired: int = 0
    source: str = field(default="", compare=False)
    remarks: tuple[str, ...] = field(default=(), compare=False)

    @property
    def content_hash(self) -> str:
        return content_hash((sentence.words, sentence.tags) for sentence in self.sentences)


def content_hash(tagged: Iterable[tuple[Iterable[str], Iterable[str]]]) -> str:
    """The ContentHash (hex) of tagged sentences, independent of their order, ids and file format."""
    content = ContentHash()
    for words, tags in tagged:
        content.add(words, tags)
    return content.hexdigest()


@dataclass
class ContentHash:
    """The sum, modulo 2**256, of the SHA-256 of each tagged sentence: it takes them one by one, in any order.
    ``sentences`` is how many it took."""

    sentences: int = 0
    _sum: int = 0

    def add(self, words: Iterable[str], tags: Iterable[str]) -> None:
        digest = hashlib.sha256(f"[{_json(list(words))}, {_json(list(tags))}]".encode()).digest()
        self._sum = (self._sum + int.from_bytes(digest)) % 2**256
        self.sentences += 1

    def extend(self, other: ContentHash) -> None:
        """Add the sentences of another."""
        self._sum = (self._sum + other._sum) % 2**256
        self.sentences += other.sentences

    def hexdigest(self) -> str:
        return f"{self._sum:064x}"


def short_hash(words: Sequence[str]) -> str:
    """The first 12 hex digits of the SHA-256 of a sentence's words, by which the catalogue names it."""
    return hashlib.sha256(_json(words).encode()).hexdigest()[:12]


def _json(texts: Sequence[str]) -> str:
    """``json.dumps`` of a list of strings, in a fraction of its time where nothing needs an escape."""
    joined = '", "'.join(texts)
    plain = joined.isascii() and joined.isprintable() and "\\" not in joined
    return f'["{joined}"]' if plain and joined.count('"') == 2 * (len(texts) - 1) else json.dumps(list(texts))
