"""The tasks of lm-evaluation-harness, run by it: their figures are those of ``gner-bench score``, to the last digit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("lm_eval", reason="lm_eval is not installed (pip install 'gner-bench[lm-eval]')")

from lm_eval import simple_evaluate
from lm_eval.api.model import LM
from lm_eval.tasks import TaskManager

from gner_bench.errors import UsageError
from gner_bench.integrations.lm_eval import FOLDER
from gner_bench.integrations.lm_eval.functions import answered_records, write_predictions

pytestmark = pytest.mark.slow
Answers = dict[str, dict[str, str]]
Scored = Callable[..., dict[str, Any]]


class Scripted(LM):
    def __init__(self, answers: dict[str, str]) -> None:
        super().__init__()
        self.answers = answers

    def generate_until(self, requests: list[Any]) -> list[str]:
        return [self.answers[request.arguments[0]] for request in requests]

    def loglikelihood(self, requests: list[Any]) -> Any:
        raise NotImplementedError

    loglikelihood_rolling = loglikelihood


def run(model: Any, task: str, **metadata: Any) -> Any:
    manager = TaskManager(include_path=str(FOLDER), include_defaults=False, metadata={"data": "demo", **metadata})
    return simple_evaluate(model=model, tasks=[task], task_manager=manager, bootstrap_iters=0)


def test_figures_are_those_of_score(tmp_path: Path, scripted: Answers, scored: Scored) -> None:
    found = run(Scripted(scripted["gner"]), "gner_zero_shot", sentences=4)
    samples = [sample for of_task in found["samples"].values() for sample in of_task]
    write_predictions(samples, tmp_path / "predictions.jsonl")
    document = scored(tmp_path / "predictions.jsonl")
    assert len(document["datasets"]) == 7
    for metric in ("gner", "strict"):
        group = found["results"]["gner_zero_shot"][f"{metric}_f1,none"]
        assert 0.2 < group < 0.95
        assert group == document["average"][metric]["f1"]
        for name, values in document["datasets"].items():
            assert found["results"][f"gner_{name}"][f"{metric}_f1,none"] == values[metric]["f1"]


def test_a_format_with_a_prompt_for_each_type(tmp_path: Path, scripted: Answers, scored: Scored) -> None:
    found = run(Scripted(scripted["uniner"]), "gner_mit-movie", format="uniner", sentences=2)
    samples = found["samples"]["gner_mit-movie"]
    write_predictions(samples, tmp_path / "predictions.jsonl")
    document = scored(tmp_path / "predictions.jsonl")
    assert document["datasets"]["mit-movie"]["sentences"] == 2 < len(samples)
    result = found["results"]["gner_mit-movie"]
    assert result["strict_f1,none"] == document["datasets"]["mit-movie"]["strict"]["f1"]
    with pytest.raises(UsageError, match=r"mit-movie/0: 1 of \d+ prompts were asked; where --limit cuts"):
        answered_records([tuple(samples[0]["gner_f1"])])


def test_the_dummy_model_scores_nothing() -> None:
    """It answers "lol"; one task takes the data sets that are asked for."""
    found = run("dummy", "gner_ner", dataset="mit-movie,crossner_ai", sentences=2)["results"]["gner_ner"]
    assert (found["sample_len"], found["gner_f1,none"], found["strict_f1,none"]) == (4, 0, 0)
