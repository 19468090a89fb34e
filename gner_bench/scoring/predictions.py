"""What is scored: sentences with gold tags and predicted tags, and what is known of the run they come from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Protocol, runtime_checkable

from gner_bench.bio import Span, lenient_spans, strict_spans
from gner_bench.documents.fields import Json
from gner_bench.documents.run import Run
from gner_bench.documents.scores import Computed, System
from gner_bench.structure.structured import Structured

SetKey = tuple[str, str]
"""Data set and split."""
NO_PREDICTIONS = "no predictions of"
"""How the warning begins that names sets of the gold that were not predicted."""


@dataclass(frozen=True)
class Prediction:
    """One sentence: as many ``gold`` and ``predicted`` tags (``O``, ``B-type``, ``I-type``) as ``words``.

    ``types`` is the prompt's list; ``asked`` are the names that prompt and answer have for them, where these are
    others. ``unplaced`` holds predicted (text, type) pairs that are at no words of the sentence. ``structured`` tells
    how a generated ``text`` became tags, None where tags came as such; ``generation`` is what the run noted. ``file``
    and ``line`` are the sentence's place. ``structuring`` names the way from the answer to tags as the signature does,
    empty where tags came as such; ``rule`` is the one that the answer was read under where it is not its format's own.
    ``notes`` tell what was noticed of the answer, each as often as it was; ``reading`` says how a free answer was read
    (see answers.front), empty for others. ``document`` names the one that the sentence is of, empty where the data name
    none.
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
    structuring: str = ""
    rule: str = ""
    notes: tuple[str, ...] = ()
    reading: str = ""
    document: str = ""
    asked: tuple[str, ...] = ()

    @cached_property
    def faultless(self) -> bool:
        """Whether the predicted tags are the gold ones."""
        return self.predicted == self.gold

    @cached_property
    def gold_spans(self) -> list[Span]:
        """The strict spans of the gold tags."""
        return strict_spans(self.gold)

    @cached_property
    def predicted_spans(self) -> list[Span]:
        """The strict spans of the predicted tags."""
        return self.gold_spans if self.faultless else strict_spans(self.predicted)

    @cached_property
    def gold_mentions(self) -> list[Span]:
        """The lenient spans of the gold tags."""
        return _mentions(self.gold, self.gold_spans)

    @cached_property
    def predicted_mentions(self) -> list[Span]:
        """The lenient spans of the predicted tags."""
        return self.gold_mentions if self.faultless else _mentions(self.predicted, self.predicted_spans)


def _mentions(tags: Sequence[str], strict: list[Span]) -> list[Span]:
    """The lenient spans of tags: the strict ones, if these hold every word that is not O."""
    held = sum([end - start for start, end, _ in strict])
    return strict if held == len(tags) - tags.count("O") else lenient_spans(tags)


@dataclass(frozen=True)
class Origin:
    """What the signature and the tables must say of predictions beside their counts.

    ``tokenizer`` is the SHA-256 (hex) of the back-tokenizer's file, None where none was used; of files with different
    ones, those of all with ``+`` between them, ``none`` for none. ``structuring`` names the
    way from text to tags, empty where tags came as such. ``planned`` are the sentences of the data, by set, and
    ``expected`` those that the run set out to predict, 0 where it does not say. ``runs`` are the run.json beside those
    files that have one. ``warnings`` are for people. ``options`` are keys of the signature that are there only where
    reading was not the usual one. ``computed`` is what made the outputs, None where no run.json says it.
    """

    files: tuple[Path, ...]
    system: System
    decoding: str = "unknown"
    tokenizer: str | None = None
    structuring: str = ""
    planned: dict[str, int] = field(default_factory=dict)
    expected: int = 0
    warnings: tuple[str, ...] = ()
    options: dict[str, str] = field(default_factory=dict)
    runs: Mapping[Path, Run] = field(default_factory=dict)
    computed: Computed | None = None


class Predictions(Protocol):
    """Predictions that can be read again and again, one sentence at a time."""

    @property
    def origin(self) -> Origin: ...

    def __iter__(self) -> Iterator[Prediction]:
        """Every sentence. Raises InputError naming file, line and field."""


@runtime_checkable
class Divisible(Predictions, Protocol):
    """Predictions in parts, of which each can be read without those before it."""

    def parts(self) -> Sequence[Predictions]:
        """The parts in order, the same whatever machine they are read on."""
