"""Data sets from records that each name the types they were tagged with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from gner_bench.bio import Reading, TagReader
from gner_bench.data.formats import Source
from gner_bench.data.sentence import Dataset, Sentence
from gner_bench.documents.fields import Fields
from gner_bench.errors import InputError, short
from gner_bench.files import read_text

TYPES = "dataset_types"
"""The key under which the first record of a data set may state its types, where the lists of its records do not."""


class _Row(NamedTuple):
    """A sentence as it came, with the list of its types and the reader of its tags."""

    fields: Fields
    words: tuple[str, ...]
    tags: Sequence[str]
    listed: tuple[str, ...] | None
    reader: TagReader
    document: str


class Collector:
    """Gathers the sentences of one data set, reading their tags as ``source`` says.

    The types of the data set are those of ``source`` or else those in ``first`` (before renaming) and, in order of
    appearance, those that records list. Errors name ``tags_field`` and ``types_field``, where records hold these.
    """

    def __init__(self, source: Source, tags_field: str, types_field: str, first: Iterable[str] = ()) -> None:
        self.source, self._tags_field, self._types_field = source, tags_field, types_field
        self._types = dict.fromkeys(source.types if source.types is not None else renamed(first, source.reading))
        self._rows: dict[str, _Row] = {}
        # Files hold few distinct lists of types: each is renamed and checked once, and those of the same types share a
        # reader of tags.
        self._listings: dict[tuple[str, ...], tuple[tuple[str, ...], TagReader]] = {}
        self._readers: dict[frozenset[str] | None, TagReader] = {None: source.tag_reader()}
        self._met: set[tuple[str, ...] | None] = set()
        self._without_types: Fields | None = None

    def add(
        self,
        fields: Fields,
        words: tuple[str, ...],
        tags: Sequence[str],
        types: tuple[str, ...] | None = None,
        named_by: Fields | None = None,
    ) -> None:
        """Take a sentence with its raw tags and the list of its types, None where there is no list.

        Its id is that in ``named_by`` (by default ``fields``), else its index. Raises InputError for one that is no
        string or number, or there already.
        """
        named = named_by or fields
        id = named.value.get("id", len(self._rows))
        if type(id) not in (str, int):
            raise named.error("id", f"expected a string or a whole number, found {short(id)}")
        id = str(id)
        if id in self._rows:
            raise fields.error("id", f"{short(id)} is twice in {short(f'{self.source.name}/{self.source.split}')}")
        if types is None:
            listed, reader = None, self._readers[None]
        else:
            if types not in self._listings:
                kept = renamed(types, self.source.reading)
                unknown = [kind for kind in kept if kind not in self._types] if self.source.types is not None else []
                if unknown:
                    raise fields.error(self._types_field, f"{short(unknown[0])} is no type of the label file")
                if not kept and self._without_types is None:
                    self._without_types = fields
                key = frozenset(kept)
                if key not in self._readers:
                    self._readers[key] = TagReader(self.source.path, kept, self.source.reading)
                self._listings[types] = kept, self._readers[key]
            listed, reader = self._listings[types]
        # GNER's records have the document beside the sentence or in the instance.
        inner = fields.value.get("instance")
        document = fields.document() or (fields.inner("instance").document() if isinstance(inner, dict) else "")
        self._rows[id] = _Row(replace(fields, value={}), words, tags, listed, reader, document)

    def dataset(self) -> Dataset:
        """What was gathered. Raises InputError for a tag that is illegal or of a type that is not listed, and for a
        record that lists no type although others do."""
        scheme = self._readers[None]
        scheme.recognise(row.tags for row in self._rows.values())
        for reader in self._readers.values():
            reader.scheme = scheme.scheme
        read: dict[str, tuple[str, ...]] = {}
        for id, row in self._rows.items():
            try:
                read[id] = row.reader.read(row.tags, 0, 0)
            except InputError as error:
                raise row.fields.error(self._tags_field, error.message) from None
            if self.source.types is None and row.listed is None:
                self._types.update(dict.fromkeys(tag[2:] for tag in read[id] if tag != "O"))
            elif self.source.types is None and row.listed not in self._met:
                self._met.add(row.listed)
                self._types.update(dict.fromkeys(row.listed or ()))
        types = tuple(self._types)
        if types and self._without_types is not None:
            raise self._without_types.error(self._types_field, "names no type that is left, while other records do")
        sentences = []
        for id, row in self._rows.items():
            listed = () if row.listed is None or row.listed == types else row.listed
            sentences.append(Sentence(id, row.words, read[id], listed, row.document))
        repaired = sum(reader.repaired for reader in self._readers.values())
        return replace(self.source.dataset(sentences, scheme), types=types, repaired=repaired)


@dataclass
class Sets:
    """The data sets that the records of a file name in ``dataset`` and ``split``, or else those of ``source``."""

    source: Source
    tags_field: str
    types_field: str
    _sets: dict[tuple[str, str], Collector] = field(default_factory=dict)

    def of(self, fields: Fields) -> Collector:
        """The data set that a record belongs to."""
        name = fields.get("dataset", str) if "dataset" in fields.value else self.source.name
        split = fields.get("split", str) if "split" in fields.value else self.source.split
        if (name, split) not in self._sets:
            first = fields.strings(TYPES) if TYPES in fields.value else ()
            source = replace(self.source, name=name, split=split)
            self._sets[name, split] = Collector(source, self.tags_field, self.types_field, first)
        return self._sets[name, split]

    def datasets(self) -> list[Dataset]:
        """What was gathered, in order of first appearance."""
        return [collector.dataset() for collector in self._sets.values()]


def one_of(fields: Fields, keys: Sequence[str]) -> str:
    """The first of ``keys`` that an object has. Raises InputError for none."""
    for key in keys:
        if key in fields.value:
            return key
    raise fields.error(keys[0], f"is missing (so are {', '.join(keys[1:])})")


def renamed(types: Iterable[str], reading: Reading) -> tuple[str, ...]:
    """The types as ``reading`` names them, each once, without those it drops."""
    return tuple(dict.fromkeys(reading.rename.get(kind, kind) for kind in types if kind not in reading.drop))


def read_types(path: Path) -> tuple[str, ...]:
    """The entity types of a label file, one a line. Raises InputError when there is none."""
    types = tuple(line.strip() for line in read_text(path).split("\n") if line.strip())
    if not types:
        raise InputError(path, "is empty: no entity type in it")
    return types
