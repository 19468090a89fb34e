"""The data sets of a run."""

from __future__ import annotations

from dataclasses import replace

from gner_bench.data import Dataset, dataset_names, read_dataset
from gner_bench.predict.options import Options


def select(options: Options) -> list[Dataset]:
    """The data sets that ``options`` names, cut to its limit. Raises UsageError or InputError as the reader does."""
    known = dataset_names(options.data)
    read = [read_dataset(options.data, name, options.split) for name in options.datasets or known]
    return [replace(dataset, sentences=dataset.sentences[: options.limit]) for dataset in read]
