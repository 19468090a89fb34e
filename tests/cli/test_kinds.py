from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from gner_bench.cli import main
from tests.conftest import build_record

Run = Callable[..., Result]
RECIPE = 'checkpoint = "google/flan-t5-base"\n'
EXPERIMENT = 'data = "demo"\n[[systems]]\nmodel = "demo"\n'
OF_SCORES = "compare, report and score --baseline take it"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one of each: runs, scores, a comparison, a report, TOML, a tokenizer, data."""
    folder = tmp_path_factory.mktemp("kinds")
    line = json.dumps(build_record()) + "\n"
    for run in ("one", "runs/a", "runs/b", "runs/deep/c", "runs/d", "runs/e"):
        (folder / run).mkdir(parents=True)
        (folder / run / "predictions.jsonl").write_text(line)
    about: dict[str, Any] = {"version": 2, "status": "finished", "model": {}, "datasets": []}
    (folder / "one/run.json").write_text(json.dumps(about))
    scored = ["score", str(folder / "one/predictions.jsonl"), "--out", str(folder / "scores.json"), "--resamples", "0"]
    (folder / "bare").mkdir()
    (folder / "bare/predictions.jsonl").write_text(line)
    scored[1] = str(folder / "bare/predictions.jsonl")
    assert CliRunner().invoke(main, scored).exit_code == 0
    (folder / "comparison.json").write_text(json.dumps({"version": 1, "systems": [], "comparisons": []}))
    (folder / "report").mkdir()
    (folder / "report/report.json").write_text(json.dumps({"report": "1", "version": "0.1.0", "tables": []}))
    (folder / "tokenizer").mkdir()
    (folder / "tokenizer/tokenizer.json").write_text(json.dumps({"version": "1.0", "added_tokens": [], "model": {}}))
    (folder / "recipe.toml").write_text(RECIPE)
    (folder / "experiment.toml").write_text(EXPERIMENT)
    (folder / "data/news").mkdir(parents=True)
    (folder / "data/news/label.txt").write_text("person\n")
    (folder / "parts/shard-1-of-2").mkdir(parents=True)
    (folder / "parts/shard-1-of-2/run.json").write_text("{}")
    return folder


@pytest.mark.parametrize(
    ("command", "what", "said"),
    [
        ("score", "scores.json", OF_SCORES),
        ("explain", "scores.json", OF_SCORES),
        ("run", "scores.json", OF_SCORES),
        ("merge", "scores.json", OF_SCORES),
        ("score", "one/run.json", "is the run.json of a run; give its folder,"),
        ("compare scores.json", "one/run.json", "is the run.json of a run; give its folder,"),
        ("report --out out --formats md", "one/run.json", "is the run.json of a run"),
        ("compare scores.json", "comparison.json", "is the result of a comparison; no command reads it"),
        ("report --out out --formats md", "report", "is the folder of a report; no command reads it"),
        ("score", "report/report.json", "is the report.json of a report"),
        ("score", "experiment.toml", "is a configuration of run; gner-bench run"),
        ("train --out out", "experiment.toml", "is a configuration of run; gner-bench run"),
        ("run", "recipe.toml", "is a recipe of train; gner-bench train"),
        ("score", "tokenizer/tokenizer.json", "is a tokenizer; score, compare and report take it as --tokenizer"),
        ("run", "one", "is the folder of a run; score, compare, report and explain take it"),
        ("merge", "one/predictions.jsonl", "holds predictions; score takes them"),
        ("score", "data/news", "is a data set; score takes it as --gold"),
        ("explain", "data", "is a folder of data sets; predict and audit take it as --data"),
        ("score", "parts", "is a run in shards; gner-bench merge"),
    ],
)
def test_a_file_of_another_kind_is_named_with_what_takes_it(
    command: str, what: str, said: str, folder: Path, refusal: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    line = refusal("-q", *command.split(), what)
    assert line.startswith(f"{what}: ")
    assert said in line


@pytest.mark.parametrize("verb", ["score", "explain", "compare scores.json"])
def test_a_folder_above_runs_names_some_of_them(
    verb: str, folder: Path, refusal: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    named = "runs/a, runs/b, runs/d and 2 more"
    assert refusal(*verb.split(), "runs") == f"runs: holds no predictions; runs are below it: {named}"


def test_a_baseline_of_another_kind_is_named(folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    result = run("score", "bare", "--baseline", "bare/predictions.jsonl", "--tokenizer", "none")
    assert result.exit_code == 7
    assert "not judged: bare/predictions.jsonl: holds predictions; score takes them" in result.stdout


def test_what_is_wrong_with_a_file_of_the_right_kind_is_said(
    folder: Path, refusal: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file that is bad here was not given itself, or is of the kind that is wanted."""
    monkeypatch.chdir(folder)
    assert refusal("score", "one").startswith("one/run.json: ")
    Path("old.json").write_text(json.dumps({"version": 1, "datasets": {}, "average": {}}))
    assert "version" in refusal("compare", "old.json", "scores.json")
