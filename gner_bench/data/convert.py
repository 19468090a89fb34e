"""Converting corpora: reading data sets from wherever they are, writing them in any format."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from gner_bench.bio import Reading
from gner_bench.catalog import catalog
from gner_bench.catalog.entries import Dataset as Entry
from gner_bench.data.formats import FORMATS, Source, detect, read_file, suffixes
from gner_bench.data.formats.gner import SPLITS, dataset_names, is_dataset, read_dataset, splits
from gner_bench.data.sentence import Dataset
from gner_bench.errors import InputError, UsageError
from gner_bench.files import STDIN

AUTO, HUB = "auto", "hub"
SPLIT_NAMES = {"valid": "dev", "validation": "dev", **{split: split for split in SPLITS}}
"""The splits that names of files mean."""


def inputs() -> list[str]:
    """The names of formats that ``load`` may be asked for, those of other packages among them."""
    return [AUTO, *(name for name, format in FORMATS.usable().items() if format.read or format.folder)]


def outputs() -> list[str]:
    """The names of formats that can be written."""
    return [name for name, format in FORMATS.usable().items() if format.write]


def load(
    place: str,
    format: str,
    reading: Reading,
    name: str | None = None,
    split: str | None = None,
    config: str | None = None,
    revision: str | None = None,
    types: tuple[str, ...] | None = None,
) -> list[Dataset]:
    """The data sets of a file, of a data set's folder, of a folder of these or of the hub.

    ``name``, ``split`` and ``types`` are given to the data set of a file; of folders, ``split`` is the only one read.
    Raises UsageError for options that do not go together and all that the readers raise.
    """
    path = Path(place)
    if format == HUB:
        name = name or place.rstrip("/").rpartition("/")[2]
        return read_file(Source(path, name, split or "test", types, reading, config, revision), format)
    if config or revision:
        raise UsageError("a configuration and a revision are of the hub (--from hub)")
    folder = format != AUTO and FORMATS.get(format).folder
    if path.is_dir() or folder:
        if format != AUTO and not folder:
            raise InputError(path, f"is a folder; {format} is read from a file")
        return _load_folder(path, folder, reading, name, split, types)
    # A file that is called like a split is named by its folder.
    stem = "stdin" if path == STDIN else Path(path.name.removesuffix(".gz")).stem
    default = (stem in SPLIT_NAMES and path.absolute().parent.name) or stem
    source = Source(path, name or default, split or SPLIT_NAMES.get(stem, "test"), types, reading)
    datasets = read_file(source, detect(path) if format == AUTO else format)
    if len(datasets) == 1:
        return [replace(datasets[0], name=name or datasets[0].name, split=split or datasets[0].split)]
    if name or split:
        raise UsageError(f"{path}: holds {len(datasets)} data sets with names of their own, which stay")
    return datasets


def entries_for(place: str, name: str) -> list[tuple[str, Entry]]:
    """The entry of the catalogue that ``name`` names, for a place as a whole or, as the beginning of names, for each of
    its folders: ``crossner`` for ``ai``, which is crossner_ai. Raises UsageError for neither."""
    if catalog().find_dataset(name) is None and Path(place).is_dir():
        folders = [folder for folder in sorted(Path(place).iterdir()) if _split_files(folder)]
        known = [(folder, catalog().find_dataset(f"{name}{gap}{folder.name}")) for folder in folders for gap in "_-"]
        if entries := [(str(folder), entry) for folder, entry in known if entry is not None]:
            return entries
    return [(place, catalog().get_dataset(name))]


def _load_folder(
    path: Path, layout: bool, reading: Reading, name: str | None, split: str | None, types: tuple[str, ...] | None
) -> list[Dataset]:
    """The data sets of a folder: one with label.txt or files called like splits, or one of such folders. A ``layout``
    says that those with label.txt, which says what to read, are meant; they go first in any case."""
    if is_dataset(path):
        path = path.absolute()
        root, names = path.parent, [path.name]
    elif files := _split_files(path):
        return _read_splits(files, name or path.absolute().name, split, types, reading)
    else:
        folders = [folder for folder in sorted(path.iterdir()) if folder.is_dir()] if path.is_dir() else []
        parts: dict[str, dict[str, Path]] = {}
        if not layout and not any(map(is_dataset, folders)):
            parts = {folder.name: files for folder in folders if (files := _split_files(folder))}
        if name is not None:
            which = f" ({', '.join(parts)})" if parts else ""
            raise UsageError(f"{path}: holds several data sets{which}, which --name cannot name")
        if parts:
            sets = (_read_splits(files, part, split, types, reading) for part, files in parts.items())
            return [dataset for datasets in sets for dataset in datasets]
        root, names = path, dataset_names(path)
    wanted = [(own, part) for own in names for part in ([split] if split else splits(root, own))]
    datasets = [read_dataset(root, own, part, reading) for own, part in wanted]
    return [replace(dataset, name=name or dataset.name) for dataset in datasets]


def _split_files(folder: Path) -> dict[str, Path]:
    """The files in a folder that are called like splits. Raises UsageError for two of one split."""
    files: dict[str, Path] = {}
    for file in sorted(folder.iterdir()) if folder.is_dir() else ():
        stem, dot, suffix = file.name.partition(".")
        split = SPLIT_NAMES.get(stem.lower())
        if split is None or not file.is_file() or dot + suffix.lower() not in suffixes():
            continue
        if split in files:
            raise UsageError(f"{folder}: {files[split].name} and {file.name} may both be the split {split}")
        files[split] = file
    return {split: files[split] for split in SPLITS if split in files}


def _read_splits(
    files: dict[str, Path], name: str, split: str | None, types: tuple[str, ...] | None, reading: Reading
) -> list[Dataset]:
    """The splits of one data set without a label file: its types are those of all splits, train first."""
    if split is not None and split not in files:
        raise UsageError(f"{name} has no file of the split {split}")
    wanted = {split: files[split]} if split else files
    sources = [Source(path, name, part, types, reading) for part, path in wanted.items()]
    datasets = [dataset for source in sources for dataset in read_file(source, detect(source.path))]
    met = tuple(dict.fromkeys(kind for dataset in datasets for kind in dataset.types))
    return [replace(dataset, types=types or met) for dataset in datasets]


def save(datasets: Sequence[Dataset], out: Path, format: str, lossy: bool = False) -> list[Path]:
    """Write ``datasets`` to a file or, for ``gner``, a folder of data sets; return the files written.

    Raises InputError for what the format cannot hold, unless it is an order or id that ``lossy`` gives up, and
    UsageError for a format that cannot be written.
    """
    write = FORMATS.get(format).write
    if write is None:
        raise UsageError(f"the format {format} can only be read; to write: {', '.join(outputs())}")
    return write(out, datasets, lossy)


def remarks(datasets: Sequence[Dataset], reading: Reading) -> Iterator[str]:
    """What a reading changed, in one line for repairs, dropped types and what the readers remark each."""
    repaired = [
        f"{dataset.repaired} tags of {dataset.name}/{dataset.split}" for dataset in datasets if dataset.repaired
    ]
    if repaired:
        yield f"repaired ({reading.repair}): {', '.join(repaired)}"
    used = {tag[2:] for dataset in datasets for sentence in dataset.sentences for tag in sentence.tags}
    idle = [f"{old}={new}" for old, new in reading.rename.items() if new not in used]
    if idle:
        yield f"renamed nothing: {', '.join(idle)}"
    if reading.drop:
        yield f"dropped: entities of {', '.join(sorted(reading.drop))}"
    for dataset in datasets:
        yield from dataset.remarks
