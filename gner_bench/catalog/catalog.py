"""The catalogue: facts of the package and of the user's own file, looked up by name."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Protocol, TypeVar

from gner_bench.catalog.datasets import Dataset, File
from gner_bench.catalog.models import Family, Model
from gner_bench.config import read_config
from gner_bench.errors import UsageError, did_you_mean

VARIABLE = "GNER_BENCH_CATALOG"
PACKAGED = ("models.toml", "datasets.toml", "files.toml")


class _Named(Protocol):
    @property
    def name(self) -> str: ...


N = TypeVar("N", bound=_Named)


@dataclass(frozen=True)
class Catalog:
    """The entries of one or several files. Names are looked up whatever their case."""

    family: tuple[Family, ...] = ()
    model: tuple[Model, ...] = ()
    dataset: tuple[Dataset, ...] = ()
    file: tuple[File, ...] = ()

    def find_model(self, name: str) -> Model | None:
        return _find(name, self.model)

    def find_dataset(self, name: str) -> Dataset | None:
        return _find(name, self.dataset)

    def get_dataset(self, name: str) -> Dataset:
        """Raises UsageError with the nearest name."""
        return _get(name, "data set", self.dataset)

    def get_file(self, name: str) -> File:
        """Raises UsageError with the nearest name."""
        return _get(name, "file", self.file)

    def get_family(self, name: str) -> Family:
        return _get(name, "family", self.family)

    def groups(self) -> list[str]:
        """The names of groups of data sets."""
        return list(dict.fromkeys(group for dataset in self.dataset for group in dataset.groups))

    def group(self, name: str) -> list[Dataset]:
        """The data sets of a group, in the order of tables."""
        return [dataset for dataset in self.dataset if name in dataset.groups]

    def expand(self, names: tuple[str, ...]) -> list[Dataset]:
        """The data sets of names and groups, none twice. Raises UsageError with the nearest name."""
        found: dict[str, Dataset] = {}
        for name in names:
            several = self.group(name) or [self._dataset_or_group(name)]
            found.update({dataset.name: dataset for dataset in several})
        return list(found.values())

    def _dataset_or_group(self, name: str) -> Dataset:
        dataset = self.find_dataset(name)
        if dataset is None:
            known = [*self.groups(), *(each.name for each in self.dataset)]
            raise UsageError(f"unknown data set {name!r}; {did_you_mean(name, known)}")
        return dataset

    def over(self, other: Catalog) -> Catalog:
        """These entries and those of ``other`` whose names are not among them; ``other`` keeps its order."""
        return Catalog(
            _merged(self.family, other.family),
            _merged(self.model, other.model),
            _merged(self.dataset, other.dataset),
            _merged(self.file, other.file),
        )


def catalog() -> Catalog:
    """The packaged entries and, before them, those of the file that ``$GNER_BENCH_CATALOG`` names.

    Raises InputError, naming file and key, for a bad file.
    """
    user = os.environ.get(VARIABLE)
    return _with_user_file(Path(user).absolute()) if user else _packaged()


@contextmanager
def use_file(path: Path) -> Iterator[None]:
    """Take the entries of ``path`` for as long as the context lasts."""
    before = os.environ.get(VARIABLE)
    os.environ[VARIABLE] = str(path)
    try:
        yield
    finally:
        os.environ.pop(VARIABLE)
        if before is not None:
            os.environ[VARIABLE] = before


@cache
def _packaged() -> Catalog:
    found = Catalog()
    for name in PACKAGED:
        found = found.over(read_config(Catalog, Path(__file__).with_name(name)))
    return found


@cache
def _with_user_file(path: Path) -> Catalog:
    return read_config(Catalog, path).over(_packaged())


def _find(name: str, entries: tuple[N, ...]) -> N | None:
    return next((entry for entry in entries if entry.name.lower() == name.lower()), None)


def _get(name: str, what: str, entries: tuple[N, ...]) -> N:
    found = _find(name, entries)
    if found is None:
        raise UsageError(f"unknown {what} {name!r}; {did_you_mean(name, [entry.name for entry in entries])}")
    return found


def _merged(first: tuple[N, ...], second: tuple[N, ...]) -> tuple[N, ...]:
    own = {entry.name.lower(): entry for entry in first}
    taken = tuple(own.pop(entry.name.lower(), entry) for entry in second)
    return (*taken, *own.values())
