"""The configuration of `gner-bench run`: which checkpoints on which data, and where the results go."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

from gner_bench.config import read_config
from gner_bench.data.tags import Repair
from gner_bench.errors import InputError
from gner_bench.predict.options import DtypeName, Options, Split
from gner_bench.prompting import LabelOrder


@dataclass(frozen=True)
class NamedCheckpoint:
    """A folder, hub id, catalogue name or ``demo``; ``name`` is what tables and folders call it."""

    model: str
    name: str = ""


@dataclass(frozen=True)
class Matrix:
    """Every checkpoint runs on the same data with the same settings; without ``data`` it comes from the catalogue."""

    predictions: str
    report: str
    checkpoints: tuple[NamedCheckpoint, ...]
    data: str = ""
    datasets: tuple[str, ...] = ()
    split: Split = "test"
    limit: int | None = None
    batch_size: int = 32
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
        settings = {spec.name: getattr(self, spec.name) for spec in fields(Options) if spec.name not in ("data", "out")}
        root = {"demo": demo, "": None}.get(self.data, Path(self.data))
        return Options(data=root, out=out, **settings)


LEAST_ONE = ("limit", "batch_size", "num_beams")


def read_matrix(path: Path) -> Matrix:
    """Read a configuration. Raises InputError naming the key that is wrong."""
    matrix = read_config(Matrix, path)
    for key in LEAST_ONE:
        value = getattr(matrix, key)
        if value is not None and value < 1:
            raise InputError(path, f"must be at least 1, found {value}", field=key)
    names = [name for name, _ in matrix.runs()]
    if not names:
        raise InputError(path, "names no checkpoint", field="checkpoints")
    for name in names:
        if names.count(name) > 1:
            raise InputError(path, f"two checkpoints are called {name!r}; give each a name", field="checkpoints")
    return matrix
