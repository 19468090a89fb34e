"""`gner-bench sensitivity` with a system that knows every answer but follows no type names in upper case."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from gner_bench.predict.generation import Generation
from gner_bench.predict.plan import Task

pytestmark = pytest.mark.slow

Run = Callable[..., Result]
SENSITIVITY = ("sensitivity", "--model", "demo", "--data", "demo", "--dataset", "mit-movie", "--limit", "8")


@pytest.fixture
def knowing(monkeypatch: pytest.MonkeyPatch) -> list[Task]:
    """Lets the checkpoint answer rightly, in the names of the prompt unless these are in upper case; its tasks."""
    from gner_bench.predict.backends import local

    asked: list[Task] = []

    class Knowing(local.BatchedDecoder):
        def __call__(self, tasks: Sequence[Task]) -> Iterator[tuple[Task, Generation]]:
            for task in tasks:
                asked.append(task)
                text = task.record("", {}).gold_text
                yield task, Generation(text.lower() if task.types[0].isupper() else text, 9, "stop")

    monkeypatch.setattr(local, "SpeculativeDecoder", lambda checkpoint, rows, hints: Knowing(checkpoint, rows))
    return asked


def test_each_arm_against_the_base(run: Run, tmp_path: Path, knowing: list[Task]) -> None:
    command = (*SENSITIVITY, "--orders", "2", "--names", "upper,synonyms", "--resamples", "200", "--out", tmp_path)
    result = run(*command, "--json")
    assert result.exit_code == 0, result.output
    document: dict[str, Any] = json.loads(result.stdout)
    arms = {arm["folder"]: arm for arm in document["arms"]}
    assert list(arms) == ["order-0", "order-1", "names-upper", "names-synonyms"]
    assert (document["base"]["mean"], document["sentences"]) == (pytest.approx(1), {"mit-movie": 8})
    assert [round(arm["difference"], 6) for arm in arms.values()] == [0, 0, -1, 0]
    # Holm over four arms: the least p is four times that of the test, the others are 1.
    assert arms["names-upper"]["p_holm"] == pytest.approx(4 * arms["names-upper"]["p"])
    assert {arms[name]["p_holm"] for name in arms if name != "names-upper"} == {1}
    assert document["label_orders"] == {"orders": 2, "sd": 0}
    assert document["left_out"] == ["definitions: the answer format gner has no place for them"]
    # What was asked is in run.json and in each record, whose answer is read back to the types of the data.
    about = json.loads((tmp_path / "names-synonyms/run.json").read_text(encoding="utf-8"))
    assert about["settings"]["type_names"] == about["system"]["type_names"] == "synonyms"
    assert about["datasets"]["mit-movie"]["type_names"]["actor"] == "performer"
    record = json.loads((tmp_path / "names-synonyms/predictions.jsonl").read_text(encoding="utf-8").splitlines()[0])
    names = dict(zip(record["label_list"], record["asked_types"], strict=True))
    assert (names["actor"], names["genre"]) == ("performer", "category")
    assert "performer" in record["instance"]["instruction_inputs"]
    assert "B-actor" in record["instance"]["labels"]
    # The same command asks nothing again.
    before = len(knowing)
    again = run(*command)
    assert again.exit_code == 0, again.output
    assert len(knowing) == before
    assert "−100.0" in again.stdout
    written = {path.name for path in (tmp_path / "report").iterdir()}
    assert {"report.md", "sensitivity.json", "sensitivity.md", "sensitivity.tex", "sensitivity.png"} <= written
    assert "![Mean F1 (GNER metric) of gner-tiny" in (tmp_path / "report/report.md").read_text(encoding="utf-8")


def test_predict_takes_the_names_of_an_arm(run: Run, tmp_path: Path, knowing: list[Task]) -> None:
    command = ("predict", *SENSITIVITY[1:], "--type-names", "underscore", "--out", tmp_path)
    assert run(*command).exit_code == 0
    assert "average_ratings" in knowing[0].types
    scores = json.loads(run("score", tmp_path, "--json", "--resamples", "0").stdout)
    assert scores["average"]["gner"]["f1"] == pytest.approx(1)
    assert scores["datasets"]["mit-movie"]["structuring"]["unknown_labels"] == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--names", "lower"), "--names: unknown 'lower'"),
        (("--orders", "0", "--names", "none"), "there is nothing to vary (definitions: the answer format gner has no"),
        (
            ("--orders", "0", "--names", "none", "--definitions", "none"),
            "there is nothing to vary (no arm is asked for)",
        ),
        (("--backend", "gazetteer"), "the systems of --backend gazetteer are told no types"),
    ],
)
def test_what_cannot_be_varied(
    refusal: Callable[..., str], tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    assert said in refusal(*SENSITIVITY, *arguments, "--out", tmp_path)
