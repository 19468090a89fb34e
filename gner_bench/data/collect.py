"""Data sets from records that each name the types they were tagged with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from gner_bench.data.sentence import Dataset, Sentence
from gner_bench.data.source import Source
from gner_bench.data.tags import Reading, TagReader
from gner_bench.errors import InputError, short
from gner_bench.records import Fields

TYPES = "dataset_types"
"""The key under which the first record of a data set may state its types, where the lists of its records do not."""


class _Listing(NamedTuple):
    types: tuple[str, ...]
    tags: TagReader


class Collector:
    """Gathers the sentences of one data set, reading their tags as ``source`` says.

    The types of the data set are those of ``source`` or else, in order of appearance, those that records list. Errors
    name ``tags_field`` and ``types_field``, where records hold their tags and types.
    """

    def __init__(self, source: Source, tags_field: str, types_field: str) -> None:
        self.source, self._tags_field, self._types_field = source, tags_field, types_field
        self._types = dict.fromkeys(source.types or ())
        self._rows: dict[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...] | None]] = {}
        self._listings: dict[tuple[str, ...], _Listing] = {}
        self._readers: dict[frozenset[str] | None, TagReader] = {None: source.tag_reader()}
        self._without_types: Fields | None = None

    def declare(self, types: Iterable[str]) -> None:
        """Let ``types`` (before renaming) come before those of the records that follow."""
        if self.source.types is None:
            self._types.update(dict.fromkeys(renamed(types, self.source.reading)))

    def add(
        self, fields: Fields, id: str, words: tuple[str, ...], tags: Sequence[str], types: tuple[str, ...] | None
    ) -> None:
        """Take a sentence with its raw tags and the list of its types, None where there is no list.

        Raises InputError for an id that stands already and for a tag that is illegal or of a type that is not listed.
        """
        if id in self._rows:
            raise fields.error("id", f"{short(id)} stands twice in {short(f'{self.source.name}/{self.source.split}')}")
        listing = None if types is None else self._listing(fields, types)
        reader = listing.tags if listing else self._readers[None]
        try:
            bio = reader.read(tags, 0, 0)
        except InputError as error:
            raise fields.error(self._tags_field, error.message) from None
        if listing is None and self.source.types is None:
            self._types.update(dict.fromkeys(tag[2:] for tag in bio if tag != "O"))
        self._rows[id] = words, bio, listing.types if listing else None

    def _listing(self, fields: Fields, types: tuple[str, ...]) -> _Listing:
        known = self._listings.get(types)
        if known is None:
            known = self._listings[types] = self._new_listing(fields, renamed(types, self.source.reading))
        return known

    def _new_listing(self, fields: Fields, types: tuple[str, ...]) -> _Listing:
        if self.source.types is None:
            self._types.update(dict.fromkeys(types))
        elif unknown := [kind for kind in types if kind not in self._types]:
            raise fields.error(self._types_field, f"{short(unknown[0])} is no type of the label file")
        if not types and self._without_types is None:
            self._without_types = fields
        key = frozenset(types)
        if key not in self._readers:
            self._readers[key] = TagReader(self.source.path, types, self.source.reading)
        return _Listing(types, self._readers[key])

    def __len__(self) -> int:
        return len(self._rows)

    def dataset(self) -> Dataset:
        """What was gathered. Raises InputError for a record that lists no type although others do."""
        types = tuple(self._types)
        if types and self._without_types is not None:
            raise self._without_types.error(self._types_field, "names no type that is left, while other records do")
        sentences = tuple(
            Sentence(id, words, bio, () if listed is None or listed == types else listed)
            for id, (words, bio, listed) in self._rows.items()
        )
        repaired = sum(reader.repaired for reader in self._readers.values())
        return Dataset(self.source.name, self.source.split, types, sentences, repaired)


class Sets:
    """The data sets that the records of a file name in ``dataset`` and ``split``, or else those of ``source``."""

    def __init__(self, source: Source, tags_field: str, types_field: str) -> None:
        self._source, self._fields = source, (tags_field, types_field)
        self._sets: dict[tuple[str, str], Collector] = {}

    def of(self, fields: Fields) -> Collector:
        """The data set that a record belongs to."""
        name = fields.get("dataset", str) if "dataset" in fields.value else self._source.name
        split = fields.get("split", str) if "split" in fields.value else self._source.split
        if (name, split) not in self._sets:
            found = self._sets[name, split] = Collector(replace(self._source, name=name, split=split), *self._fields)
            if TYPES in fields.value:
                found.declare(fields.strings(TYPES))
        return self._sets[name, split]

    def datasets(self) -> list[Dataset]:
        return [collector.dataset() for collector in self._sets.values()]


def sentence_id(fields: Fields, index: int) -> str:
    """The ``id`` of a sentence, by default its ``index`` in the data set. Raises InputError for no string or number."""
    id = fields.value.get("id", index)
    if type(id) not in (str, int):
        raise fields.error("id", f"expected a string or a whole number, found {short(id)}")
    return str(id)


def renamed(types: Iterable[str], reading: Reading) -> tuple[str, ...]:
    """The types as ``reading`` names them, each once, without those it drops."""
    return tuple(dict.fromkeys(reading.rename.get(kind, kind) for kind in types if kind not in reading.drop))
