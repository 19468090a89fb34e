"""Converting corpora: reading data sets from wherever they are, writing them in any format."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from gner_bench.data.formats import READERS, detect
from gner_bench.data.gner_layout import SPLITS, dataset_names, is_dataset, read_dataset, splits
from gner_bench.data.hub import read_hub
from gner_bench.data.sentence import Dataset
from gner_bench.data.source import Source
from gner_bench.data.tags import Reading
from gner_bench.data.uniner import Placement, read_uniner_counted
from gner_bench.data.writers import write_conll, write_gner, write_jsonl, write_spans
from gner_bench.errors import InputError, UsageError

INPUTS = ("auto", "gner", *READERS, "hub")
OUTPUTS = ("gner", "gner-jsonl", "conll", "spans")
SPLIT_NAMES = {"valid": "dev", "validation": "dev", **{split: split for split in SPLITS}}
"""The splits that names of files mean."""


def load(
    place: str,
    format: str,
    reading: Reading,
    name: str | None = None,
    split: str | None = None,
    config: str | None = None,
    revision: str | None = None,
    types: tuple[str, ...] | None = None,
) -> tuple[list[Dataset], Placement | None]:
    """The data sets of a file, of a data set's folder, of a folder of these or of the hub, and UniNER's placement.

    ``name``, ``split`` and ``types`` are given to the data set of a file; of folders, ``split`` is the only one read.
    Raises UsageError for options that do not go together and all that the readers raise.
    """
    if format == "hub":
        name = name or place.rstrip("/").rpartition("/")[2]
        rows = read_hub(
            place, split or "test", config=config, revision=revision, name=name, types=types, reading=reading
        )
        return [rows], None
    if config or revision:
        raise UsageError("a configuration and a revision are of the hub (--from hub)")
    path = Path(place)
    if path.is_dir() or format == "gner":
        if format not in ("auto", "gner"):
            raise InputError(path, f"is a folder; {format} is read from a file")
        return _folders(path, reading, name, split), None
    return _file(path, format, reading, name, split, types)


def _folders(path: Path, reading: Reading, name: str | None, split: str | None) -> list[Dataset]:
    if is_dataset(path):
        path = path.absolute()
        found = _splits(path.parent, path.name, reading, split)
        return [replace(dataset, name=name or dataset.name) for dataset in found]
    if name is not None:
        raise UsageError(f"{path}: holds several data sets, which --name cannot name")
    return [dataset for each in dataset_names(path) for dataset in _splits(path, each, reading, split)]


def _splits(root: Path, name: str, reading: Reading, split: str | None) -> list[Dataset]:
    return [read_dataset(root, name, each, reading) for each in ([split] if split else splits(root, name))]


def _file(
    path: Path, format: str, reading: Reading, name: str | None, split: str | None, types: tuple[str, ...] | None
) -> tuple[list[Dataset], Placement | None]:
    source = Source(path, name or _default_name(path), split or _default_split(path), types, reading)
    format = detect(source) if format == "auto" else format
    found, placement = read_uniner_counted(source) if format == "uniner" else (READERS[format](source), None)
    if len(found) == 1:
        return [replace(found[0], name=name or found[0].name, split=split or found[0].split)], placement
    if name or split:
        raise UsageError(f"{path}: holds {len(found)} data sets with names of their own, which stay")
    return found, placement


def _default_name(path: Path) -> str:
    """The folder of a file that is called like a split, else the file's name without its ending."""
    stem = _stem(path)
    return (stem in SPLIT_NAMES and path.absolute().parent.name) or stem


def _default_split(path: Path) -> str:
    return SPLIT_NAMES.get(_stem(path), "test")


def _stem(path: Path) -> str:
    return Path(path.name.removesuffix(".gz")).stem


def save(datasets: Sequence[Dataset], out: Path, format: str, lossy: bool = False) -> list[Path]:
    """Write ``datasets`` to a file or, for ``gner``, a folder of data sets; return the files written.

    Raises InputError for what the format cannot hold, unless it is an order or id that ``lossy`` gives up.
    """
    if format == "gner":
        return write_gner(out, datasets, lossy)
    if format == "conll":
        return write_conll(out, datasets, lossy)
    return write_jsonl(out, datasets) if format == "gner-jsonl" else write_spans(out, datasets)


def remarks(datasets: Sequence[Dataset], reading: Reading, placement: Placement | None) -> Iterator[str]:
    """What a reading changed, in one line for repairs, dropped types and placed mentions each."""
    repaired = [f"{each.repaired} tags of {each.name}/{each.split}" for each in datasets if each.repaired]
    if repaired:
        yield f"repaired ({reading.repair}): {', '.join(repaired)}"
    used = {tag[2:] for each in datasets for sentence in each.sentences for tag in sentence.tags}
    idle = [f"{old}={new}" for old, new in reading.rename.items() if new not in used]
    if idle:
        yield f"renamed nothing: {', '.join(idle)}"
    if reading.drop:
        yield f"dropped: entities of {', '.join(sorted(reading.drop))}"
    if placement:
        yield (
            f"mentions: {placement.found} placed ({placement.several} of them in several places); not placed:"
            f" {placement.overlapping} overlapping, {placement.conflicting} of two types, {placement.missing} missing"
        )
