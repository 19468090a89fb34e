"""A task and a scorer for inspect_ai, by which any of its providers can be evaluated.

In a shell: ``inspect eval gner_bench/ner --model openai/gpt-4o -T datasets=zero-shot``. The figures are those that
``gner-bench score`` gives for the same answers, and ``write_predictions`` writes these as predictions.jsonl.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gner_bench.answers import answer_format
from gner_bench.errors import UsageError
from gner_bench.extras import require
from gner_bench.files import replacement
from gner_bench.integrations.sentences import answered, counts, micro_f1, questions, summed_metrics
from gner_bench.predict.options import Split, TypeNames
from gner_bench.predict.requests import MAX_NEW_TOKENS
from gner_bench.structure.back_tokenizer import load_back_tokenizer

require("inspect_ai")

from inspect_ai import Task, task  # noqa: E402
from inspect_ai.dataset import MemoryDataset, Sample  # noqa: E402
from inspect_ai.model import ChatMessageUser, GenerateConfig, ModelOutput  # noqa: E402
from inspect_ai.scorer import Metric, SampleScore, Score, Scorer, Target, metric, scorer  # noqa: E402
from inspect_ai.solver import Generate, Solver, TaskState, solver  # noqa: E402

if TYPE_CHECKING:
    from inspect_ai.log import EvalLog

FINISHES = {"stop": "stop", "max_tokens": "length", "model_length": "length"}
"""What records call the reasons that inspect_ai gives; others keep their names."""


@task
def ner(
    datasets: str | Sequence[str] = "zero-shot",
    data: str | None = None,
    split: Split = "test",
    format: str = "gner",
    definitions: str = "none",
    type_names: TypeNames = "given",
    limit: int | None = None,
    metrics: str | Sequence[str] = "gner,strict",
    tokenizer: str | None = None,
) -> Task:
    """Named entities in the sentences of data sets.

    ``data`` is a folder in the GNER layout (``demo`` for the packaged corpus), None for the cache, into which
    ``datasets`` of the catalogue are fetched. ``format``, ``definitions``, ``type_names`` and ``limit`` (sentences of
    each data set) are as in ``gner-bench predict``; ``metrics`` and ``tokenizer`` (a path, for back-tokenization) as in
    ``score``. Raises GnerBenchError as these do.
    """
    summed_metrics(metrics)
    samples = []
    for question in questions(data, datasets, split, format, definitions, type_names, limit):
        record, prompts = question.record("", {}).document(), question.prompts
        samples.append(
            Sample(
                id="/".join(question.key),
                input=prompts[0],
                target=record["instance"]["prompt_labels"],
                metadata={"dataset": question.dataset, "prompts": prompts, "record": record},
            )
        )
    return Task(
        dataset=MemoryDataset(samples, name=f"gner_bench {format}"),
        solver=ask(),
        scorer=entities(metrics, tokenizer),
        config=GenerateConfig(temperature=0.0, max_tokens=answer_format(format).max_new_tokens or MAX_NEW_TOKENS),
    )


@solver
def ask() -> Solver:
    """Asks each prompt of a sentence by itself, as formats with one for each type have several."""

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        outputs: list[ModelOutput] = []
        for prompt in state.metadata["prompts"]:
            state.messages = [ChatMessageUser(content=prompt)]
            state = await generate(state)
            outputs.append(state.output)
        reasons = [FINISHES.get(output.stop_reason, output.stop_reason) for output in outputs]
        state.metadata["answers"] = [output.completion for output in outputs]
        state.metadata["generation"] = {
            "tokens": sum(output.usage.output_tokens for output in outputs if output.usage),
            "finish": next((reason for reason in reasons if reason != "stop"), "stop"),
        }
        return state

    return solve


@metric
def micro(name: str = "gner") -> Metric:
    """F1 of each data set, and the mean over data sets, which GNER prints."""

    def figures(scores: list[SampleScore]) -> dict[str, float]:
        sets: dict[str, list[Any]] = {}
        for sample in scores:
            sets.setdefault((sample.sample_metadata or {})["dataset"], []).append(sample.score.value)
        found = {dataset: micro_f1(counted, name) for dataset, counted in sets.items()}
        mean = {f"{name}_f1": sum(found.values()) / len(found)} if found else {}
        return mean | {f"{dataset}_{name}_f1": f1 for dataset, f1 in found.items()}

    return figures


def entities(metrics: str | Sequence[str] = "gner,strict", tokenizer: str | None = None) -> Scorer:
    """Counts the entities of an answer by each of ``metrics``; ``tokenizer`` as in ``ner``."""
    chosen = summed_metrics(metrics)

    @scorer(metrics=[micro(name) for name in chosen], name="entities")
    def counted(metrics: list[str], tokenizer: str | None) -> Scorer:
        back_tokenizer = load_back_tokenizer(Path(tokenizer)) if tokenizer else None

        async def score(state: TaskState, target: Target) -> Score:
            record = answered(state.metadata["record"], state.metadata["answers"], state.metadata["generation"])
            return Score(value=counts(record, metrics, back_tokenizer), answer=record["prediction"])

        return score

    return counted(list(chosen), tokenizer)


def write_predictions(log: EvalLog, path: str | Path) -> None:
    """The answers of a log of ``ner`` as a file of predictions, for ``gner-bench score``, ``report`` and ``compare``.
    Of several epochs the first is written. Raises UsageError for a log without answers to ``ner``."""
    first = [sample for sample in log.samples or () if sample.epoch == 1 and "answers" in sample.metadata]
    if not first:
        raise UsageError(f"{log.location or 'the log'}: holds no answers of gner_bench/ner")
    with replacement(Path(path)) as file:
        for sample in first:
            kept = sample.metadata
            record = answered(kept["record"], kept["answers"], kept["generation"])
            file.write(json.dumps(record, ensure_ascii=False).encode() + b"\n")
