"""The task of inspect_ai, run with its mock model: its figures are those of ``gner-bench score``, to the last digit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("inspect_ai", reason="inspect_ai is not installed (pip install 'gner-bench[inspect]')")

from inspect_ai import eval as evaluate
from inspect_ai.model import Model, ModelOutput, ModelUsage, get_model

from gner_bench.errors import UsageError
from gner_bench.integrations.inspect import ner, write_predictions

pytestmark = pytest.mark.slow
Answers = dict[str, dict[str, str]]
Scored = Callable[..., dict[str, Any]]


def mock(answers: dict[str, str], reason: Any = "stop") -> Model:
    """Says what it uses: else the mock counts tokens with a tokenizer from the network."""

    def answer(messages: list[Any], *_: object) -> ModelOutput:
        output = ModelOutput.from_content("mock", answers[messages[-1].text], stop_reason=reason)
        output.usage = ModelUsage(input_tokens=5, output_tokens=7, total_tokens=12)
        return output

    return get_model("mockllm/model", custom_outputs=answer)


def run(model: Model, folder: Path, **arguments: Any) -> Any:
    [log] = evaluate(ner(data="demo", **arguments), model=model, display="none", log_dir=str(folder))
    assert log.status == "success", log.error
    return log


def figures(log: Any) -> dict[str, float]:
    (found,) = log.results.scores
    return {name: metric.value for name, metric in found.metrics.items()}


def test_figures_are_those_of_score(tmp_path: Path, scripted: Answers, scored: Scored) -> None:
    log = run(mock(scripted["gner"]), tmp_path, limit=4)
    write_predictions(log, tmp_path / "predictions.jsonl")
    document, found = scored(tmp_path / "predictions.jsonl"), figures(log)
    assert 0.2 < found["gner_f1"] < 0.95
    assert len(found) == 16
    for metric in ("gner", "strict"):
        assert found[f"{metric}_f1"] == document["average"][metric]["f1"]
        for name, values in document["datasets"].items():
            assert found[f"{name}_{metric}_f1"] == values[metric]["f1"]


def test_a_format_with_a_prompt_for_each_type(tmp_path: Path, scripted: Answers, scored: Scored) -> None:
    arguments = {"datasets": "mit-movie", "format": "uniner", "limit": 2, "metrics": "conlleval"}
    log = run(mock(scripted["uniner"], "max_tokens"), tmp_path, **arguments)
    write_predictions(log, tmp_path / "predictions.jsonl")
    document = scored(tmp_path / "predictions.jsonl", "conlleval")
    assert document["datasets"]["mit-movie"]["structuring"]["cut_outputs"] == 2
    prompts = len(log.samples[0].metadata["prompts"])
    assert prompts > 1
    assert log.samples[0].metadata["generation"] == {"tokens": 7 * prompts, "finish": "length"}
    assert figures(log) == {
        "conlleval_f1": document["average"]["conlleval"]["f1"],
        "mit-movie_conlleval_f1": document["datasets"]["mit-movie"]["conlleval"]["f1"],
    }


def test_what_cannot_be_asked_is_refused_before_any_model_is() -> None:
    with pytest.raises(UsageError, match="the metric surface is of a whole set, not of sentences"):
        ner(data="demo", metrics="surface")
    with pytest.raises(UsageError, match="unknown metric 'f1'"):
        ner(data="demo", metrics="f1")
    with pytest.raises(UsageError, match="gner2"):
        ner(data="demo", format="gner2")


def test_a_log_of_another_task_has_no_predictions(tmp_path: Path) -> None:
    from inspect_ai import Task
    from inspect_ai.dataset import Sample

    task = Task(dataset=[Sample(input="a")])
    [log] = evaluate(task, model=mock({"a": "b"}), display="none", log_dir=str(tmp_path))
    with pytest.raises(UsageError, match="holds no answers of gner_bench/ner"):
        write_predictions(log, tmp_path / "predictions.jsonl")
