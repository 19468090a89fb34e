"""What a prediction run is asked to do."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from gner_bench.data.tags import Repair
from gner_bench.prompting import LabelOrder

DecodingName = Literal["drafted", "greedy", "beam", "constrained"]
Split = Literal["train", "dev", "test"]
DtypeName = Literal["auto", "fp32", "bf16", "fp16"]


@dataclass(frozen=True)
class Options:
    """``data`` is a folder in the GNER layout, None for the cache; no ``datasets`` means all those of the folder.

    ``limit`` is per data set; ``draft_from`` is a run whose outputs are the drafts; ``repair`` says what becomes of
    illegal gold tags.
    """

    data: Path | None
    out: Path
    datasets: tuple[str, ...] = ()
    split: Split = "test"
    limit: int | None = None
    decoding: DecodingName = "greedy"
    batch_size: int = 32
    num_beams: int = 1
    draft_from: Path | None = None
    label_order: LabelOrder = "file"
    seed: int = 0
    repair: Repair = "refuse"
