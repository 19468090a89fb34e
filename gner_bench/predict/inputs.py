"""What a run reads: its checkpoints and data sets, fetched into the cache where they are not there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from gner_bench.answers.types import ambiguous_types
from gner_bench.bio import Reading
from gner_bench.catalog import catalog
from gner_bench.data import Dataset, dataset_names, read_dataset
from gner_bench.data.problems import known_problems, problem_warning
from gner_bench.demo import CORPUS
from gner_bench.errors import UsageError
from gner_bench.fetch.checkpoint import on_hub
from gner_bench.fetch.datasets import load_split
from gner_bench.fetch.requirements import Requirements, ensure
from gner_bench.messages import Say
from gner_bench.predict.options import Options, chosen
from gner_bench.predict.sampling import found_order


def provide_inputs(models: Sequence[str], options: Options, say: Say, offline: bool = False) -> list[Dataset]:
    """Fetch what is not in the cache, read the data sets and say what is known to be wrong with the chosen sentences.

    Raises UsageError for an unknown name and for sentences that do not exist, GnerBenchError with the command to run
    when something cannot be fetched, InputError for bad content.
    """
    checkpoints = [checkpoint for checkpoint in map(on_hub, models) if checkpoint is not None]
    entries = catalog().expand(options.datasets) if options.data is None else []
    if options.data is None and not entries:
        raise UsageError("say which data: --datasets with names of `gner-bench list datasets`, or --data with a folder")
    ensure(Requirements(tuple(checkpoints), tuple((entry, options.split) for entry in entries)), say, offline)
    datasets = select(options)
    taken = chosen(datasets, options)
    problems = {
        f"{dataset.name}/{dataset.split}": known_problems(
            dataset.name, dataset.split, (s.words for s in dataset.sentences)
        )
        for dataset in taken
    }
    if warning := problem_warning(problems):
        say(warning)
    for dataset in taken:
        if dataset.repaired:
            say(f"{dataset.name}/{dataset.split}: {dataset.repaired} illegal tags were repaired")
        for remark in dataset.remarks:
            say(remark)
    for types in dict.fromkeys(dataset.types for dataset in taken):
        names = ", ".join(dataset.name for dataset in taken if dataset.types == types)
        for fault in ambiguous_types(types):
            say(f"{names}: types that {fault}")
    for line in section_warnings(datasets, options):
        say(line)
    for checkpoint in checkpoints:
        say_trained_on(checkpoint.name, checkpoint.training_sets, taken, say)
    return datasets


def section_warnings(datasets: Sequence[Dataset], options: Options) -> Iterator[str]:
    """A line for each data set whose order is such that the sentences of ``limit`` are no sample of it."""
    limit = options.limit
    for dataset in chosen(datasets, replace(options, limit=None, sample_ids=())) if limit else ():
        size = min(limit.last, len(dataset.sentences)) - limit.first + 1 if limit else 0
        if 0 < size < len(dataset.sentences) and (order := found_order(dataset.sentences, size)):
            where = f"{dataset.name}/{dataset.split}"
            yield f"--limit {limit} takes a section of {where}, not a sample: {order}; --sample {size} draws at random"


def say_trained_on(name: str, training_sets: Sequence[str], datasets: Sequence[Dataset], say: Say) -> None:
    """Say which of ``datasets`` a system was trained on."""
    if sets := [dataset.name for dataset in datasets if dataset.name in training_sets]:
        say(f"{name} was trained on {', '.join(sets)}: not zero-shot")


def select(options: Options) -> list[Dataset]:
    """The data sets that ``options`` names, whole. Raises UsageError or InputError as the readers do."""
    reading = Reading(repair=options.repair, scheme=options.scheme, columns=options.columns)
    root = options.data
    if root is None:
        return [load_split(entry, options.split, reading) for entry in catalog().expand(options.datasets)]
    known = dataset_names(root)
    groups = {group: [entry.name for entry in catalog().group(group)] for group in catalog().groups()}
    wanted = [
        name for asked in options.datasets for name in ([asked] if asked in known else groups.get(asked, [asked]))
    ]
    datasets = []
    for name in dict.fromkeys(wanted) or known:
        source = f"demo/{name}" if root == CORPUS else str(root / name)
        datasets.append(replace(read_dataset(root, name, options.split, reading), source=source))
    return datasets
