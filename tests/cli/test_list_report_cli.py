from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from gner_bench.catalog import catalog, published_scores
from gner_bench.report.figures.registry import Figures

Build = Callable[..., dict[str, Any]]
Write = Callable[..., Path]
Run = Callable[..., Result]
Refusal = Callable[..., str]

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
    first = [line.partition("  ")[0] for line in result.stdout.splitlines()[3:]]
    assert first == NAMES[what]  # a line each, as stdout is no terminal


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
    assert last.startswith(
        f"{out}: checklist.md, figures.tex, index.html, notes.tex, quoted.bib, report.json, report.md, report.tex, "
    )
    assert left_out[-1].startswith("Figures left out: differences from the baseline (no --baseline to compare with); ")
    with (out / "tables" / "f1_gner.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["crossner_ai"]) for row in rows if row["kind"] == "measured"] == [pytest.approx(200 / 3)]
    assert len([row for row in rows if row["kind"] == "quoted"]) == len(published_scores())


def test_report_prints_the_table_and_may_leave_out_published_rows(run: Run, scores: Path, tmp_path: Path) -> None:
    result = run("report", scores, "--out", tmp_path / "report", "--quoted", "none", "--formats", "csv")
    assert result.exit_code == 0
    cells = [[cell.strip() for cell in line.split("│")] for line in result.stdout.splitlines()]
    assert any("base a" in row and any(cell.startswith("66.7") for cell in row) for row in cells)
    assert "GNER-T5-base" not in result.stdout
    assert "quoted" not in (tmp_path / "report" / "tables" / "f1_gner.csv").read_text(encoding="utf-8")
    beside = {"tables", "report.md", "report.json", "checklist.md"}
    assert {path.name for path in (tmp_path / "report").iterdir()} == beside


@pytest.mark.parametrize(
    "arguments",
    [
        ("--quoted", "UniNER-*,instructuie"),
        ("--quoted", "UniNER-*", "--quoted", "InstructUIE"),
    ],
)
def test_report_shows_chosen_published_rows(run: Run, scores: Path, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    result = run("report", scores, "--out", tmp_path / "r", *arguments, "--formats", "md")
    assert result.exit_code == 0
    assert all(name in result.stdout for name in ("UniNER-7B (quoted)", "UniNER-13B (quoted)", "InstructUIE (quoted)"))
    assert "GNER-T5" not in result.stdout


def test_quoted_rows_that_are_in_no_table_are_told(run: Run, scores: Path, tmp_path: Path) -> None:
    arguments = ("--quoted", "UniNER-7B", "--formats", "md", "--metric", "strict")
    result = run("report", scores, "--out", tmp_path / "r", *arguments)
    assert "no table has quoted scores of UniNER-7B (on other data sets, by the GNER metric)" in result.stderr
    assert "no table" not in run("report", scores, "--out", tmp_path / "r", "--formats", "md").stderr


NASTY = "a|b <i>&amp;</i> $x_1$ \\\\ =1+1 \u202e"
"""A name of no file or folder that every format has to escape."""


@pytest.mark.usefixtures("undrawn")
def test_names_and_title_are_in_all_that_is_written(run: Run, scores: Path, tmp_path: Path) -> None:
    out = tmp_path / "r"
    result = run("report", f"=2*3 {NASTY}={scores}", "--out", out, "--title", NASTY, "--quoted", "none")
    assert result.exit_code == 0, result.output
    assert (
        json.loads((out / "report.json").read_text(encoding="utf-8"))["systems"][0]["name"] == f"=2*3 {NASTY}".strip()
    )
    page = (out / "index.html").read_text(encoding="utf-8")
    assert "<title>a|b &lt;i&gt;&amp;amp;&lt;/i&gt; $x_1$ \\\\ =1+1 \ufffd</title>" in page
    assert "<i>&amp;</i>" not in page
    assert r"a\|b \<i\>\&amp;\</i\> \$x\_1\$" in (out / "report.md").read_text(encoding="utf-8")
    assert r"a\textbar{}b \textless{}i\textgreater{}\&amp;" in (out / "tables/f1_gner.tex").read_text(encoding="utf-8")
    with (out / "tables/f1_gner.csv").open(encoding="utf-8") as file:
        assert next(csv.DictReader(file))["system"].startswith("'=2*3 a|b <i>&amp;</i>")


def test_a_page_without_sentences_says_why_on_stderr(
    run: Run, scores: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gner_bench.report.write.collect", lambda contents: Figures([], {}))
    (tmp_path / "predictions.jsonl").unlink()
    result = run("report", scores, "--out", tmp_path / "r", "--formats", "html")
    reason = f"its predictions (predictions.jsonl) are not beside {scores}; put them there or give them instead of it"
    assert f"no sentences of base on the page: {reason}\n" in result.stderr
    assert "No sentences of <bdi>base</bdi>: its predictions" in (tmp_path / "r/index.html").read_text(encoding="utf-8")


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
    assert verdict.startswith(
        "good is best: strict F1 100.0 (95% interval 86.2 to 100.0) against 0.0 of bad, on AI, 12"
    )
    # 24 entities, all right, two a sentence: Wilson's interval of 12 of 12 is 75.8 to 100, that of F1 86.2 to 100.
    assert "100.0±6.9*" in result.stdout
    assert "no difference" not in (tmp_path / "r" / "report.md").read_text(encoding="utf-8")


def test_report_with_several_baselines_and_more_decimals(
    run: Run, record: Build, predictions_file: Write, tmp_path: Path
) -> None:
    # Twelve sentences of two entities: none found, the first of each, both, so that F1 is 0, 2/3 and 1.
    answers = {"none": "Ann(O)", "half": "Ann(B-person)", "all": "Ann(B-person) saw(O) Oslo(B-place)"}
    paths = [
        predictions_file(
            *(record(dataset="crossner_ai", id=str(i), prediction=answer) for i in range(12)), file=f"{name}.jsonl"
        )
        for name, answer in answers.items()
    ]
    given = ("--out", tmp_path / "r", "--tokenizer", "none", "--formats", "csv,tex", "--metric", "strict")
    result = run("report", *paths, *given, "--baseline", "none", "--baseline", "half", "--decimals", 3)
    assert result.exit_code == 0, result.output
    cells = {row[1].split()[0]: row[2:] for line in result.stdout.splitlines() if len(row := line.split("│")) > 3}
    shown = {name: cells[name][0].strip() for name in answers}
    assert shown == {"none": "0.000‡", "half": "66.667†", "all": "100.000†‡"}
    assert "rounded to three decimals" in " ".join(result.stdout.split())
    tables = tmp_path / "r" / "tables"
    with (tables / "f1_strict.csv").open(encoding="utf-8") as file:
        rows = {row["system"]: row for row in csv.DictReader(file)}
    assert float(rows["half"]["crossner_ai"]) == pytest.approx(200 / 3, abs=1e-9)
    assert [rows[name]["crossner_ai differs"] for name in answers] == ["", "yes", "yes"]
    assert [rows[name]["crossner_ai differs from half"] for name in answers] == ["yes", "", "yes"]
    text = (tables / "differences_strict.tex").read_text(encoding="utf-8")
    assert text.count(r"\begin{table*}") == 4
    assert "AI & 0.000 & 66.667 & +66.667" in text


def test_decimals_change_what_people_read_alone(run: Run, record: Build, predictions_file: Write) -> None:
    answers = ("Ann(B-person) saw(O) Oslo(O)", "Ann(B-person) saw(O) Oslo(B-place)", "Ann(O)")
    path = predictions_file(*(record(id=str(i), prediction=answer) for i, answer in enumerate(answers)))
    given = ("score", path, "--tokenizer", "none", "--resamples", 0, "--metric", "strict")
    # Three entities of six found, and all that were predicted are right: F1 is 2 * 3 / (3 + 6).
    for number, text in {0: "67", 1: "66.7", 4: "66.6667"}.items():
        printed = run(*given, "--decimals", number).stdout
        assert [row.split("│")[5].strip() for row in printed.splitlines() if "│ mean" in row] == [text]
        assert f" {text} |" in run(*given, "--decimals", number, "--format", "markdown").stdout
    for format_ in ("json", "csv"):
        assert run(*given, "--format", format_).stdout == run(*given, "--format", format_, "--decimals", 0).stdout
    assert run(*given, "--decimals", 5).exit_code == 2


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
        (["--quoted", "GNER-T5-bass"], "unknown published system 'GNER-T5-bass'; did you mean 'GNER-T5-base'?"),
        (["--quoted", "none", "--quoted", "all"], "none goes with nothing else: all"),
        (["--baseline", "b=none.json"], "--baseline 'b=none.json' is neither a file nor a system of this report; "),
        (["--formats", "md,pgn"], "unknown format 'pgn'; did you mean 'png'?"),
        (["--metric", "token"], "metrics: holds no token; score the predictions again with --metric token"),
    ],
)
def test_requests_that_cannot_be_met_end_in_one_line(
    refusal: Refusal, scores: Path, tmp_path: Path, arguments: list[str], said: str
) -> None:
    assert said in refusal("report", scores, "--out", tmp_path / "r", *arguments)
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
