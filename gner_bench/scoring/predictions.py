"""What is scored: sentences with gold tags and predicted tags, and what is known of the run they come from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from gner_bench.records import Json
from gner_bench.structure.sentence import Structured

SetKey = tuple[str, str]
"""Data set and split."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """One sentence: as many ``gold`` and ``predicted`` tags (``O``, ``B-type``, ``I-type``) as ``words``.

    ``types`` is the prompt's list. ``unplaced`` holds predicted (text, type) pairs that stand at no words of the
    sentence. ``structured`` tells how a generated ``text`` became tags, None where tags came as such; ``generation`` is
    what the run noted. ``file`` and ``line`` are the sentence's place.
    """

    dataset: str
    split: str
    id: str
    types: tuple[str, ...]
    words: tuple[str, ...]
    gold: tuple[str, ...]
    predicted: tuple[str, ...]
    unplaced: tuple[tuple[str, str], ...] = ()
    text: str = ""
    structured: Structured | None = None
    generation: Json = field(default_factory=dict)
    file: Path = Path()
    line: int = 0


@dataclass(frozen=True)
class System:
    """Who made the predictions. ``parameters`` is a count, None where unknown; ``note`` stands in tables.

    ``training_sets`` are the data sets it was trained on, as far as its run says.
    """

    name: str
    parameters: int | None = None
    note: str = ""
    training_sets: tuple[str, ...] = ()


@dataclass(frozen=True)
class Origin:
    """What the signature and the tables must say of predictions beside their counts.

    ``tokenizer`` is the SHA-256 (hex) of the back-tokenizer's file, None where none was used; ``structuring`` names the
    way from text to tags, empty where tags came as such. ``planned`` are the sentences of the data, by set, and
    ``expected`` those that the run set out to predict, 0 where it does not say. ``warnings`` are for people.
    """

    files: tuple[Path, ...]
    system: System
    decoding: str = "unknown"
    tokenizer: str | None = None
    structuring: str = ""
    planned: dict[str, int] = field(default_factory=dict)
    expected: int = 0
    warnings: tuple[str, ...] = ()


class Predictions(Protocol):
    """Predictions that can be read again and again, one sentence at a time."""

    @property
    def origin(self) -> Origin: ...

    def __iter__(self) -> Iterator[Prediction]:
        """Every sentence. Raises InputError naming file, line and field."""
