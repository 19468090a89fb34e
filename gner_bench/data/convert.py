"""Converting corpora: reading data sets from wherever they are, writing them in any format."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from gner_bench.bio import Reading
from gner_bench.data.formats import FORMATS, Source, detect, read_file
from gner_bench.data.formats.gner import SPLITS, dataset_names, is_dataset, read_dataset, splits
from gner_bench.data.sentence import Dataset
from gner_bench.errors import InputError, UsageError

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
        if is_dataset(path):
            path = path.absolute()
            root, names = path.parent, [path.name]
        elif name is not None:
            raise UsageError(f"{path}: holds several data sets, which --name cannot name")
        else:
            root, names = path, dataset_names(path)
        datasets = [
            read_dataset(root, own, chosen, reading)
            for own in names
            for chosen in ([split] if split else splits(root, own))
        ]
        return [replace(dataset, name=name or dataset.name) for dataset in datasets]
    # A file that is called like a split is named by its folder.
    stem = Path(path.name.removesuffix(".gz")).stem
    default = (stem in SPLIT_NAMES and path.absolute().parent.name) or stem
    source = Source(path, name or default, split or SPLIT_NAMES.get(stem, "test"), types, reading)
    datasets = read_file(source, detect(path) if format == AUTO else format)
    if len(datasets) == 1:
        return [replace(datasets[0], name=name or datasets[0].name, split=split or datasets[0].split)]
    if name or split:
        raise UsageError(f"{path}: holds {len(datasets)} data sets with names of their own, which stay")
    return datasets


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
