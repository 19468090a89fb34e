from __future__ import annotations

import csv
import io
import json
import math
import re
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from rich.console import Console

from gner_bench import load_predictions, score
from gner_bench.documents.scores import Resampling, ScoresDocument
from gner_bench.report.render import terminal
from gner_bench.report.render.markdown import code, code_cell
from gner_bench.report.score import MOST_SUMMARY, append_summary, print_scores, print_verdict, text_of
from gner_bench.report.views.scores import COLUMNS, Result, sets_grid, types_grid
from gner_bench.scoring.document import scores_document
from gner_bench.scoring.gates import Outcome
from gner_bench.scoring.metrics import METRICS

Json = dict[str, Any]
CELLS = 4 + sum(1 if METRICS[metric].distinct else 2 for metric in METRICS)
"""Of a row: set, sentences, precision, recall, F1 of each metric and, where it has one, its interval."""
HOSTILE = "=1|<b>`x`</b>&\"'[red]@you\x00\x1b[2J\n::error::\u202e\ufffe€日"
TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
PASSED = Outcome("complete", "", None, "passed", "all 4 sentences of the run were scored")
BELOW = Outcome("fail-under", "gner:99", None, "failed", "mean F1 90.00% is 9.00 points below 99%", 3)
MISMATCH = Outcome("baseline", "gner", None, "error", f"other words: {HOSTILE}", 5)


def made(folder: Path, names: tuple[str, ...] = ("news", "films"), resamples: int = 50) -> ScoresDocument:
    """The document of two sets of two sentences each, by all metrics."""
    types = ["person", HOSTILE]
    lines = [
        {
            "dataset": name,
            "split": "test",
            "label_list": types,
            "instance": {"id": str(place), "words": ["Ann", "x", "Oslo"], "labels": ["B-person", "O", f"B-{HOSTILE}"]},
            "prediction": f"Ann({'O' if place else 'B-person'}) x(O) Oslo(O)",
        }
        for name in names
        for place in range(2)
    ]
    path = folder / "predictions.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return scores_document(score(load_predictions(path, tokenizer="none"), METRICS), Resampling(resamples))


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> ScoresDocument:
    return made(tmp_path_factory.mktemp("plain"))


@pytest.fixture(scope="module")
def partial(plain: ScoresDocument) -> ScoresDocument:
    """Of one set, half the sentences are missing."""
    films = replace(plain.datasets["films"], planned=4)
    signature = plain.signature.replace("|misc:", "|part:films=2/4|misc:")
    return replace(plain, datasets={**plain.datasets, "films": films}, signature=signature)


def renamed(plain: ScoresDocument, name: str) -> ScoresDocument:
    """With ``name`` for the system and for a data set."""
    sets = {name if old == "news" else old: part for old, part in plain.datasets.items()}
    return replace(plain, system=replace(plain.system, name=name), datasets=sets)


# Markdown


def rendered(markdown: str) -> list[list[str]]:
    """The text of the cells of every table row, code spans without their ticks."""
    parser = MarkdownIt("commonmark").enable("table")
    rows: list[list[str]] = []
    for token in (tokens := parser.parse(markdown)):
        if token.type == "tr_open":
            rows.append([])
    place = -1
    for token in tokens:
        place += token.type == "tr_open"
        if token.type == "inline" and token.level == 4:
            rows[place].append("".join(child.content for child in token.children or [] if child.type != "html_inline"))
    return rows


def test_markdown_has_the_verdict_on_top_and_every_gate_below(plain: ScoresDocument) -> None:
    lines = text_of(Result(plain, [PASSED, BELOW], gated=True), "markdown").splitlines()
    assert lines[0] == "### Failed (exit code 3): `predictions`"
    assert lines[2:4] == [f"- passed: {PASSED.reason}", f"- failed: {BELOW.reason}"]


@pytest.mark.parametrize(("gated", "verdict"), [(True, "Passed"), (False, "Scored (no gate was set)")])
def test_markdown_tells_passed_from_scored(plain: ScoresDocument, gated: bool, verdict: str) -> None:
    assert text_of(Result(plain, [PASSED], gated=gated), "markdown").startswith(f"### {verdict}: `predictions`\n")


def test_markdown_shows_the_figures_and_intervals_of_the_document(plain: ScoresDocument) -> None:
    rows = {row[0]: row for row in rendered(text_of(Result(plain), "markdown"))}
    for name, values in (*((name, part.values) for name, part in plain.datasets.items()), ("mean", plain.average)):
        value = values["gner"]
        assert value.interval is not None
        low, high = value.interval["f1"]
        shown = [f"{100 * share:.2f}" for share in (value.precision, value.recall, value.f1)]
        assert rows[name][2:6] == [*shown, f"{100 * low:.2f}–{100 * high:.2f}"]
        assert len(rows[name]) == CELLS
    assert rows["mean"][1] == "4"


def test_markdown_says_what_is_missing_and_gives_both_signatures(partial: ScoresDocument) -> None:
    page = text_of(Result(partial), "markdown")
    assert rendered(page)[2][:2] == ["films", "2 of 4"]
    assert "- Not all sentences were scored: films 2 of 4\n" in page
    assert f"Signature: `{partial.signature_short}`" in page
    assert "|part:films=2/4|" in page
    told = text_of(Result(partial, warnings=["only 2 of 4 sentences of films/test were scored"]), "markdown")
    assert "Not all sentences" not in told
    assert "- only 2 of 4 sentences of films/test were scored\n" in told


def test_markdown_has_types_on_request(plain: ScoresDocument) -> None:
    assert "entity types" not in text_of(Result(plain), "markdown")
    rows = [row for row in rendered(text_of(Result(plain), "markdown", per_type=True)) if row[0] == "person"]
    assert [row[1:6] for row in rows] == [["2", "1", "100.00", "50.00", "66.67"]] * 2


def test_markdown_runs_nothing_of_hostile_names(plain: ScoresDocument) -> None:
    page = text_of(Result(renamed(plain, HOSTILE), [MISMATCH], [f"in {HOSTILE}"], True), "markdown", per_type=True)
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(page)
    assert "<b>" not in html
    assert not re.search(r"@you(?!\S*</code>)", re.sub(r"<code>.*?</code>", "", html))
    assert not any(control in page for control in "\x00\x1b\u202e")
    assert not any(line.lstrip().startswith("::") for line in page.splitlines())
    assert all(len(row) == CELLS for row in rendered(page)[:4])


@given(name=TEXT)
def test_a_name_is_one_code_span_in_text_and_in_a_table(name: str) -> None:
    parser = MarkdownIt("commonmark").enable("table")
    shown = " ".join(name.split())
    (inline,) = [token for token in parser.parse(f"a {code(name)} b") if token.type == "inline"]
    assert [child.type for child in inline.children or []] == ["text", "code_inline", "text"]
    (row,) = rendered(f"| a | b |\n| --- | --- |\n| {code_cell(name)} | 1 |")[1:]
    assert len(row) == 2
    if shown.isprintable() and shown and "\\" not in shown:
        assert (inline.children or [])[1].content == row[0] == shown


# CSV


def rows_of(found: ScoresDocument) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text_of(Result(found), "csv"), newline="")))


def test_csv_holds_every_figure_at_full_precision(plain: ScoresDocument) -> None:
    rows = {(row["scope"], row["dataset"], row["type"], row["metric"]): row for row in rows_of(plain)}
    expected: dict[tuple[str, str, str, str], Json] = {}
    document = plain.json()
    for metric in document["metrics"]:
        for scope, key in (("mean", "average"), ("mean-macro", "macro"), ("pooled", "pooled")):
            expected[scope, "", "", metric] = document[key][metric]
        for name, part in document["datasets"].items():
            expected["set", name, "", metric] = part[metric]
            expected["set-macro", name, "", metric] = part["macro"][metric]
            for kind, scores in part["types"].items():
                if metric in scores:
                    expected["type", name, kind, metric] = scores[metric]
    assert rows.keys() == expected.keys()
    for key, figures in expected.items():
        for column in ("precision", "recall", "f1", "true_positives", "predicted", "gold"):
            found = rows[key][column]
            assert (float(found) if found else None) == figures.get(column), (key, column)
        ends = [rows[key][end] for end in ("low", "high")]
        assert [float(end) for end in ends if end] == list(figures.get("interval", {}).get("f1", ()))


@given(name=TEXT)
def test_csv_keeps_text_as_it_is(plain: ScoresDocument, name: str) -> None:
    rows = rows_of(renamed(plain, name))
    assert {row["system"] for row in rows} == {name}
    assert {row["dataset"] for row in rows} == {name, "films", ""}
    assert HOSTILE in {row["type"] for row in rows}


def test_csv_ends_lines_as_the_standard_says_and_has_one_width(plain: ScoresDocument) -> None:
    text = text_of(Result(plain), "csv")
    assert text.endswith("\r\n")
    assert text.split("\r\n")[0] == ",".join(COLUMNS)
    assert {len(row) for row in csv.reader(io.StringIO(text, newline=""))} == {len(COLUMNS)}


def test_csv_says_what_is_missing(partial: ScoresDocument) -> None:
    rows = {(row["scope"], row["dataset"]): row for row in rows_of(partial)}
    assert (rows["set", "films"]["sentences"], rows["set", "films"]["planned"]) == ("2", "4")
    assert rows["set", "news"]["planned"] == ""
    assert {row["signature"] for row in rows.values()} == {partial.signature_short}


def test_csv_without_resamples_leaves_intervals_empty(tmp_path: Path) -> None:
    assert {(row["low"], row["high"]) for row in rows_of(made(tmp_path, resamples=0))} == {("", "")}


# JUnit

REQUIRED = {
    "testsuites": set[str](),
    "testsuite": {"name", "tests", "failures", "errors"},
    "testcase": {"name"},
    "property": {"name", "value"},
}
ALLOWED = {
    "testsuites": {"name", "time", "tests", "failures", "errors"},
    "testsuite": {"name", "tests", "failures", "errors", "time", "skipped", "timestamp", "hostname", "id", "package"},
    "testcase": {"name", "time", "classname", "group"},
    "failure": {"type", "message"},
    "error": {"type", "message"},
    "property": {"name", "value"},
    "properties": set[str](),
    "system-out": set[str](),
}
CHILDREN = {
    "testsuites": {"testsuite"},
    "testsuite": {"properties", "testcase", "system-out", "system-err"},
    "testcase": {"skipped", "error", "failure", "system-out", "system-err"},
    "properties": {"property"},
}
"""What the schema of Jenkins (junit-10.xsd) demands and allows of the elements that are used."""


def valid(element: ET.Element) -> None:
    names = set(element.attrib)
    assert REQUIRED.get(element.tag, set()) <= names <= ALLOWED[element.tag], element.tag
    assert {child.tag for child in element} <= CHILDREN.get(element.tag, set()), element.tag
    for child in element:
        valid(child)


def counted(suite: ET.Element) -> tuple[int, int, int]:
    return tuple(len(list(suite.iter(tag))) for tag in ("testcase", "failure", "error"))  # type: ignore[return-value]


def test_junit_has_a_case_for_each_gate_and_each_scored_set(partial: ScoresDocument) -> None:
    root = ET.fromstring(text_of(Result(partial, [PASSED, BELOW, MISMATCH], ["of note"], True), "junit"))
    valid(root)
    names = [(case.get("classname"), case.get("name")) for case in root.iter("testcase")]
    assert names == [
        ("gner-bench.gates", "complete"),
        ("gner-bench.gates", "fail-under gner:99"),
        ("gner-bench.gates", "baseline mean"),
        ("gner-bench.scores", "news/test"),
        ("gner-bench.scores", "films/test"),
    ]
    failure, error = root.find(".//failure"), root.find(".//error")
    assert failure is not None
    assert failure.text == failure.get("message") == BELOW.reason
    assert error is not None
    assert error.get("type") == "exit code 5"
    for element in (root, *root.iter("testsuite")):
        assert tuple(int(element.get(key, "")) for key in ("tests", "failures", "errors")) == counted(element)
    outs = [out.text or "" for out in root.iter("system-out")]
    assert sum(partial.signature.split("|", 1)[1] in out for out in outs) == 2
    assert any(out.startswith("2 of 4 sentences\n") for out in outs)
    assert any(out.startswith("Not all sentences were scored: films 2 of 4\nof note\n") for out in outs)


@given(name=TEXT)
def test_junit_is_well_formed_whatever_the_names(plain: ScoresDocument, name: str) -> None:
    text = text_of(Result(renamed(plain, name), [MISMATCH], [name], True), "junit")
    assert text.isascii()
    root = ET.fromstring(text)
    valid(root)
    kept = "".join(c for c in name if c in "\t\n\r" or (c >= " " and c not in "\ufffe\uffff"))
    (found,) = [each.get("value") for each in root.iter("property") if each.get("name") == "system"]
    assert found == kept


# The terminal


def lines_at(document: ScoresDocument, width: int) -> list[str]:
    out = Console(width=width, file=io.StringIO())
    types = types_grid("n", document.datasets["news"], list(METRICS))
    assert types is not None
    terminal.show([sets_grid(document), types], out)
    return out.file.getvalue().splitlines()  # type: ignore[attr-defined]


@pytest.mark.parametrize("metrics", [("gner",), ("gner", "strict"), METRICS])
@pytest.mark.parametrize("width", [60, 61, 72, 80, 97, 120, 200])
def test_every_figure_is_whole_at_any_width_from_60(
    partial: ScoresDocument, width: int, metrics: tuple[str, ...]
) -> None:
    sets = {"a" * 50: partial.datasets["news"], **partial.datasets}
    found = replace(partial, metrics=tuple(metrics), datasets=sets)
    lines = lines_at(found, width)
    assert max(map(len, lines)) <= width
    shown = [number for line in lines for number in line.replace("│", " ").split()]
    for metric in metrics:
        assert f"{100 * sets['news'].values[metric].f1:.2f}" in shown
    assert not any("…" in line for line in lines)
    assert all(re.fullmatch(r"\d+\.\d\d", word) for word in shown if "." in word and word[0].isdigit())
    assert shown.count("mean") >= 1


def heads(found: ScoresDocument, width: int) -> set[str]:
    """The heads of the first table."""
    return {
        head.styled[0][0] if head.styled else head.text for head in terminal.fitting(sets_grid(found), width)[0].heads
    }


def test_margins_go_first_then_steps_then_precision_and_recall(partial: ScoresDocument) -> None:
    found = replace(partial, metrics=("gner", "strict"))
    widths = range(30, 140)
    least = {head: next(width for width in widths if head in heads(found, width)) for head in ("±", "LCS", "P")}
    assert 30 < least["P"] < least["LCS"] < least["±"]
    assert "F1" in heads(found, 30)
    assert "a wider terminal shows more" in " ".join(" ".join(lines_at(found, 60)).split())
    assert "a wider terminal" not in " ".join(lines_at(found, 140))


def test_half_the_interval_is_what_the_table_shows(plain: ScoresDocument) -> None:
    low, high = (plain.average["gner"].interval or {})["f1"]
    assert low < high
    mean = next(line for line in lines_at(replace(plain, metrics=("gner",)), 120) if line.startswith("│ mean"))
    assert mean.replace("│", " ").split()[5] == f"{50 * (high - low):.2f}"


@pytest.mark.parametrize("width", [20, 200])
def test_printing_below_60_columns_loses_no_digit(
    plain: ScoresDocument, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setattr(terminal, "console", lambda: Console(width=width))
    print_scores(plain)
    shown = capsys.readouterr().out
    assert f" {100 * plain.average['strict'].f1:.2f} │" in shown
    assert "…" not in shown


def test_a_terminal_is_coloured_unless_no_color_is_set(
    plain: ScoresDocument, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    result = Result(plain, [BELOW], gated=True)
    shown = {}
    for setting in ("", "1"):
        monkeypatch.setenv("NO_COLOR", setting)
        coloured = Console(width=100, force_terminal=True, color_system="standard")
        monkeypatch.setattr(terminal, "console", lambda found=coloured: found)
        print_verdict(result)
        shown[setting] = capsys.readouterr().out
    assert "\x1b[1;31mfailed" in shown[""]
    assert "31m" not in shown["1"]


def test_hostile_text_gives_the_terminal_no_commands(plain: ScoresDocument, capsys: pytest.CaptureFixture[str]) -> None:
    print_scores(renamed(plain, HOSTILE), per_type=True)
    print_verdict(Result(plain, [MISMATCH], gated=True))
    shown = capsys.readouterr().out
    assert not any(control in shown for control in "\x00\x1b\u202e")
    assert "[red]" in shown


# The summary of a step


def test_the_summary_is_appended(tmp_path: Path) -> None:
    path = tmp_path / "summary.md"
    path.write_text("earlier\n")
    assert append_summary("# Größe\n", {"GITHUB_STEP_SUMMARY": str(path)}) == ""
    assert path.read_text(encoding="utf-8") == "earlier\n# Größe\n\n"


def test_without_the_variable_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert append_summary("x", {}) == append_summary("x", {"GITHUB_STEP_SUMMARY": ""}) == ""
    assert list(tmp_path.iterdir()) == []


def test_a_summary_that_cannot_be_written_is_a_warning(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "no" / "folder"):
        assert append_summary("x", {"GITHUB_STEP_SUMMARY": str(path)}).startswith(
            f"{path}: no step summary was written"
        )


def test_a_summary_over_the_limit_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "summary.md"
    path.write_bytes(b"x" * (MOST_SUMMARY - 3))
    assert "over 1,048,576 bytes" in append_summary("abc", {"GITHUB_STEP_SUMMARY": str(path)})
    assert append_summary("ab", {"GITHUB_STEP_SUMMARY": str(path)}) == ""
    assert path.stat().st_size == MOST_SUMMARY


def test_figures_of_the_shared_predictions_stand_in_every_format(shared: Path) -> None:
    path = shared / "predictions" / "gner-t5-base.dev700.jsonl"
    expected = json.loads((shared / "predictions" / "expected_scores.json").read_text())
    found = scores_document(score(load_predictions(path, tokenizer=shared / "tokenizers" / "t5")), Resampling(20))
    wanted = expected[path.name]["average_f1"]["t5_tokenizer"]
    assert math.isclose(found.average["gner"].f1, wanted, abs_tol=1e-9)
    printed = f"{100 * wanted:.2f}"
    assert f"| **{printed}** |" in text_of(Result(found), "markdown")
    assert f'name="mean F1 (percent)" value="{printed}"' in text_of(Result(found), "junit")
    (mean,) = [row for row in rows_of(found) if (row["scope"], row["metric"]) == ("mean", "gner")]
    assert math.isclose(float(mean["f1"]), wanted, abs_tol=1e-9)
