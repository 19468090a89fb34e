"""What the YAML files of this folder call."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from gner_bench.documents.fields import Json
from gner_bench.errors import UsageError
from gner_bench.files import replacement
from gner_bench.integrations.sentences import answered, counts, micro_f1, questions
from gner_bench.predict.options import Split, TypeNames
from gner_bench.scoring.metrics import Metric

Item = tuple[str, int, int, str]
"""The record of a sentence as JSON, without an answer; which of how many prompts it is, and the answer to it."""


def questions_of(
    dataset: str = "",
    data: str | None = None,
    split: Split = "test",
    format: str = "gner",
    definitions: str = "none",
    type_names: TypeNames = "given",
    sentences: int | None = None,
    **_: Any,
) -> dict[str, Any]:
    """A row for each prompt of each sentence.

    The parameters come from ``--metadata`` and are as in ``gner-bench predict``, with ``sentences`` for its limit: the
    first of each data set. Without a ``dataset`` all those of ``data`` are asked about. What else the harness puts
    there, such as the arguments of the model, is not for us.
    """
    from datasets import Dataset  # type: ignore[import-untyped]

    rows = []
    for question in questions(data, dataset, split, format, definitions, type_names, sentences):
        record = question.record("", {}).document()
        document, prompts = json.dumps(record, ensure_ascii=False), question.prompts
        target = record["instance"]["prompt_labels"]
        for number, prompt in enumerate(prompts):
            rows.append({"prompt": prompt, "target": target, "record": document, "ask": number, "asks": len(prompts)})
    return {"test": Dataset.from_list(rows)}


def answer(row: Json, results: Sequence[str]) -> dict[str, Item]:
    """The answer to a prompt, which is counted once all of a sentence are there."""
    item = row["record"], row["ask"], row["asks"], results[0]
    return {"gner_f1": item, "strict_f1": item}


def gner_f1(items: Iterable[Item], metric: Metric = "gner") -> float:
    """Micro F1 by the GNER metric; over several data sets the mean."""
    sets: dict[str, list[dict[str, int]]] = {}
    for document in answered_records(items):
        sets.setdefault(document["dataset"], []).append(counts(document, [metric]))
    return sum(micro_f1(counted, metric) for counted in sets.values()) / len(sets)


def strict_f1(items: Iterable[Item]) -> float:
    """The same by the strict metric."""
    return gner_f1(items, "strict")


def answered_records(items: Iterable[Item]) -> list[Json]:
    """The records of sentences with their answers. Raises UsageError for a sentence whose prompts were not all asked,
    as where --limit cuts between them."""
    answers: dict[str, dict[int, str]] = {}
    asks: dict[str, int] = {}
    for document, ask, count, text in items:
        answers.setdefault(document, {})[ask] = text
        asks[document] = count
    documents = []
    for text, given in answers.items():
        document = json.loads(text)
        if len(given) < asks[text]:
            name = f"{document['dataset']}/{document['instance']['id']}"
            why = 'where --limit cuts between them, "sentences" in --metadata does not'
            raise UsageError(f"{name}: {len(given)} of {asks[text]} prompts were asked; {why}")
        documents.append(answered(document, [given[ask] for ask in sorted(given)], {}))
    return documents


def write_predictions(samples: Iterable[Json], path: str | Path) -> None:
    """The answers of a task of ours as a file of predictions, from the samples that ``--log_samples`` keeps.

    Raises UsageError as ``answered_records`` does.
    """
    records = answered_records(tuple(sample["gner_f1"]) for sample in samples)
    with replacement(Path(path)) as file:
        for record in records:
            file.write(json.dumps(record, ensure_ascii=False).encode() + b"\n")
