"""What the catalogue says of a checkpoint, a data set, a file and a published score: the entries of its TOML files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from gner_bench.answers.answer import Wrapping
from gner_bench.bio import Reading

FamilyName = Literal["t5", "llama"]
Split = Literal["train", "dev", "test"]
Regime = Literal["zero-shot", "supervised"]
BYTES = {"fp32": 4, "bf16": 2}
MEMORY_CLASSES = (8, 16, 24, 48, 80)
"""Sizes of accelerators in GB."""
MEMORY_SHARE = 1.25
"""Memory asked for, as a multiple of the weights; room for activations and the cache of small batches (an estimate)."""


@dataclass(frozen=True)
class Family:
    """How checkpoints of one architecture are prompted, and their limits in tokens (0 where there is none). Source:
    Ding et al. 2024, released scripts: 640 in and 640 out for T5, 1,280 in all for LLaMA."""

    name: FamilyName
    wrapping: Wrapping
    max_input_tokens: int = 0
    max_new_tokens: int = 0
    max_total_tokens: int = 0


@dataclass(frozen=True)
class Model:
    """A public system: a checkpoint on the Hugging Face hub, and how it is asked.

    ``hub`` is its id there and ``revision`` a commit or a branch; ``parameters`` is a count as published, None where
    unknown; ``bytes`` the size of the weights, 0 where unknown; ``training_sets`` are those that its authors name, by
    the names of the catalogue where it has them. ``family`` is that of GNER checkpoints, empty for others.

    ``backend``, ``format``, ``wrapping``, ``max_new_tokens`` and ``adapter`` (a LoRA adapter on top of ``hub``) are
    what the options of these names are where they are not given; an empty backend says that its prompt is not built in.
    ``published`` are the names of its quoted rows, beside those of its own name. ``source`` is where all that was read.
    """

    name: str
    hub: str
    family: Literal["t5", "llama", ""] = ""
    parameters: int | None = None
    licence: str = "unknown"
    revision: str = "main"
    bytes: int = 0
    training_sets: tuple[str, ...] = ()
    note: str = ""
    backend: str = "local"
    format: str = ""
    wrapping: Wrapping | None = None
    max_new_tokens: int | None = None
    adapter: str | None = None
    published: tuple[str, ...] = ()
    source: str = ""

    @property
    def pinned(self) -> bool:
        """Whether the revision is a commit, so that the bytes cannot change."""
        return re.fullmatch(r"[0-9a-f]{40}", self.revision) is not None

    @property
    def memory_class(self) -> str:
        """The smallest common accelerator that should hold the model in bf16 (an estimate), empty where unknown."""
        needed = (self.weights_bytes("bf16") or 0) * MEMORY_SHARE / 1e9
        fitting = next((f"{size} GB" for size in MEMORY_CLASSES if needed <= size), "several GPUs")
        return fitting if needed else ""

    def weights_bytes(self, dtype: str) -> int | None:
        """Bytes of the weights in memory, None where the parameters are unknown."""
        return None if self.parameters is None else self.parameters * BYTES[dtype]

    def is_published_as(self, system: str) -> bool:
        """Whether the quoted row of this name is of this system."""
        return system == self.name or system in self.published


@dataclass(frozen=True)
class Shape:
    """The sizes of an architecture, as its configuration has them; ``checkpoints`` (names, hub ids) have it. ``layers``
    are those of an encoder and again of a decoder, or of a decoder alone."""

    name: str
    checkpoints: tuple[str, ...]
    family: FamilyName
    vocabulary: int
    width: int
    inner_width: int
    layers: int
    heads: int
    head_width: int


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
    """Where splits come from: fetched ``files`` (their names in the catalogue) in a data ``format``, or a ``hub`` set.

    ``files`` maps a split to a file, for the hub to a path pattern below ``revision``; ``tag_names`` are needed where
    the hub's features do not name the tags. The format is looked up in the registry of data formats when it is used.
    """

    files: dict[str, str]
    format: str = "conll"
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

    ``known_types`` are those that it is known to have where they are not all known (``types`` is empty then).
    ``definitions`` say what each of them means in the set, in a sentence of ours.
    ``rename`` and ``drop`` map the types of the original source to these; ``folder`` is a local data root that holds
    it; ``sources`` are in order of preference.
    """

    name: str
    title: str = ""
    groups: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    known_types: tuple[str, ...] = ()
    definitions: dict[str, str] = field(default_factory=dict)
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


@dataclass(frozen=True)
class PublishedScore:
    """One system's F1 as others published it. It is quoted, never measured here.

    ``scores`` (by data set) and ``average`` are in percent with the digits of the publication. ``parameters``
    is a count, None where unknown. ``comparable`` is False where the gold is not that of the GNER protocol. ``cite``
    are the keys of its publications in published.bib. ``scorer`` says what was counted as right: ``gner`` for the GNER
    metric, empty where that is not known. ``footnotes`` are on single scores, by data set.
    """

    system: str
    year: int
    source: str
    average: float
    scores: Mapping[str, float]
    parameters: float | None = None
    note: str = ""
    comparable: bool = True
    regime: Regime = "zero-shot"
    cite: tuple[str, ...] = ()
    scorer: str = ""
    footnotes: Mapping[str, str] = field(default_factory=dict)

    @property
    def scored_by(self) -> str:
        """What a table of the GNER metric must say of the scorer, empty for the GNER metric."""
        if self.scorer == "gner":
            return ""
        return (
            f"scored by {self.scorer}, not by the GNER metric"
            if self.scorer
            else "not known to be scored by the GNER metric"
        )
