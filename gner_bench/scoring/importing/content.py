"""What an importer reads from a file, sentence by sentence, and what becomes of it on the words of the gold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from gner_bench.catalog import catalog
from gner_bench.data.sentence import Sentence
from gner_bench.errors import short
from gner_bench.records import Fields
from gner_bench.scoring.gold import GoldSet
from gner_bench.structure.sentence import Structured


@dataclass(slots=True)
class Placed:
    """Predicted ``tags``, one a word of the gold, and the (text, type) pairs that are ``unplaced``.

    ``noted`` counts what people must know, by the phrase that tells it. ``confidence`` has a number for each word, the
    product of those of an entity being its score, or is empty. ``structured`` and ``text`` are of generated text.
    """

    tags: list[str]
    unplaced: list[tuple[str, str]] = field(default_factory=list)
    noted: Counter[str] = field(default_factory=Counter)
    confidence: list[float] = field(default_factory=list)
    structured: Structured | None = None
    text: str = ""


class Types:
    """The names that the gold has for types of predictions; ``unknown`` collects those that it lacks.

    ``renames`` come first, then the names of the gold, then the original names that the catalogue knows for its data
    set, then the only name of the gold that differs in case or in ``_`` for a space. A type that the catalogue drops
    and the gold lacks (CrossNER's ``misc``) is dropped on both sides.
    """

    def __init__(self, gold: GoldSet, renames: Mapping[str, str]) -> None:
        self.known, self.renames = frozenset(gold.types), renames
        entry = catalog().find_dataset(gold.name)
        self._original = entry.rename if entry else {}
        self._drop = frozenset(entry.drop) - self.known if entry else frozenset()
        self._alike = _alike(gold.types)
        self.alike: dict[str, str] = {}
        self.unknown: dict[str, None] = {}
        self.dropped: Counter[str] = Counter()

    def name(self, kind: str) -> str | None:
        """The gold's name of ``kind``, itself where there is none, None where it is dropped."""
        name = self.renames.get(kind, kind)
        if name not in self.known:
            name = self._original.get(name, name)
        if name in self._drop:
            self.dropped[name] += 1
            return None
        if name in self.known:
            return name
        found = self._alike.get(_plain(name))
        if found is None:
            self.unknown.setdefault(name)
            return name
        self.alike[name] = found
        return found

    def tag(self, tag: str) -> str:
        """A tag with the gold's name of its type."""
        name = self.name(tag[2:]) if tag != "O" else None
        return f"{tag[:2]}{name}" if name else "O"

    def remarks(self) -> list[str]:
        """One line for types that were read as others, one for dropped and one for unknown ones."""
        found = []
        if self.alike:
            pairs = ", ".join(f"{short(kind)} as {short(name)}" for kind, name in sorted(self.alike.items()))
            found.append(f"predicted types read as those of the gold: {pairs}")
        if self.dropped:
            kinds = ", ".join(f"{short(kind)} ({count})" for kind, count in sorted(self.dropped.items()))
            found.append(f"predictions of types that this reading of the gold drops are left out: {kinds}")
        if self.unknown:
            kinds = ", ".join(map(short, sorted(self.unknown)))
            found.append(f"predicted types that the gold lacks count as wrong (--rename OLD=NEW names them): {kinds}")
        return found


def _plain(name: str) -> str:
    return name.replace("_", " ").lower()


def _alike(names: Collection[str]) -> dict[str, str]:
    """The names by their plain form, without those that share one."""
    forms = Counter(map(_plain, names))
    return {_plain(name): name for name in names if forms[_plain(name)] == 1}


class Content(Protocol):
    """What was predicted for one sentence."""

    @property
    def words(self) -> tuple[str, ...]:
        """The words as the file has them, none where it does not say."""

    @property
    def generated(self) -> bool:
        """Whether the words themselves are a system's output, which may differ from the sentence."""

    def place(self, sentence: Sentence, types: Types) -> Placed:
        """Tags for the words of the gold ``sentence``. Raises ValueError for what cannot be of this sentence."""


@dataclass(frozen=True, slots=True)
class Item:
    """One sentence of a file: its place and, where the file says them, its id, data set, split and gold tags."""

    fields: Fields
    content: Content
    id: str | None = None
    dataset: str | None = None
    split: str | None = None
    gold: tuple[str, ...] | None = None
    types: tuple[str, ...] = ()
