"""The catalogue: facts of the package and of the user's own file, looked up by name."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import TypeVar

from gner_bench.catalog.entries import Dataset, Family, File, Model, PublishedScore, Regime, Shape
from gner_bench.config import read_config, read_toml
from gner_bench.errors import InputError, UsageError, did_you_mean, short

VARIABLE = "GNER_BENCH_CATALOG"
PACKAGED = ("models.toml", "datasets.toml", "files.toml")
CHECKSUM = re.compile(r"git:[0-9a-f]{40}|sha256:[0-9a-f]{64}")
"""Git's blob id, or a SHA-256, of a file."""


N = TypeVar("N", Family, Model, Dataset, File, Shape)


@dataclass(frozen=True)
class Catalog:
    """The entries of one or several files. Names are looked up whatever their case. What must be there raises
    UsageError with the nearest name where it is not."""

    family: tuple[Family, ...] = ()
    model: tuple[Model, ...] = ()
    dataset: tuple[Dataset, ...] = ()
    file: tuple[File, ...] = ()
    shape: tuple[Shape, ...] = ()

    def find_model(self, name: str) -> Model | None:
        """The entry of a name or, but for a base that an adapter makes a system, of a hub id."""
        of_hub = (m for m in self.model if name and m.hub.lower() == name.lower() and not m.adapter)
        return _find(name, self.model) or next(of_hub, None)

    def find_shape(self, checkpoint: str) -> Shape | None:
        """The shape of a checkpoint, by its name or hub id."""
        known = self.find_model(checkpoint)
        names = {checkpoint.lower(), known.hub.lower() if known else ""}
        return next((s for s in self.shape if names & {name.lower() for name in s.checkpoints}), None)

    def find_dataset(self, name: str) -> Dataset | None:
        return _find(name, self.dataset)

    def get_dataset(self, name: str) -> Dataset:
        return _get(name, "data set", self.dataset)

    def get_file(self, name: str) -> File:
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
        chosen: dict[str, Dataset] = {}
        for name in names:
            datasets = self.group(name) or [_get(name, "data set", self.dataset, others=self.groups())]
            chosen.update({dataset.name: dataset for dataset in datasets})
        return list(chosen.values())

    def over(self, other: Catalog) -> Catalog:
        """These entries and those of ``other`` whose names are not among them; ``other`` keeps its order."""
        merged = {}
        for kind in (spec.name for spec in fields(self)):
            own = {entry.name.lower(): entry for entry in getattr(self, kind)}
            merged[kind] = tuple(own.pop(entry.name.lower(), entry) for entry in getattr(other, kind))
            merged[kind] += tuple(own.values())
        return Catalog(**merged)


def catalog() -> Catalog:
    """The packaged entries and, before them, those of the file that ``$GNER_BENCH_CATALOG`` names. Raises InputError,
    naming file and key, for a bad file."""
    user = os.environ.get(VARIABLE)
    return _read(Path(user).absolute() if user else None)


@contextmanager
def use_file(path: Path) -> Iterator[None]:
    """Take the entries of ``path`` for as long as the context lasts."""
    # By the environment, so that processes started meanwhile take them too.
    before = os.environ.get(VARIABLE)
    os.environ[VARIABLE] = str(path)
    try:
        yield
    finally:
        os.environ.pop(VARIABLE)
        if before is not None:
            os.environ[VARIABLE] = before


def published_scores(regime: Regime = "zero-shot") -> list[PublishedScore]:
    """The quoted rows of one regime, in the order of tables."""
    return [row for row in _published() if row.regime == regime]


def bibliography(keys: Collection[str]) -> str:
    """The BibTeX entries of these keys, in the order of published.bib. Raises KeyError for a key that is not there."""
    text = Path(__file__).with_name("published.bib").read_text(encoding="utf-8")
    # An entry ends at the first line that begins with a brace.
    pattern = re.compile(r"^@\w+\{([^,\s]+),\n.*?^\}\n", re.MULTILINE | re.DOTALL)
    entries = {match[1]: match[0] for match in pattern.finditer(text)}
    if unknown := set(keys) - set(entries):
        raise KeyError(*sorted(unknown))
    return "\n".join(entry for key, entry in entries.items() if key in keys)


@dataclass(frozen=True)
class _PublishedFile:
    published: tuple[PublishedScore, ...]


@cache
def _published() -> tuple[PublishedScore, ...]:
    return read_config(_PublishedFile, Path(__file__).with_name("published.toml")).published


def synonyms() -> dict[str, str]:
    """Another name of ours for common entity types."""
    names: dict[str, str] = read_toml(Path(__file__).with_name("synonyms.toml"))["synonyms"]
    return names


@cache
def _read(user: Path | None) -> Catalog:
    """The packaged files, and over them the user's."""
    if user is not None:
        return _checked(read_config(Catalog, user), user).over(_read(None))
    entries = Catalog()
    for name in PACKAGED:
        entries = entries.over(read_config(Catalog, Path(__file__).with_name(name)))
    return entries


def _checked(entries: Catalog, path: Path) -> Catalog:
    """The entries of a user's file. Raises InputError for a name that leads elsewhere, a checksum that is none, and a
    number below 0."""
    for kind in (spec.name for spec in fields(entries)):
        for index, entry in enumerate(getattr(entries, kind)):
            field, parts = f"{kind}[{index}]", entry.name.replace("\\", "/").split("/")
            # A data set's name becomes that of a folder of the cache, a file's its path there.
            if not set(parts).isdisjoint(("", ".", "..")) or (len(parts) > 1 and kind == "dataset"):
                raise InputError(path, f"expected a name, found {short(entry.name)}", field=f"{field}.name")
            if kind == "file" and entry.checksum and not CHECKSUM.fullmatch(entry.checksum):
                message = f"expected git:<40 hex> or sha256:<64 hex>, found {short(entry.checksum)}"
                raise InputError(path, message, field=f"{field}.checksum")
            for key, value in vars(entry).items():
                if type(value) is int and value < 0:
                    raise InputError(path, f"must be 0 or more, found {value}", field=f"{field}.{key}")
    return entries


def _find(name: str, entries: tuple[N, ...]) -> N | None:
    return next((entry for entry in entries if entry.name.lower() == name.lower()), None)


def _get(name: str, what: str, entries: tuple[N, ...], others: list[str] | None = None) -> N:
    """The entry of that name; ``others`` are names that could have been meant too."""
    entry = _find(name, entries)
    if entry is None:
        known = [*(others or ()), *(entry.name for entry in entries)]
        raise UsageError(f"unknown {what} {name!r}; {did_you_mean(name, known)}")
    return entry
