"""The exit codes of ``gner-bench score``, some of them of the installed command."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

Run = Callable[..., Result]
Refusal = Callable[..., str]
FEW = ("--resamples", "40")


def command(*arguments: object, **options: Any) -> subprocess.CompletedProcess[str]:
    """Runs the command in a process of its own."""
    line = [sys.executable, "-m", "gner_bench", "score", *map(str, arguments)]
    return subprocess.run(line, capture_output=True, text=True, **options)


def last(done: subprocess.CompletedProcess[str]) -> str:
    assert "Traceback" not in done.stderr
    return done.stderr.splitlines()[-1]


@pytest.mark.slow
def test_0_every_gate_passed(sentences: Callable[..., Path], baseline: Path) -> None:
    done = command(sentences(), *FEW, "--fail-under", "99", "--baseline", baseline, "--quiet")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith(
        "passed: mean F1 100.00% is at least 99%\n"
        "passed: mean F1 100.00% is that of the baseline\n"
        "passed: news F1 100.00% is that of the baseline\n"
        "Passed\n"
    )


@pytest.mark.slow
def test_1_the_results_cannot_be_printed(sentences: Callable[..., Path]) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    line = [sys.executable, "-m", "gner_bench", "score", str(sentences()), "-q"]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(line, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("Error: the results cannot be printed (No space left on device)\n")
    assert "Traceback" not in done.stderr


def test_2_unreadable_input_and_nothing_printed(tmp_path: Path) -> None:
    (tmp_path / "bad.jsonl").write_text("{")
    done = command(tmp_path / "bad.jsonl", "--fail-under", "1")
    assert (done.returncode, done.stdout) == (2, "")
    assert last(done) == f"Error: {tmp_path / 'bad.jsonl'}, line 1: is not JSON (a line cut short?)"


@pytest.mark.slow
def test_3_below_fail_under_after_printing_and_writing(sentences: Callable[..., Path], tmp_path: Path) -> None:
    done = command(sentences(10), "--fail-under", "95", "--out", tmp_path / "out.json")
    assert done.returncode == 3
    assert last(done) == "Error: mean F1 90.91% is 4.09 points below 95%"
    assert "│ mean " in done.stdout
    assert json.loads((tmp_path / "out.json").read_text())["average"]["gner"]["f1"] == pytest.approx(10 / 11)


@pytest.mark.slow
def test_4_worse_than_the_baseline(sentences: Callable[..., Path], baseline: Path, tmp_path: Path) -> None:
    done = command(sentences(10), *FEW, "--baseline", baseline, "--max-drop", "2", "--out", tmp_path / "out.json")
    assert done.returncode == 4
    said = "90.91% is 9.09 points below the baseline's 100.00%, more than 2 points; the test confirms it"
    assert last(done).startswith(f"Error: mean F1 {said} (p = 0.0")
    assert "│ mean " in done.stdout
    assert (tmp_path / "out.json").exists()


@pytest.mark.slow
def test_5_the_baseline_has_other_gold(sentences: Callable[..., Path], baseline: Path) -> None:
    done = command(sentences(labels=["B-place", "O", "B-place"]), *FEW, "--baseline", baseline)
    assert done.returncode == 5
    assert last(done).startswith(f"Error: not judged: {baseline}: is no baseline for these scores: news: ")
    assert "│ mean " in done.stdout


def test_6_incomplete_before_any_other_reason(sentences: Callable[..., Path], baseline: Path) -> None:
    path = sentences(20, count=25)
    path.with_name("run.json").write_text(json.dumps({"model": {"name": "tiny"}, "sentences": 30}))
    done = command(path, *FEW, "--fail-under", "99", "--baseline", baseline)
    assert done.returncode == 6
    assert last(done) == "Error: 5 sentences of the run are missing; predict or import them, then score again"
    assert done.stdout.count("error: not evaluated: 5 sentences of the run are missing") == 2
    assert "Failed (exit code 6)\n" in done.stdout


def test_another_selection_than_that_of_the_baseline_is_7(
    run: Run, sentences: Callable[..., Path], baseline: Path
) -> None:
    result = run("score", sentences(count=29), *FEW, "--baseline", baseline)
    assert result.exit_code == 7
    assert "1 sentence (29) scored for first" in result.stderr.splitlines()[-1]
    assert "│ mean " in result.stdout


def test_a_drop_within_the_noise_passes_unless_it_is_strict(
    run: Run, sentences: Callable[..., Path], baseline: Path
) -> None:
    path = sentences(2)
    loose = run("score", path, *FEW, "--baseline", baseline)
    assert loose.exit_code == 0
    assert "the test does not confirm it" in loose.stdout
    strict = run("score", path, "--resamples", "0", "--baseline", baseline, "--strict-drop")
    assert strict.exit_code == 4


def test_the_gate_compares_the_first_metric(run: Run, sentences: Callable[..., Path], baseline: Path) -> None:
    result = run("score", sentences(10), "--metric", "strict", *FEW, "--baseline", baseline, "--fail-under", "1")
    assert result.exit_code == 4
    assert "mean strict F1 90.91% is at least 1%" in result.stdout
    assert "mean strict F1 90.91% is 9.09 points below" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--fail-under", "60%"), "--fail-under '60%': expected"),
        (("--fail-under", "nan"), "--fail-under 'nan': expected"),
        (("--fail-under", "exact:60"), "exact is not counted; add --metric exact"),
        (("--max-drop", "1"), "need --baseline"),
        (("--strict-drop",), "need --baseline"),
        (("--alpha", "0.1"), "need --baseline"),
        (("--trials", "100"), "need --baseline"),
        (("--errors", "--format", "csv"), "--errors is for --format table"),
        (("--errors", "--json"), "--errors is for --format table"),
        (("--json", "--format", "csv"), "exclude each other"),
        (("--name", "\udcff"), "is not UTF-8"),
    ],
)
def test_impossible_requests_are_refused_in_one_line(
    refusal: Refusal, sentences: Callable[..., Path], arguments: tuple[str, ...], said: str
) -> None:
    assert said in refusal("score", sentences(), *arguments)


@pytest.mark.parametrize("option", ["--max-drop", "--alpha"])
@pytest.mark.parametrize("value", ["nan", "inf", "-1", "101"])
def test_numbers_out_of_range_are_refused(
    run: Run, sentences: Callable[..., Path], baseline: Path, option: str, value: str
) -> None:
    result = run("score", sentences(), "--baseline", baseline, option, value)
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"Invalid value for '{option}'" in result.stderr


def test_trials_that_could_never_confirm_a_drop_are_refused(
    refusal: Refusal, sentences: Callable[..., Path], baseline: Path
) -> None:
    assert "give --trials 20 or more" in refusal("score", sentences(), "--trials", "19", "--baseline", baseline)


@pytest.mark.parametrize("format_", ["table", "json", "markdown", "csv", "junit"])
def test_7_without_a_usable_baseline_all_else_is_done(
    run: Run, sentences: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, format_: str
) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    out, missing = tmp_path / "out.json", tmp_path / "missing.json"
    plain = run("score", sentences(10), "--format", format_)
    result = run("score", sentences(10), "--format", format_, "--baseline", missing, "--out", out, "--fail-under", "50")
    assert result.exit_code == 7
    reason = f"not judged: {missing}: No such file or directory"
    assert result.stderr.splitlines()[-1] == f"Error: {reason}"
    assert json.loads(out.read_text(encoding="utf-8"))["average"]["gner"]["f1"] == pytest.approx(10 / 11)
    assert (tmp_path / "summary.md").read_text(encoding="utf-8").count("### Not judged (exit code 7)") == 1
    said = {
        "table": f"error: {reason}\nNot judged (exit code 7)\n",
        "json": '"verdict": "not judged"',
        "markdown": "- passed: mean F1 90.91% is at least 50%",
        "csv": "system,scope,",
        "junit": 'message="not judged: ',
    }
    assert said[format_] in result.stdout
    if format_ == "csv":
        assert result.stdout == plain.stdout
    # A floor that was not reached is the better known reason.
    assert run("score", sentences(10), "--baseline", missing, "--fail-under", "95").exit_code == 3


def test_a_gate_draws_as_often_as_compare_and_report(
    run: Run, sentences: Callable[..., Path], baseline: Path, tmp_path: Path
) -> None:
    new = sentences(6)
    judged = json.loads(run("score", new, "--baseline", baseline, "--json", "--resamples", "50").stdout)["gates"]
    mean = judged["outcomes"][1]
    run("score", new, "--out", tmp_path / "new.json")
    compared = json.loads(run("compare", baseline, tmp_path / "new.json", "--json").stdout)
    tested = compared["comparisons"][0]["differences"]["gner"]["mean"]
    assert (mean["p"], mean["trials"], mean["seed"]) == (tested["p_randomization"], 10_000, 0)
    report = run("report", tmp_path / "new.json", "--baseline", baseline, "--out", tmp_path / "r", "--formats", "csv")
    assert report.exit_code == 0
    table = (tmp_path / "r/tables/differences_gner.csv").read_text(encoding="utf-8")
    assert str(mean["p"]) in table
    other = run("score", new, "--baseline", baseline, "--json", "--trials", "100", "--seed", "3")
    assert json.loads(other.stdout)["gates"]["outcomes"][1]["trials"] == 100


def test_quiet_does_not_hide_what_the_verdict_is_to_be_read_by(
    run: Run, sentences: Callable[..., Path], baseline: Path, tmp_path: Path
) -> None:
    path = sentences()
    about = {"model": {"name": "tiny"}, "sentences": 30, "settings": {"decoding": "greedy"}}
    about["datasets"] = {"news": {"sentences": 30, "sentences_in_data": 40}}
    path.with_name("run.json").write_text(json.dumps(about), encoding="utf-8")
    result = run("score", path, "-q", "--fail-under", "0.55", "--baseline", baseline)
    assert result.exit_code == 0
    assert result.stderr.splitlines() == [
        "Warning: not all sentences were scored: 30 of 40 of news/test",
        "Warning: --fail-under gner:0.55 is in percent: F1 of 0.0055 is enough",
        f"Warning: not like for like: dec is greedy here and unknown in {baseline}",
    ]
    assert run("-q", "score", path).stderr == ""
    run("-q", "score", path, "--out", tmp_path / "new.json")
    compared = run("-q", "compare", baseline, tmp_path / "new.json")
    assert compared.stderr == "Warning: not like for like: dec is unknown for A first, greedy for B tiny\n"


def test_the_baseline_is_never_replaced(refusal: Refusal, sentences: Callable[..., Path], baseline: Path) -> None:
    before = baseline.read_text()
    link = baseline.with_name("link.json")
    link.symlink_to(baseline)
    for out in (baseline, link):
        for option in (f"--out={out}", f"--write=junit={out}"):
            assert "would replace the --baseline" in refusal("score", sentences(10), "--baseline", baseline, option)
    assert baseline.read_text() == before


def test_a_floor_that_looks_like_a_share_is_warned_of(run: Run, sentences: Callable[..., Path]) -> None:
    result = run("score", sentences(), "--fail-under", "0.6")
    assert "Warning: --fail-under gner:0.6 is in percent: F1 of 0.006 is enough\n" in result.stderr


def test_scores_made_otherwise_are_warned_of(run: Run, sentences: Callable[..., Path], baseline: Path) -> None:
    path = sentences()
    path.with_name("run.json").write_text(
        json.dumps({"model": {"name": "tiny"}, "sentences": 30, "settings": {"decoding": "greedy"}})
    )
    result = run("score", path, *FEW, "--baseline", baseline)
    assert f"Warning: not like for like: dec is greedy here and unknown in {baseline}\n" in result.stderr


def test_json_adds_the_verdict_only_when_gates_were_asked_for(
    run: Run, sentences: Callable[..., Path], tmp_path: Path
) -> None:
    out = tmp_path / "out.json"
    result = run("score", sentences(10), "--format", "json", "--fail-under", "95", "--out", out)
    document = json.loads(result.stdout)
    gates = document.pop("gates")
    assert document == json.loads(out.read_text())
    assert (result.exit_code, gates["exit_code"], gates["verdict"]) == (3, 3, "failed")
    assert [each["status"] for each in gates["outcomes"]] == ["passed", "failed"]
    assert gates["outcomes"][1]["percent"] == pytest.approx(1000 / 11)
    assert "gates" not in json.loads(run("score", sentences(10), "--json").stdout)


def test_every_format_is_alone_on_stdout(run: Run, sentences: Callable[..., Path]) -> None:
    path = sentences(10)
    starts = {"markdown": "### Failed (exit code 3)", "csv": "system,scope,", "junit": "<?xml ", "json": "{\n"}
    for name, start in starts.items():
        result = run("score", path, "--format", name, "--fail-under", "95")
        assert result.exit_code == 3
        assert result.stdout.startswith(start)
        assert "Error: " not in result.stdout
        assert "Warning: " not in result.stdout
        assert result.stderr.splitlines()[-1] == "Error: mean F1 90.91% is 4.09 points below 95%"


def test_errors_adds_the_error_analysis_to_the_table(run: Run, sentences: Callable[..., Path]) -> None:
    path = sentences(10)
    plain, result = run("score", path), run("score", path, "--errors", "--fail-under", "95")
    assert result.exit_code == 3
    assert len(result.stdout) > len(plain.stdout)
    assert result.stdout.startswith(plain.stdout.split("data:")[0][:200])
    assert result.stdout.endswith("Failed (exit code 3)\n")


def test_quiet_leaves_the_reason_and_no_warning(run: Run, sentences: Callable[..., Path]) -> None:
    result = run("score", sentences(10), "--fail-under", "95", "-q")
    assert result.stderr == "Error: mean F1 90.91% is 4.09 points below 95%\n"


def test_the_summary_of_a_step_gets_the_markdown(
    run: Run, sentences: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = sentences(10)
    page = run("score", path, "--format", "markdown", "--fail-under", "95").stdout
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    (tmp_path / "summary.md").write_text("before\n")
    result = run("score", path, "--fail-under", "95")
    assert result.exit_code == 3
    assert (tmp_path / "summary.md").read_text(encoding="utf-8") == f"before\n{page}\n"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "no" / "summary.md"))
    result = run("score", path)
    assert result.exit_code == 0
    assert "Warning: " in result.stderr
    assert "no step summary was written" in result.stderr


def rows(markdown: str) -> dict[str, dict[str, str]]:
    """The rows of the first table, by their first cell and then by the heads; two alike are numbered."""
    lines = [line.strip("| ").split(" | ") for line in markdown.splitlines() if line.startswith("|")]
    heads = [head + str(lines[0][:place].count(head) or "") for place, head in enumerate(lines[0])]
    return {row[0].strip("*`"): dict(zip(heads, row, strict=True)) for row in lines[2:]}


def test_markdown_shows_the_difference_from_the_baseline_in_every_cell(
    run: Run, sentences: Callable[..., Path], baseline: Path
) -> None:
    """Of 60 entities 50 are found, all rightly: P 100, R 50/60, F1 10/11; of 30 persons 20: R 2/3, F1 0.8."""
    options = ("--baseline", baseline, "--resamples", "50")
    result = run("score", sentences(10), *options, "--format", "markdown", "--per-type")
    first, types = result.stdout.split("`news`: entity types")
    assert rows(first)["news"]["P"] == "100.00 (0.00)"
    for name in ("news", "mean"):
        row = {head: cell.strip("*") for head, cell in rows(first)[name].items()}
        assert (row["R"], row["F1"], row["strict F1"]) == ("83.33 (−16.67)", "90.91 (−9.09)", "90.91 (−9.09)")
    assert rows(types)["person"]["F1"] == "80.00 (−20.00)"
    assert rows(types)["place"]["F1"] == "100.00 (0.00)"
    drawn = json.loads(run("score", sentences(10), *options, "--json").stdout)["gates"]["outcomes"]
    assert [outcome["p"] for outcome in drawn[1:]] == [pytest.approx(float(rows(first)["news"]["p"]), abs=5e-4)] * 2
    signature = json.loads(baseline.read_text(encoding="utf-8"))["signature_short"]
    assert "In brackets the difference from the baseline `first` in points, of unrounded values; p: " in result.stdout
    assert f"Signature of the baseline: `{signature}`" in result.stdout
    better = run("score", sentences(), "--baseline", baseline, "--format", "markdown", "--strict-drop")
    assert rows(better.stdout)["news"]["F1"] == "100.00 (0.00)"
    assert "p" not in rows(better.stdout)["news"]
    assert "trials" not in better.stdout


def test_a_metric_that_the_baseline_lacks_has_no_difference(
    run: Run, sentences: Callable[..., Path], baseline: Path
) -> None:
    metrics = ("--metric", "gner", "--metric", "exact")
    page = run("score", sentences(10), *FEW, *metrics, "--format", "markdown", "--baseline", baseline).stdout
    row = rows(page)["news"]
    assert (row["F1"], row["boundary F1"]) == ("90.91 (−9.09)", "90.91")


@pytest.mark.parametrize("options", [{"count": 29}, {"labels": ["B-place", "O", "B-place"]}, {"dataset": "films"}])
def test_markdown_has_no_differences_from_what_cannot_be_compared(
    run: Run, sentences: Callable[..., Path], baseline: Path, options: dict[str, Any]
) -> None:
    page = run("score", sentences(10, **options), "--resamples", "0", "--baseline", baseline, "--format", "markdown")
    assert page.exit_code in (5, 7)
    assert "In brackets" not in page.stdout
    assert not any(" (" in cell for row in rows(page.stdout).values() for cell in row.values())


def test_incomplete_scores_are_compared_with_no_baseline(
    run: Run, sentences: Callable[..., Path], baseline: Path
) -> None:
    page = run("score", sentences(10), *FEW, "--expect", "31", "--baseline", baseline, "--format", "markdown")
    assert page.exit_code == 6
    assert "1 sentence of the run is missing; predict or import them, then score again" in page.stdout
    assert "In brackets" not in page.stdout


def test_several_formats_are_written_at_once(run: Run, sentences: Callable[..., Path], tmp_path: Path) -> None:
    path = sentences(10)
    names = {"markdown": "out/c.md", "junit": "j=1.xml", "csv": "c.csv", "json": "s.json"}
    options = [f"--write={name}={tmp_path / file}" for name, file in names.items()]
    result = run("score", path, *FEW, "--per-type", *options, "--fail-under", "95")
    assert result.exit_code == 3
    for name, file in names.items():
        printed = run("score", path, *FEW, "--per-type", "--fail-under", "95", "--format", name).stdout
        assert (tmp_path / file).read_text(encoding="utf-8") == printed


@pytest.mark.parametrize("value", ["table=x", "markdown", "markdown=", "=x", "html=x", ""])
def test_what_cannot_be_written_is_refused(run: Run, sentences: Callable[..., Path], value: str) -> None:
    result = run("score", sentences(), "--write", value)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "expected FORMAT=FILE, FORMAT one of json, markdown, csv, junit" in result.stderr
