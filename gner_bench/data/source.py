"""What a reader of any format is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from gner_bench.data.sentence import Dataset, Sentence
from gner_bench.data.tags import Reading, TagReader
from gner_bench.errors import InputError


@dataclass(frozen=True)
class Source:
    """A file to read; ``name``, ``split`` and ``types`` hold where the file does not say them itself.

    ``types`` are those after renaming; without them a format that lists no types takes those it meets.
    """

    path: Path
    name: str
    split: str
    types: tuple[str, ...] | None = None
    reading: Reading = field(default_factory=Reading)

    def tag_reader(self) -> TagReader:
        return TagReader(self.path, self.types, self.reading)

    def dataset(self, sentences: list[Sentence], tags: TagReader) -> Dataset:
        """The data set of ``sentences`` that ``tags`` has read. Raises InputError when there is no sentence."""
        if not sentences:
            raise InputError(self.path, "is empty: no sentence in it")
        types = self.types if self.types is not None else tuple(tags.seen)
        return Dataset(self.name, self.split, types, tuple(sentences), tags.repaired)


Reader = Callable[[Source], list[Dataset]]
