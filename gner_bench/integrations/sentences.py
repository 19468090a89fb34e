"""What a harness asks, a sentence with its prompts, and what its answers are worth."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from gner_bench.answers import answer_format
from gner_bench.demo import CORPUS
from gner_bench.documents.fields import Fields, Json
from gner_bench.documents.record import record_of
from gner_bench.errors import UsageError
from gner_bench.messages import warn
from gner_bench.predict.asking import asking_of, material_of
from gner_bench.predict.backend import SystemOptions
from gner_bench.predict.inputs import provide_inputs
from gner_bench.predict.options import Limit, Options, Split, TypeNames, chosen
from gner_bench.predict.plan import Task, joined, plan
from gner_bench.scoring.generations import prediction
from gner_bench.scoring.metrics import METRICS, Metric, as_metric, ordered, prf
from gner_bench.structure.back_tokenizer import BackTokenizer

Counts = dict[str, int]
"""Right, predicted and gold of a sentence under ``METRIC_right`` and so on, in units of the metric."""
SIDES = ("right", "predicted", "gold")


def names(text: str | Sequence[str]) -> tuple[str, ...]:
    """``a,b`` as it is written on command lines, or a list."""
    parts = text.split(",") if isinstance(text, str) else text
    return tuple(filter(None, (part.strip() for part in parts)))


def summed_metrics(given: str | Sequence[str]) -> tuple[Metric, ...]:
    """The metrics of these names. Raises UsageError for an unknown one and for one that is no sum over sentences."""
    metrics = ordered(as_metric(name) for name in names(given))
    if wrong := [metric for metric in metrics if METRICS[metric].distinct]:
        raise UsageError(f"the metric {wrong[0]} is of a whole set, not of sentences; gner-bench score counts it")
    return metrics


def questions(
    data: str | None,
    datasets: str | Sequence[str],
    split: Split,
    format: str,
    definitions: str,
    type_names: TypeNames,
    limit: int | None,
) -> list[Task]:
    """The sentences of the data, each with all of its prompts; the parameters are the options of ``predict``.

    ``limit`` are the first sentences of each data set. Prompts are without a wrapping: the harness puts them into the
    chat template. Raises UsageError, InputError and what fetching raises.
    """
    root = CORPUS if data == "demo" else Path(data) if data else None
    sentences = Limit(1, limit) if limit else None
    options = Options(root, Path(), names(datasets), split, limit=sentences)
    system = SystemOptions("", format=format, definitions=definitions, type_names=type_names)
    taken = chosen(provide_inputs((), options, warn), options)
    asking = asking_of(format, "plain", system, material_of(system, options, taken, warn))
    return [task for dataset in taken for task in plan(dataset, options.label_order, options.seed, asking)]


def answered(document: Json, answers: Sequence[str], generation: Json) -> Json:
    """The record with the answers to all of its prompts and what is noted of them."""
    several = answer_format(document.get("format", "gner")).several
    return {**document, "prediction": joined(answers) if several else answers[0], "generation": generation}


def counts(document: Json, metrics: Sequence[Metric], back_tokenizer: BackTokenizer | None = None) -> Counts:
    """What metrics count in an answered record, as ``gner-bench score`` does."""
    path = Path("predictions.jsonl")
    sentence = prediction(path, record_of(Fields(path, document, 1)), back_tokenizer)
    found: Counts = {}
    for metric in metrics:
        triples = METRICS[metric].count(sentence).values()
        sums = [sum(column) for column in zip((0, 0, 0), *triples, strict=True)]
        found |= {f"{metric}_{side}": number for side, number in zip(SIDES, sums, strict=True)}
    return found


def micro_f1(sentences: Iterable[Mapping[str, float]], metric: Metric) -> float:
    """F1 of the counts of all ``sentences`` together."""
    triples = ([counted[f"{metric}_{side}"] for side in SIDES] for counted in sentences)
    right, predicted, gold = (sum(column) for column in zip((0, 0, 0), *triples, strict=True))
    unit = METRICS[metric].unit
    return prf(right / unit, predicted / unit, gold / unit, metric).f1
