"""Gold from files and folders in any format that is read, as the catalogue's data sets where these are named."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from gner_bench.catalog import catalog
from gner_bench.data.convert import load
from gner_bench.data.gner_layout import is_dataset
from gner_bench.data.sentence import Dataset
from gner_bench.data.tags import Reading, Repair
from gner_bench.errors import UsageError


@dataclass(frozen=True)
class Gold:
    """Where gold is and how it is read; without ``paths`` it stands in the files of predictions.

    ``names`` are those of data sets of the catalogue, one for each path, whose types and names of types are taken;
    ``keep_misc`` keeps the types that they drop. In one folder of data sets names choose some. ``split`` is the split
    of files and chooses that of folders. ``repair`` is for gold ``I-`` tags that continue nothing.
    """

    paths: tuple[Path, ...] = ()
    names: tuple[str, ...] = ()
    split: str | None = None
    keep_misc: bool = False
    repair: Repair = "refuse"

    def read(self) -> list[Dataset]:
        """The data sets of all paths.

        Raises UsageError for an unknown name and for another number of names than paths, InputError (file, line, field)
        for bad content.
        """
        paths = self.paths
        if len(paths) == 1 and self.names and paths[0].is_dir() and not is_dataset(paths[0]):
            paths = tuple(paths[0] / name for name in self.names)
        names = self.names_for(len(paths), "gold")
        return [found for path, name in zip(paths, names, strict=True) for found in self._read(path, name)]

    def names_for(self, count: int, what: str) -> tuple[str | None, ...]:
        """A name, or None, for each of ``count`` files. Raises UsageError for another number of names."""
        if len(self.names) not in (0, count):
            raise UsageError(f"{len(self.names)} names of data sets (--as) for {count} files of {what}")
        return self.names or (None,) * count

    def reading(self, name: str | None) -> tuple[Reading, tuple[str, ...] | None]:
        """How a data set of the catalogue is read from its original source, and its types; None for those met."""
        if name is None:
            return Reading(self.repair), None
        entry = catalog().get_dataset(name)
        types = (*entry.types, *(entry.drop if self.keep_misc else ()))
        return replace(entry.reading(keep_dropped=self.keep_misc), repair=self.repair), types or None

    def _read(self, path: Path, name: str | None) -> list[Dataset]:
        reading, types = self.reading(name)
        found, _ = load(str(path), "auto", reading, name, self.split, types=types)
        return [replace(dataset, source=dataset.source or str(path)) for dataset in found]
