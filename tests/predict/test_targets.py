"""A checkpoint that writes another target than the GNER text, from generation to scores."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from gner_bench.api import load_predictions
from gner_bench.cli import main
from gner_bench.demo import CHECKPOINT

PREDICT = ("predict", "--data", "demo", "--datasets", "mit-movie", "--limit", "2")


@pytest.fixture
def writes(tmp_path: Path) -> Callable[[str], Path]:
    """The embedded checkpoint, said to write a target."""

    def build(target: str) -> Path:
        folder = Path(shutil.copytree(CHECKPOINT, tmp_path / target.replace(":", "")))
        facts = json.loads((folder / "training.json").read_text(encoding="utf-8"))
        (folder / "training.json").write_text(json.dumps({**facts, "target": target}), encoding="utf-8")
        return folder

    return build


def test_the_target_goes_with_the_predictions(writes: Callable[[str], Path], tmp_path: Path) -> None:
    run = tmp_path / "run"
    done = CliRunner().invoke(main, [*PREDICT, "--model", str(writes("context:1")), "--out", str(run)])
    assert done.exit_code == 0, done.output
    records = [json.loads(line) for line in (run / "predictions.jsonl").read_text(encoding="utf-8").splitlines()]
    assert {record["format"] for record in records} == {"context:1"}
    assert all("(B-" not in record["instance"]["prompt_labels"] for record in records)
    assert json.loads((run / "run.json").read_text(encoding="utf-8"))["settings"]["decoding"] == "greedy"
    assert load_predictions(run).origin.structuring == "hierarchical-1/context:1"


def test_generated_text_is_read_as_its_target(tmp_path: Path) -> None:
    words, labels = ["tom", "hanks", "sang"], ["B-actor", "I-actor", "O"]
    record = {
        "dataset": "films",
        "split": "test",
        "target": "entities",
        "label_list": ["actor"],
        "instance": {"id": "0", "words": words, "labels": labels},
        "prediction": "tom(actor) hanks(actor)",
    }
    path = tmp_path / "predictions.jsonl"
    path.write_text(json.dumps(record) + "\n", encoding="utf-8")
    assert [prediction.predicted for prediction in load_predictions(path)] == [tuple(labels)]
    path.write_text(json.dumps({**record, "target": "bio"}) + "\n", encoding="utf-8")
    done = CliRunner().invoke(main, ["score", str(path)])
    assert done.exit_code == 2
    assert f"{path}, line 1: format: unknown answer format 'bio'" in done.stderr


def test_constrained_decoding_and_unknown_targets_are_refused(writes: Callable[[str], Path], tmp_path: Path) -> None:
    out = ("--out", str(tmp_path / "run"))
    model = str(writes("entities"))
    refused = CliRunner().invoke(main, [*PREDICT, "--model", model, "--decoding", "constrained", *out])
    assert refused.exit_code == 2
    assert "constrained decoding is for GNER's text, and gner-tiny is asked for entities" in refused.stderr
    unknown = CliRunner().invoke(main, [*PREDICT, "--model", str(writes("bio")), *out])
    assert unknown.exit_code == 2
    assert "training.json: target: unknown answer format 'bio'" in unknown.stderr
