"""What a run reads: its checkpoints and data sets, fetched into the cache where they are not there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from gner_bench.catalog import catalog
from gner_bench.catalog.problems import known_problems, problem_warning
from gner_bench.data import Dataset, Reading, dataset_names, read_dataset
from gner_bench.demo import CORPUS
from gner_bench.errors import UsageError
from gner_bench.fetch.datasets import load_split
from gner_bench.fetch.locate import HubCheckpoint, on_hub
from gner_bench.fetch.need import Needs, ensure
from gner_bench.predict.options import Options
from gner_bench.predict.selection import chosen

Tell = Callable[[str], None]


def provide_inputs(models: Sequence[str], options: Options, tell: Tell, offline: bool = False) -> list[Dataset]:
    """Fetch what is not in the cache, read the data sets and tell what is known to be wrong with the chosen sentences.

    Raises UsageError for an unknown name and for sentences that do not exist, GnerBenchError with the command to run
    when something cannot be fetched, InputError for bad content.
    """
    checkpoints = [found for found in map(on_hub, models) if found is not None]
    entries = catalog().expand(options.datasets) if options.data is None else []
    if options.data is None and not entries:
        raise UsageError("say which data: --datasets with names of `gner-bench list datasets`, or --data with a folder")
    splits = [(entry, options.split) for entry in entries]
    ensure(Needs(tuple(checkpoints), tuple(splits)), tell, offline)
    datasets = select(options)
    taken = chosen(datasets, options)
    for warning in (*_warnings(taken), *_supervised(checkpoints, taken)):
        tell(warning)
    return datasets


def _supervised(checkpoints: Sequence[HubCheckpoint], datasets: Sequence[Dataset]) -> list[str]:
    found = {c.name: [d.name for d in datasets if d.name in c.training_sets] for c in checkpoints}
    return [f"{name} was trained on {', '.join(sets)}: not zero-shot" for name, sets in found.items() if sets]


def select(options: Options) -> list[Dataset]:
    """The data sets that ``options`` names, whole. Raises UsageError or InputError as the readers do."""
    reading = Reading(repair=options.repair)
    if options.data is None:
        return [load_split(entry, options.split, reading) for entry in catalog().expand(options.datasets)]
    names = _names_below(options.data, options.datasets)
    return [_read(options.data, name, options.split, reading) for name in names]


def _read(root: Path, name: str, split: str, reading: Reading) -> Dataset:
    source = f"demo/{name}" if root == CORPUS else str(root / name)
    return replace(read_dataset(root, name, split, reading), source=source)


def _names_below(root: Path, names: Sequence[str]) -> list[str]:
    """``names`` with groups of the catalogue replaced by their sets, or all sets of the folder."""
    known = dataset_names(root)
    groups = {group: [entry.name for entry in catalog().group(group)] for group in catalog().groups()}
    wanted = [each for name in names for each in ([name] if name in known else groups.get(name, [name]))]
    return list(dict.fromkeys(wanted)) or known


def _warnings(datasets: Sequence[Dataset]) -> list[str]:
    found = {f"{d.name}/{d.split}": known_problems(d.name, d.split, (s.words for s in d.sentences)) for d in datasets}
    repaired = [f"{d.name}/{d.split}: {d.repaired} illegal tags were repaired" for d in datasets if d.repaired]
    return [line for line in (problem_warning(found), *repaired) if line]
