"""Files of predictions as a system of an experiment, on its sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from gner_bench.answers import ANSWERS
from gner_bench.api import load_predictions
from gner_bench.bio import Reading
from gner_bench.catalog import catalog
from gner_bench.data import Dataset
from gner_bench.errors import InputError, UsageError
from gner_bench.experiment.config import Experiment, Job, several
from gner_bench.predict.library import read_renaming
from gner_bench.predict.options import chosen
from gner_bench.scoring.gold import Gold
from gner_bench.scoring.loading import PREDICTIONS
from gner_bench.scoring.predictions import Origin, Prediction, Predictions, SetKey


@dataclass(frozen=True)
class Selected:
    """Those of ``predictions`` that are of the ``ids`` of a set; of sets that are not in ``ids``, all."""

    origin: Origin
    predictions: Predictions
    names: frozenset[str]
    ids: dict[SetKey, frozenset[str]]

    def __iter__(self) -> Iterator[Prediction]:
        for prediction in self.predictions:
            key = prediction.dataset, prediction.split
            if prediction.dataset in self.names and (key not in self.ids or prediction.id in self.ids[key]):
                yield prediction


def load_imported(job: Job, experiment: Experiment, datasets: Sequence[Dataset]) -> Predictions:
    """The predictions of the files of ``job`` for the sentences that the experiment takes of ``datasets``.

    Their gold is that of these data sets, but for predictions.jsonl, which holds its own, or for files whose entry
    names another. Raises UsageError for what does not go together, InputError for what cannot be read.
    """
    entry, format = job.system, job.system.from_
    names = several(entry.as_)
    gold: Gold | list[Dataset] = []
    if entry.gold:
        reading = (experiment.repair, entry.gold_scheme, entry.gold_columns, entry.tag_names)
        gold = Gold(several(entry.gold), names, entry.split, entry.keep_misc, *reading)
    elif format != PREDICTIONS:
        sets = {dataset.name: dataset for dataset in datasets}
        if unknown := [name for name in names if name not in sets]:
            raise UsageError(f"{job.name}: the data of this run hold no {unknown[0]} (as): {', '.join(sets)}")
        gold = [sets[name] for name in names] or list(datasets)
    of_answers = format == PREDICTIONS or format.partition(":")[0] in ANSWERS
    predictions = load_predictions(
        *entry.files,
        tokenizer=entry.tokenizer,
        name=job.name,
        format=format,
        gold=gold,
        rename=read_renames(entry.rename) if entry.rename else None,
        answers=experiment.answers if of_answers else None,
        clean_up_spaces=entry.clean_up_spaces,
        align=entry.align,
        predicted=Reading(
            experiment.repair, scheme=entry.scheme, columns=entry.columns, keys=entry.field_, tag_names=entry.tag_names
        ),
    )
    origin = predictions.origin
    if known := catalog().find_model(entry.model):
        system = replace(origin.system, parameters=known.parameters, training_sets=known.training_sets)
        origin = replace(origin, system=system)
    return selected(predictions, origin, experiment, datasets)


def selected(predictions: Predictions, origin: Origin, experiment: Experiment, datasets: Sequence[Dataset]) -> Selected:
    """``predictions`` of the sentences that the experiment takes of ``datasets``."""
    cut = chosen(datasets, experiment.options(Path()))
    ids = {(d.name, d.split): frozenset(sentence.id for sentence in d.sentences) for d in cut}
    names = frozenset(dataset.name for dataset in cut)
    planned = {name: count for name, count in origin.planned.items() if name in names}
    asked = sum(len(d.sentences) for d in cut if d.name in planned)
    origin = replace(origin, planned=planned, expected=min(origin.expected, asked))
    return Selected(origin, predictions, names, ids)


def read_renames(path: Path) -> dict[str, str]:
    """The types of a system by those of the data, from a file. Raises InputError for what does not name each one."""
    renaming = read_renaming(path)
    if renaming.by_set or not all(renaming.names.values()):
        raise InputError(path, "renames types of one data set, or to none; files of predictions have one name for each")
    return dict(renaming.names)
