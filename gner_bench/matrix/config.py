"""The configuration of `gner-bench run`: which checkpoints on which data, and where the results go."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

from gner_bench.config import read_config
from gner_bench.data.tags import Repair
from gner_bench.errors import InputError, UsageError
from gner_bench.predict.options import DecodingName, DtypeName, Limit, Options, Split
from gner_bench.predict.selection import parse_limit
from gner_bench.prompting import LabelOrder


@dataclass(frozen=True)
class NamedCheckpoint:
    """A folder, hub id, catalogue name or ``demo``; ``name`` is what tables and folders call it."""

    model: str
    name: str = ""


@dataclass(frozen=True)
class Matrix:
    """Every checkpoint runs on the same data with the same settings; without ``data`` it comes from the catalogue.

    ``limit`` is a number of sentences or a range such as ``"11-20"``.
    """

    predictions: str
    report: str
    checkpoints: tuple[NamedCheckpoint, ...]
    data: str = ""
    datasets: tuple[str, ...] = ()
    split: Split = "test"
    limit: int | str | None = None
    decoding: DecodingName = "drafted"
    batch_size: int | None = None
    batch_tokens: int | None = None
    num_beams: int = 1
    dtype: DtypeName = "auto"
    device: str = "auto"
    label_order: LabelOrder = "file"
    seed: int = 0
    repair: Repair = "refuse"

    def runs(self) -> Iterator[tuple[str, str]]:
        """The (name, model) of each checkpoint."""
        for checkpoint in self.checkpoints:
            yield checkpoint.name or Path(checkpoint.model).name, checkpoint.model

    def options(self, demo: Path, out: Path) -> Options:
        """What one checkpoint is asked to do. Raises UsageError for a limit that is not one."""
        shared = {spec.name for spec in fields(Options)} & {spec.name for spec in fields(self)} - {"data", "limit"}
        root = {"demo": demo, "": None}.get(self.data, Path(self.data))
        return Options(data=root, out=out, limit=self._limit(), **{name: getattr(self, name) for name in shared})

    def _limit(self) -> Limit | None:
        return None if self.limit is None else parse_limit(str(self.limit))


LEAST_ONE = ("limit", "batch_size", "batch_tokens", "num_beams")
"""Keys whose numbers start at 1."""


def read_matrix(path: Path) -> Matrix:
    """Read a configuration. Raises InputError naming the key that is wrong."""
    matrix = read_config(Matrix, path)
    for key in LEAST_ONE:
        value = getattr(matrix, key)
        if isinstance(value, int) and value < 1:
            raise InputError(path, f"must be at least 1, found {value}", field=key)
    _check_limit(path, matrix.limit)
    names = [name for name, _ in matrix.runs()]
    if not names:
        raise InputError(path, "names no checkpoint", field="checkpoints")
    for name in names:
        if names.count(name) > 1:
            raise InputError(path, f"two checkpoints are called {name!r}; give each a name", field="checkpoints")
    return matrix


def _check_limit(path: Path, limit: int | str | None) -> None:
    try:
        _ = None if limit is None else parse_limit(str(limit))
    except UsageError as error:
        raise InputError(path, str(error), field="limit") from None
