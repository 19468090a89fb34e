"""``--group`` of score, compare and report."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gner_bench.cli import main

LINE = {"dataset": "news", "split": "test", "label_list": ["person"]}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four runs of 20 sentences with a person each, of whom the run of seed s misses s."""
    folder = tmp_path_factory.mktemp("runs")
    for seed in range(1, 5):
        (folder / f"seed{seed}").mkdir()
        with (folder / f"seed{seed}" / "predictions.jsonl").open("w") as file:
            for number in range(20):
                found = "O" if number < seed else "B-person"
                instance = {"id": str(number), "words": [f"w{number}"], "labels": ["B-person"]}
                file.write(json.dumps({**LINE, "instance": instance, "prediction": f"w{number}({found})"}) + "\n")
        run = {"version": 2, "model": {"name": "T5"}, "settings": {"label_order": "shuffled", "seed": seed}}
        (folder / f"seed{seed}" / "run.json").write_text(json.dumps(run))
    return folder


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(main, [*map(str, arguments), "--tokenizer", "none"])


def test_score_takes_a_pattern_and_what_it_writes_is_taken_again(runs: Path, tmp_path: Path) -> None:
    out = tmp_path / "g.json"
    result = invoke("score", "--group", f"T5={runs}/seed*", "--metric", "strict", "--out", out)
    assert result.exit_code == 0
    assert "T5 (n = 4 runs)" in result.stdout
    # Recall of 19, 18, 17 and 16 of 20, precision 1: F1 is 38/39, 36/38, 34/37 and 32/36.
    f1 = [38 / 39, 36 / 38, 34 / 37, 32 / 36]
    value = json.loads(out.read_text())["average"]["strict"]
    assert value["f1"] == pytest.approx(sum(f1) / 4)
    assert value["sd"] == pytest.approx((sum((x - sum(f1) / 4) ** 2 for x in f1) / 3) ** 0.5)
    assert [run["seed"] for run in json.loads(out.read_text())["runs"]] == [1, 2, 3, 4]
    again = invoke("compare", out, f"one={runs}/seed1", "--resamples", 200, "--metric", "strict")
    assert again.exit_code == 0
    assert "A T5 (4 runs)" in again.stdout
    assert "of one there is a single run" in " ".join(again.stdout.split()).lower()
    csv = invoke("score", "--group", f"T5={out}", "--metric", "strict", "--format", "csv")
    assert csv.stdout.splitlines()[0].endswith(",signature,runs,sd")


def test_compare_and_report_take_groups(runs: Path, tmp_path: Path) -> None:
    groups = ("--group", f"a={runs}/seed1,{runs}/seed2", "--group", f"b={runs}/seed3", "--group", f"b={runs}/seed4")
    result = invoke("compare", *groups, "--resamples", 200, "--metric", "strict", "--json")
    [against] = json.loads(result.stdout)["comparisons"]
    mean = against["differences"]["strict"]["mean"]
    assert (mean["runs"], mean["test"], mean["p_bootstrap"]) == ([2, 2], "t", mean["p_randomization"])
    assert mean["difference"] == pytest.approx((34 / 37 + 32 / 36 - 38 / 39 - 36 / 38) / 2)
    out = ("--out", tmp_path, "--formats", "md,csv", "--baseline", "a", "--metric", "strict")
    result = invoke("report", *groups, f"one={runs}/seed1", *out)
    assert result.exit_code == 0
    text = (tmp_path / "report.md").read_text()
    assert "| a (n = 2)" in text
    assert "| one " in text
    assert "seed 3" in (tmp_path / "tables" / "runs_strict.md").read_text()
    assert "runs of the same seed" not in (tmp_path / "tables" / "differences_strict.md").read_text()
    assert ",runs,news sd,mean sd" in (tmp_path / "tables" / "f1_strict_other.csv").read_text()


def test_a_path_with_a_comma_is_one_run(runs: Path, tmp_path: Path) -> None:
    shutil.copytree(runs / "seed1", tmp_path / "a,b")
    result = invoke("score", "--group", f"T5={tmp_path}/a,b,{runs}/seed2", "--metric", "strict")
    assert "n = 2 runs" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("score",), "Missing argument 'FILE…'"),
        (("score", "--group", "T5"), "expected NAME=RUN,RUN"),
        (("score", "--group", "T5={0}/none*"), "there is no"),
        (("score", "--group", "T5={0}/seed1,{0}/seed1"), "is there twice"),
        (("score", "{0}/seed1", "--group", "T5={0}/seed1"), "takes the place of FILE"),
        (("compare", "--group", "T5={0}/seed*"), "needs two systems or more"),
        (("compare", "--common", "--group", "a={0}/seed[12]", "{0}/seed3"), "--common is not for groups"),
        (("report", "--out", "{0}/out"), "Missing argument"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(runs: Path, arguments: tuple[str, ...], message: str) -> None:
    result = invoke(*(text.format(runs) for text in arguments))
    assert result.exit_code == 2
    assert message in result.stderr


def test_tables_name_the_test_that_was_made(runs: Path) -> None:
    groups = ("--group", f"a={runs}/seed1,{runs}/seed2", "--group", f"b={runs}/seed3,{runs}/seed4")
    asked = ("--all-pairs", "--resamples", 200, "--metric", "strict", "--format", "markdown")
    text = invoke("compare", *groups, *asked).stdout
    assert "p: Student's t test, two-sided" in text
    assert "permutation" not in text
    singles = (f"c={runs}/seed1", f"d={runs}/seed2")
    text = invoke("compare", *groups, *singles, *asked).stdout
    assert "p: studentized permutation or, of groups of runs, Student's t test, two-sided" in text


def test_power_of_groups_tells_sentences_and_not_how_many_more(runs: Path) -> None:
    groups = ("--group", f"a={runs}/seed1,{runs}/seed2", "--group", f"b={runs}/seed3,{runs}/seed4")
    text = invoke("compare", *groups, "--power", 1, "--resamples", 200, "--metric", "strict").stdout
    news = next(line for line in text.partition("Power,")[2].splitlines() if "news" in line)
    name, sentences, _, needed = (cell.strip() for cell in news.strip("│ ").split("│"))
    assert (name, sentences, needed) == ("news", "20", "–")
    assert "of groups of runs: with more sentences runs would vary no less" in " ".join(text.split())


def test_types_of_groups_have_no_columns_of_counts(runs: Path) -> None:
    asked = ("--group", f"T5={runs}/seed1,{runs}/seed2", "--metric", "strict", "--per-type", "--format", "markdown")
    [head] = [line for line in invoke("score", *asked).stdout.splitlines() if line.startswith("| type")]
    assert [cell.strip() for cell in head.strip("|").split("|")] == ["type", "P", "R", "strict F1", "SD"]
