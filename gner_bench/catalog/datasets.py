"""What the catalogue says of a data set: what it must hold, where it comes from, what is known to be wrong with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from gner_bench.data.tags import Reading

Format = Literal["gner-jsonl", "conll", "spans", "uniner"]
Split = Literal["train", "dev", "test"]


@dataclass(frozen=True)
class File:
    """A file to be fetched: ``urls`` in order of preference, all of the same bytes.

    ``checksum`` is ``git:`` and a git blob id, or ``sha256:`` and a hash; ``bytes`` is the size, 0 where unknown.
    ``predictions_of`` names the checkpoint whose published generations it holds.
    """

    name: str
    urls: tuple[str, ...]
    checksum: str = ""
    bytes: int = 0
    licence: str = "unknown"
    predictions_of: str = ""


@dataclass(frozen=True)
class SplitFacts:
    """What a split must hold. ``content_hash`` is that of gner_bench.data.content_hash; ``other_hashes`` are those of
    known copies that differ, as the data set's note says. Empty where we have not seen the split."""

    sentences: int = 0
    words: int = 0
    entities: int = 0
    content_hash: str = ""
    other_hashes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Source:
    """Where splits come from: fetched ``files`` (their names in the catalogue) in a ``format``, or a ``hub`` data set.

    ``files`` maps a split to a file, for the hub to a path pattern below ``revision``; ``tag_names`` are needed where
    the hub's features do not name the tags.
    """

    files: dict[str, str]
    format: Format = "conll"
    hub: str = ""
    revision: str = "main"
    tag_names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Problem:
    """A known defect of a split. ``sentences`` are short hashes of the sentences it touches; none means all of them."""

    split: Split
    what: str
    sentences: tuple[str, ...] = ()


@dataclass(frozen=True)
class Dataset:
    """A data set. ``title`` heads its column in tables; ``types`` are in the order of GNER's label file.

    ``rename`` and ``drop`` map the types of the original source to these; ``folder`` is a local data root that holds
    it; ``sources`` are in order of preference.
    """

    name: str
    title: str = ""
    groups: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    rename: dict[str, str] = field(default_factory=dict)
    drop: tuple[str, ...] = ()
    splits: dict[str, SplitFacts] = field(default_factory=dict)
    sources: tuple[Source, ...] = ()
    folder: str = ""
    problems: tuple[Problem, ...] = ()
    licence: str = "unknown"
    citation: str = ""
    homepage: str = ""
    note: str = ""

    @property
    def sentences(self) -> int:
        """Sentences of the test split, 0 where unknown."""
        return self.splits.get("test", SplitFacts()).sentences

    def reading(self, keep_dropped: bool = False) -> Reading:
        """How the original source becomes this data set."""
        return Reading(rename=self.rename, drop=frozenset() if keep_dropped else frozenset(self.drop))
