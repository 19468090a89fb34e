"""The F1 that chooses a checkpoint is the one that predict and score find for it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from gner_bench.cli import main
from gner_bench.demo import CORPUS


@pytest.fixture
def movies(films: Path) -> Path:
    """The set ``movies``: eight sentences to train on and eight to choose by."""
    lines = (CORPUS / "mit-movie/test.txt").read_text(encoding="utf-8").split("\n\n")
    folder = films / "movies"
    folder.mkdir()
    (folder / "label.txt").write_text((CORPUS / "mit-movie/label.txt").read_text(encoding="utf-8"), encoding="utf-8")
    for split, part in (("train", lines[:8]), ("dev", lines[8:16])):
        (folder / f"{split}.txt").write_text("\n\n".join(part) + "\n", encoding="utf-8")
    return films


def test_the_selection_score_is_that_of_predict_and_score(
    movies: Path, tmp_path: Path, recipe_file: Callable[..., Path]
) -> None:
    recipe = recipe_file(
        checkpoint="demo", steps=1, learning_rate=1e-4, sets=[{"name": "movies"}], selection={"dev": ["movies"]}
    )
    out, run = tmp_path / "out", tmp_path / "run"
    data = ["--data", str(movies)]
    for command in (
        ["train", recipe, *data, "--out", out],
        ["predict", "--model", out, *data, "--datasets", "movies", "--split", "dev", "--out", run],
        ["score", run, "--out", tmp_path / "scores.json"],
    ):
        result = CliRunner().invoke(main, [str(each) for each in command])
        assert result.exit_code == 0, result.output
    chosen, found = (
        json.loads(path.read_text(encoding="utf-8"))
        for path in (out / "selection_scores.json", tmp_path / "scores.json")
    )
    assert chosen["average"] == found["average"]
    assert chosen["signature"] == found["signature"]
    assert 0.2 < found["average"]["gner"]["f1"] < 1
    assert json.loads((out / "run.json").read_text(encoding="utf-8"))["best"]["f1"] == found["average"]["gner"]["f1"]
