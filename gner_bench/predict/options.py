"""What a prediction run is asked to do."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from gner_bench.data.tags import Repair
from gner_bench.errors import UsageError
from gner_bench.prompting import LabelOrder

DecodingName = Literal["drafted", "greedy", "beam", "constrained"]
Split = Literal["train", "dev", "test"]
DtypeName = Literal["auto", "fp32", "bf16", "fp16"]


@dataclass(frozen=True)
class Limit:
    """The sentences ``first`` to ``last`` of each data set, counted from 1, both included."""

    first: int
    last: int

    def __str__(self) -> str:
        return f"{self.first}-{self.last}"


@dataclass(frozen=True)
class Shard:
    """Part ``index`` (from 1) of ``count``: every ``count``-th sentence of the run."""

    index: int
    count: int

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"

    @property
    def folder(self) -> str:
        """The name of its folder below that of the run."""
        return f"shard-{self.index}-of-{self.count}"


@dataclass(frozen=True)
class Options:
    """``data`` is a folder in the GNER layout, None for the cache; no ``datasets`` means all those of the folder.

    ``sample_ids`` are ``dataset/id``, or plain ids where there is one data set; none means all sentences.
    ``batch_size`` sentences are decoded side by side, or as many as ``batch_tokens`` or the memory allow.
    ``draft_from`` is a run whose outputs are the drafts; ``repair`` says what becomes of illegal gold tags.
    Raises UsageError for drafts that the decoding has no use for.
    """

    data: Path | None
    out: Path
    datasets: tuple[str, ...] = ()
    split: Split = "test"
    limit: Limit | None = None
    sample_ids: tuple[str, ...] = ()
    shard: Shard | None = None
    decoding: DecodingName = "drafted"
    batch_size: int | None = None
    batch_tokens: int | None = None
    num_beams: int = 1
    draft_from: Path | None = None
    label_order: LabelOrder = "file"
    seed: int = 0
    repair: Repair = "refuse"

    def __post_init__(self) -> None:
        if self.draft_from and self.effective_decoding != "drafted":
            raise UsageError(f"--draft-from is for drafted decoding, not for {self.effective_decoding}")

    @property
    def effective_decoding(self) -> DecodingName:
        """The decoding that is meant: several beams are a beam search."""
        return "beam" if self.num_beams > 1 else self.decoding
