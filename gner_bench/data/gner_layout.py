"""The layout of the GNER data: ``<root>/<dataset>/{train,dev,test}.txt`` and ``label.txt``, one type a line.

In place of ``.txt`` a split may be a file of any other format that gner-bench reads.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from gner_bench.data.collect import renamed
from gner_bench.data.formats import SUFFIXES, read_file
from gner_bench.data.sentence import Dataset
from gner_bench.data.source import Source
from gner_bench.data.tags import Reading
from gner_bench.data.text import read_types
from gner_bench.errors import InputError, UsageError, did_you_mean

SPLITS = ("train", "dev", "test")
LABELS = "label.txt"


def dataset_names(root: Path) -> list[str]:
    """The data sets below ``root``, sorted. Raises InputError when there is no such folder or none in it."""
    if not root.is_dir():
        raise InputError(root, "no such folder")
    names = sorted(path.name for path in root.iterdir() if is_dataset(path))
    if not names:
        raise InputError(root, "holds no data set (a folder with label.txt and train.txt, dev.txt or test.txt)")
    return names


def is_dataset(folder: Path) -> bool:
    return (folder / LABELS).is_file() or any(
        (folder / f"{split}{suffix}").is_file() for split in SPLITS for suffix in SUFFIXES if suffix != ".txt"
    )


def split_file(folder: Path, split: str) -> Path:
    """The file of a split, or the name it should have."""
    files = [folder / f"{split}{suffix}" for suffix in SUFFIXES]
    return next((file for file in files if file.is_file()), files[0])


def splits(root: Path, name: str) -> list[str]:
    """The splits that a data set has."""
    return [split for split in SPLITS if split_file(root / name, split).is_file()]


def read_dataset(root: Path, name: str, split: str = "test", reading: Reading | None = None) -> Dataset:
    """Read one split. Raises UsageError for an unknown name, InputError (file, line, field) for bad content."""
    folder, reading = root / name, reading or Reading()
    if not is_dataset(folder) and split_file(folder, split).is_file():
        raise InputError(folder / LABELS, "no such file; it lists the entity types, one a line")
    if not is_dataset(folder):
        raise UsageError(f"{root}: unknown data set {name!r}; {did_you_mean(name, dataset_names(root))}")
    labels = folder / LABELS
    types = renamed(read_types(labels), reading) if labels.is_file() else None
    path = split_file(folder, split)
    found = read_file(Source(path, name, split, types, reading))
    for dataset in found:
        if dataset.name == name and dataset.split == split:
            return dataset
    if len(found) == 1:
        return replace(found[0], name=name, split=split)
    raise InputError(path, f"holds no sentences of {name}/{split}")
