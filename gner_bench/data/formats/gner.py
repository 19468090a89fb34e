"""The layout of the GNER data: ``<root>/<dataset>/{train,dev,test}.txt`` and ``label.txt``, one type a line.

In place of ``.txt`` a split may be a file of any other format that gner-bench reads.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from gner_bench.bio import Reading
from gner_bench.data.collect import read_types, renamed
from gner_bench.data.formats import DataFormat, Source, read_file, suffixes
from gner_bench.data.formats.writing import as_columns, check, set_name
from gner_bench.data.sentence import Dataset
from gner_bench.errors import InputError, UsageError, did_you_mean, short
from gner_bench.files import write_atomic

SPLITS = ("train", "dev", "test")
LABELS = "label.txt"
MARK = "\ufeff"


def dataset_names(root: Path) -> list[str]:
    """The data sets below ``root``, sorted. Raises InputError when there is no such folder or none in it."""
    if not root.is_dir():
        raise InputError(root, "no such folder")
    names = sorted(path.name for path in root.iterdir() if is_dataset(path))
    if not names:
        raise InputError(root, "holds no data set (a folder with label.txt and train.txt, dev.txt or test.txt)")
    return names


def is_dataset(folder: Path) -> bool:
    """Whether a folder has a label file or the file of a split that needs none."""
    return (folder / LABELS).is_file() or any(
        (folder / f"{split}{suffix}").is_file() for split in SPLITS for suffix in suffixes() if suffix != ".txt"
    )


def split_file(folder: Path, split: str) -> Path:
    """The file of a split, or the name it should have."""
    files = [folder / f"{split}{suffix}" for suffix in suffixes()]
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
    datasets = read_file(Source(path, name, split, types, reading))
    for dataset in datasets:
        if dataset.name == name and dataset.split == split:
            return dataset
    if len(datasets) == 1:
        return replace(datasets[0], name=name, split=split)
    raise InputError(path, f"holds no sentences of {name}/{split}")


def write_gner(root: Path, datasets: Sequence[Dataset], lossy: bool = False) -> list[Path]:
    """Write ``root/<name>/label.txt`` and ``<split>.txt`` for each data set and return the files.

    Refuses (InputError) names that are no folder names, words and types that lines cannot hold, and a label file that
    is there with other types. With ``lossy``, such a label file gets the types that it lacks at its end, and ids and
    the order of types in single prompts may be lost.
    """
    check(root, datasets)
    labels: dict[Path, tuple[str, ...]] = {}
    texts: dict[Path, str] = {}
    for dataset in datasets:
        name = dataset.name
        if not name or Path(name).name != name or name == ".." or min(name) < " ":
            raise InputError(root, f"{short(name)} cannot name the folder of a data set")
        if dataset.split not in SPLITS:
            raise UsageError(f"{set_name(dataset)}: the layout holds {', '.join(SPLITS)}, not {short(dataset.split)}")
        path, types = root / name / LABELS, dataset.types
        for kind in types:
            if not kind or kind.strip() != kind or kind.startswith(MARK) or set(kind) & {"\t", "\n"}:
                raise InputError(path, f"a line cannot hold the type {short(kind)}")
        there = labels.get(path) or (read_types(path) if path.is_file() else types)
        if not types:
            raise InputError(path, f"{set_name(dataset)} has no type")
        if there != types and not lossy:
            raise InputError(path, f"is there with other types than {set_name(dataset)} has (--lossy adds to them)")
        labels[path] = tuple(dict.fromkeys((*there, *types)))
        path = root / name / f"{dataset.split}.txt"
        texts[path] = as_columns(path, dataset, lossy)
    for path, types in labels.items():
        write_atomic(path, "".join(f"{kind}\n" for kind in types))
    for path, text in texts.items():
        write_atomic(path, text)
    return [*labels, *texts]


GNER_LAYOUT = DataFormat(
    "gner",
    "GNER's layout: folders with label.txt and word<TAB>tag lines; gold",
    write=write_gner,
    example="news/label.txt:  PER\n                 LOC\nnews/test.txt:   Ann<TAB>B-PER\n                 saw<TAB>O\n"
    "                 Oslo<TAB>B-LOC",
    suffixes=(".txt",),
    folder=True,
)
