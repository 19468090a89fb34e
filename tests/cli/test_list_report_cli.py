from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from gner_bench.catalog import catalog, published_scores

Build = Callable[..., dict[str, Any]]
Write = Callable[..., Path]
Run = Callable[..., Result]
Refusal = Callable[..., str]

UNBROKEN = 16  # characters that the narrowest first column holds on one line
NAMES = {
    "models": [model.name for model in catalog().model],
    "datasets": [dataset.name for dataset in catalog().dataset],
    "published": [score.system for score in (*published_scores(), *published_scores("supervised"))],
}


@pytest.fixture
def scores(run: Run, record: Build, predictions_file: Write, tmp_path: Path) -> Path:
    """The scores.json of one sentence of a zero-shot set, one of whose two entities is found."""
    path = predictions_file(record(dataset="crossner_ai", prediction="Ann(B-person) saw(O) Oslo(O)"))
    out = tmp_path / "base.json"
    assert run("score", path, "--out", out, "--name", "base").exit_code == 0
    return out


@pytest.mark.parametrize("what", NAMES)
def test_list_prints_every_entry_as_a_table(run: Run, what: str) -> None:
    result = run("list", what)
    assert result.exit_code == 0
    cells = {cell.strip() for line in result.stdout.splitlines() for cell in line.split("│")}
    assert {name for name in NAMES[what] if len(name) <= UNBROKEN} <= cells


@pytest.mark.parametrize("what", NAMES)
def test_list_prints_every_entry_as_json(run: Run, what: str) -> None:
    result = run("list", what, "--json")
    assert result.exit_code == 0
    key = "system" if what == "published" else "name"
    assert [entry[key] for entry in json.loads(result.stdout)] == NAMES[what]


def test_published_scores_are_marked_as_quoted(run: Run) -> None:
    result = run("list", "published")
    assert result.stdout.splitlines()[0].strip() == "published scores (quoted)"


def test_list_of_something_else_is_refused(run: Run) -> None:
    result = run("list", "checkpoints")
    assert result.exit_code == 2
    assert "models" in result.stderr


@pytest.mark.slow
def test_report_writes_its_files_and_names_the_folder(
    run: Run, scores: Path, tmp_path: Path, report_files: set[str]
) -> None:
    out = tmp_path / "report"
    result = run("report", scores, "--out", out)
    assert result.exit_code == 0, result.output
    assert {path.name for path in out.iterdir()} == report_files
    *left_out, last = result.stderr.splitlines()
    assert last.startswith(f"{out}: index.html, report.json, report.md, report.tex, ")
    assert "no figure of differences from the baseline: no --baseline to compare with" in left_out
    with (out / "tables" / "f1_gner.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["crossner_ai"]) for row in rows if row["kind"] == "measured"] == [pytest.approx(200 / 3)]
    assert len([row for row in rows if row["kind"] == "quoted"]) == len(published_scores())


def test_report_prints_the_table_and_may_leave_out_published_rows(run: Run, scores: Path, tmp_path: Path) -> None:
    result = run("report", scores, "--out", tmp_path / "report", "--no-published", "--formats", "csv")
    assert result.exit_code == 0
    cells = [[cell.strip() for cell in line.split("│")] for line in result.stdout.splitlines()]
    assert any("base a" in row and any(cell.startswith("66.7") for cell in row) for row in cells)
    assert "GNER-T5-base" not in result.stdout
    assert "quoted" not in (tmp_path / "report" / "tables" / "f1_gner.csv").read_text(encoding="utf-8")
    assert {path.name for path in (tmp_path / "report").iterdir()} == {"tables", "report.md", "report.json"}


def test_report_shows_chosen_published_rows(run: Run, scores: Path, tmp_path: Path) -> None:
    result = run("report", scores, "--out", tmp_path / "r", "--published", "UniNER-*,instructuie", "--formats", "md")
    assert result.exit_code == 0
    assert all(name in result.stdout for name in ("UniNER-7B (quoted)", "UniNER-13B (quoted)", "InstructUIE (quoted)"))
    assert "GNER-T5" not in result.stdout


def test_report_compares_prediction_files_with_a_baseline(
    run: Run, record: Build, predictions_file: Write, tmp_path: Path
) -> None:
    wrong = "Ann(O) saw(B-place) Oslo(O)"
    good = [record(dataset="crossner_ai", id=str(i)) for i in range(12)]
    bad = [record(dataset="crossner_ai", id=str(i), prediction=wrong) for i in range(12)]
    paths = predictions_file(*bad, file="bad.jsonl"), predictions_file(*good, file="good.jsonl")
    arguments = ("--out", tmp_path / "r", "--baseline", paths[0], "--tokenizer", "none", "--formats", "md")
    result = run("report", paths[1], *arguments, "--metric", "strict", "--intervals")
    assert result.exit_code == 0, result.output
    verdict = result.stdout.splitlines()[-1]
    assert verdict.startswith("better: good against bad: strict F1 0.0 → 100.0, +100.0 points (95% interval +100.0 to")
    # 24 entities, all right, two a sentence: Wilson's interval of 12 of 12 is 75.8 to 100, that of F1 86.2 to 100.
    assert "100.0±6.9*" in result.stdout
    assert "no difference" not in (tmp_path / "r" / "report.md").read_text(encoding="utf-8")


def test_report_prints_json(run: Run, scores: Path, tmp_path: Path) -> None:
    result = run("report", scores, "--out", tmp_path / "r", "--formats", "json", "--json")
    assert result.exit_code == 0
    found = json.loads(result.stdout)
    assert [system["name"] for system in found["systems"]] == ["base"]
    assert found["tables"][0]["columns"][:3] == ["system", "kind", "crossner_ai"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--baseline", "bas"], "--baseline 'bas' is neither a file nor a system of this report; did you mean 'base'?"),
        (["--published", "GNER-T5-bass"], "unknown published system 'GNER-T5-bass'; did you mean 'GNER-T5-base'?"),
        (["--formats", "md,pgn"], "unknown format 'pgn'; did you mean 'png'?"),
        (["--metric", "token"], "metrics: holds no token; score the predictions again with --metric token"),
    ],
)
def test_requests_that_cannot_be_met_end_in_one_line(
    refusal: Refusal, scores: Path, tmp_path: Path, arguments: list[str], said: str
) -> None:
    assert refusal("report", scores, "--out", tmp_path / "r", *arguments).endswith(said)
    assert not (tmp_path / "r").exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text[: len(text) // 2], "is not JSON"),
        (lambda text: "[]", "expected a JSON object"),
        (lambda text: "", "is not JSON"),
        (lambda text: text.replace('"signature"', '"sign"'), "signature: is missing"),
        (lambda text: text.replace('"version": 2', '"version": "one"'), "version: "),
        (lambda text: text.replace('"version": 2', '"version": 1'), "version: 1 has no counts of sentences"),
    ],
    ids=["cut in half", "an array", "empty", "no signature", "another version", "version 1"],
)
def test_bad_scores_end_in_one_line(
    refusal: Refusal, scores: Path, tmp_path: Path, change: Callable[[str], str], said: str
) -> None:
    scores.write_text(change(scores.read_text(encoding="utf-8")), encoding="utf-8")
    line = refusal("report", scores, "--out", tmp_path / "report")
    assert line.startswith(str(scores))
    assert said in line
    assert not (tmp_path / "report").exists()


def test_missing_scores_end_in_one_line(refusal: Refusal, tmp_path: Path) -> None:
    line = refusal("report", tmp_path / "none.json", "--out", tmp_path / "report")
    assert line == f"{tmp_path / 'none.json'}: No such file or directory"


def test_a_report_in_place_of_a_file_is_refused(refusal: Refusal, scores: Path) -> None:
    assert refusal("report", scores, "--out", scores).startswith(f"{scores}: cannot write to this folder")
