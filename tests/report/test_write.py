from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gner_bench.errors import InputError, UsageError
from gner_bench.report.contents import prepare
from gner_bench.report.write import write_report

ScoresFile = Callable[..., Path]
TEXT = ("md", "tex", "csv", "json")


@pytest.fixture
def two(scores_file: ScoresFile) -> list[Path]:
    """A weak and a strong system on two sets."""
    sets = ("crossner_ai", "mit-movie")
    return [
        scores_file("weak", name="weak", right=dict.fromkeys(sets, 0.3)),
        scores_file("strong", name="strong @you", right=dict.fromkeys(sets, 0.9)),
    ]


@pytest.mark.slow
def test_every_format_is_written_and_listed(two: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "reports" / "new"
    written = write_report(prepare(two[:1]), out)
    there = {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()}
    assert there == set(written.files)
    assert {"report.md", "report.json", "report.tex", "index.html"} <= there
    for name in ("f1_gner", "f1_strict", "types_gner", "types_strict", "errors", "confusions"):
        assert {f"tables/{name}.{kind}" for kind in ("md", "tex", "csv", "json", "html")} <= there
    for name in ("f1_per_set", "error_composition", "type_confusion_1"):
        assert {f"figures/{name}{end}" for end in (".png", ".svg", ".pdf", "_dark.png", "_dark.svg")} <= there
    assert json.loads((out / "report.json").read_text(encoding="utf-8"))["files"] == written.files[:-1]


def test_left_out_figures_have_a_reason(two: list[Path], tmp_path: Path) -> None:
    written = write_report(prepare(two), tmp_path / "out", ["md"])
    assert set(written.left_out) == {"differences from the baseline", "F1 by length", "reliability", "F1 by throughput"}
    assert written.left_out["differences from the baseline"] == "no --baseline to compare with"
    said = "differences from the baseline (no --baseline to compare with)"
    assert f"Figures left out: {said}" in (written.out / "report.md").read_text(encoding="utf-8")


def test_without_quoted_rows_nothing_is_cited(two: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "out"
    write_report(prepare(two), out, ("tex",))
    assert (out / "quoted.bib").exists()
    written = write_report(prepare(two, published=()), out, ("tex",))
    assert not (out / "quoted.bib").exists()
    assert {"notes.tex", "report.tex"} <= set(written.files)
    assert "figures.tex" not in written.files
    assert "bibliography" not in (out / "report.tex").read_text(encoding="utf-8")


def test_differences_say_how_both_were_scored_and_what_is_not_alike(
    scores_file: ScoresFile, two: list[Path], tmp_path: Path
) -> None:
    other = scores_file("other", name="other", right=dict.fromkeys(("crossner_ai", "mit-movie"), 0.6))
    document = json.loads(other.read_text())
    document["signature_fields"]["norm"] = "none"
    document["signature_short"] += "|n:none"
    other.write_text(json.dumps(document))
    out = tmp_path / "out"
    write_report(prepare([*two, other], baseline=["weak", "strong @you"]), out, ("tex", "json"))
    tables = {
        tuple(table["rows"][0][:2]): table
        for table in json.loads((out / "tables" / "differences_gner.json").read_text(encoding="utf-8"))["tables"]
    }
    assert list(tables) == [
        ("weak", "strong @you"), ("weak", "other"), ("strong @you", "weak"), ("strong @you", "other")
    ]  # fmt: skip
    for (first, second), table in tables.items():
        alike = "other" not in (first, second)
        assert len(table["signatures"]) == (1 if alike else 2)
        assert {name for names in table["signatures"].values() for name in names} == {first, second}
        assert bool(table["warnings"]) is not alike
    text = (out / "tables" / "differences_gner.tex").read_text(encoding="utf-8")
    assert text.count(r"\textbf{Not like for like}: systems differ in norm.") == 2
    summary = json.loads((out / "report.json").read_text(encoding="utf-8"))
    assert (summary["baseline"], summary["baselines"]) == ("weak", ["weak", "strong @you"])


def test_a_baseline_that_is_a_file_keeps_its_place_among_several(scores_file: ScoresFile, two: list[Path]) -> None:
    # The third is no system of the report and has the name of one, so that both get their folders added.
    third = scores_file("third", name="weak", right=dict.fromkeys(("crossner_ai", "mit-movie"), 0.5))
    contents = prepare(two, baseline=["weak", str(third), str(two[0])])
    assert [system.name for system in contents.systems] == ["weak (third)", "weak (weak)", "strong @you"]
    assert [baseline.name for baseline in contents.baselines] == ["weak (weak)", "weak (third)"]
    assert contents.baseline is contents.baselines[0]
    [table] = contents.tables["gner"]
    assert table.baselines == {"weak (weak)": "†", "weak (third)": "‡"}


def test_more_baselines_than_marks_are_refused(scores_file: ScoresFile) -> None:
    paths = [scores_file(name, name=name) for name in "abcdef"]
    assert [baseline.name for baseline in prepare(paths, baseline=list("abcde")).baselines] == list("abcde")
    with pytest.raises(UsageError, match="6 baselines: tables have marks for at most 5"):
        prepare(paths, baseline=list("abcdef"))


def test_a_report_replaces_the_files_of_an_earlier_one_and_no_others(two: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "out"
    write_report(prepare(two, baseline="weak"), out, TEXT)
    (out / "tables" / "mine.txt").write_text("kept")
    (out / "tables" / "mine.md").write_text("kept")
    assert (out / "tables" / "differences_gner.csv").exists()
    write_report(prepare(two), out, ("md",))
    left = {path.name for path in (out / "tables").iterdir()}
    assert {"mine.txt", "mine.md", "f1_gner.md"} <= left
    assert not any(name.endswith((".csv", ".tex")) or "differences" in name for name in left)


@pytest.mark.parametrize("files", [["../outside.md"], ["tables/../../outside.md"], [3], "tables/f1_gner.md", None])
def test_a_foreign_report_json_removes_nothing(two: list[Path], tmp_path: Path, files: object) -> None:
    outside = tmp_path / "outside.md"
    outside.write_text("kept")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "report.json").write_text(json.dumps({"report": 1, "files": files}))
    write_report(prepare(two), tmp_path / "out", ("md",))
    assert outside.read_text() == "kept"


def test_the_same_scores_give_the_same_bytes(two: list[Path], tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    for out in (first, second):
        write_report(prepare(two, baseline="weak"), out, TEXT)
    for path in first.rglob("*.*"):
        assert path.read_bytes() == (second / path.relative_to(first)).read_bytes(), path.name


def test_report_md_is_a_comment_with_verdict_table_changes_links_and_signature(two: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "out"
    write_report(prepare(two, baseline="weak"), out, ("md", "csv"))
    text = (out / "report.md").read_text(encoding="utf-8")
    assert text.splitlines()[2].startswith("**strong @<!-- -->you is best:** mean F1 (GNER metric) 91.9 (95% interval")
    assert text.index("| +56.8\\* |") < text.index("| weak<sup>")
    assert len(text) < 10_000
    assert "| AI |" in text
    assert "<details><summary>22 rows quoted from publications</summary>" in text
    assert "- tables/f1_gner: [md](tables/f1_gner.md), [csv](tables/f1_gner.csv)" in text
    assert "Signature of weak, strong @<!-- -->you: `d:2@" in text
    for line in text.splitlines():
        if line.startswith("- "):
            links = [part.split(")")[0] for part in line.split("](")[1:]]
            assert all((out / link).is_file() for link in links)


@pytest.mark.parametrize(
    ("baseline", "word"), [("weak", "better"), ("strong @you", "worse"), ("same", "no difference confirmed")]
)
def test_verdicts(two: list[Path], scores_file: ScoresFile, tmp_path: Path, baseline: str, word: str) -> None:
    paths = two
    if baseline == "same":
        paths = [*two[:1], scores_file("same", name="same", right={"crossner_ai": 0.3, "mit-movie": 0.3})]
    write_report(prepare(paths, baseline=baseline), tmp_path / "out", ("json",))
    found = json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8"))["verdicts"]
    assert [each["verdict"] for each in found] == [word]


def test_a_system_that_cannot_be_compared_is_told(two: list[Path], scores_file: ScoresFile, tmp_path: Path) -> None:
    other = scores_file("c", name="other", sentences=9)
    write_report(prepare([*two, other], baseline="weak"), tmp_path / "out", ("json",))
    found = json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8"))["verdicts"]
    assert [each["verdict"] for each in found] == ["better", "not compared"]
    assert "other with weak: crossner_ai: " in found[1]["figures"]


def test_a_title_is_that_of_report_md_report_json_and_page(
    two: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_report(prepare(two, title="Sizes of *GNER* </title>"), tmp_path, ("md",))
    assert (tmp_path / "report.md").read_text().startswith("# Sizes of \\*GNER\\* \\</title\\>\n")
    assert json.loads((tmp_path / "report.json").read_text())["title"] == "Sizes of *GNER* </title>"
    write_report(prepare(two), tmp_path, ("md",))
    assert (tmp_path / "report.md").read_text().startswith("# Scores\n")
    assert "title" not in json.loads((tmp_path / "report.json").read_text())


def test_report_json_says_the_verdict_in_words(two: list[Path], tmp_path: Path) -> None:
    write_report(prepare(two), tmp_path, ("json",))
    [line] = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))["in_words"]
    assert line.startswith("strong @you is best: ")


def test_bad_scores_leave_no_folder_behind(scores_file: ScoresFile, tmp_path: Path) -> None:
    with pytest.raises(InputError):
        write_report(prepare([scores_file(), tmp_path / "none.json"]), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_error_analysis_of_another_form_is_named(scores_file: ScoresFile, tmp_path: Path) -> None:
    path = scores_file()
    document = json.loads(path.read_text())
    document["datasets"]["mit-movie"]["errors"]["classes"]["missed"] = "three"
    path.write_text(json.dumps(document))
    with pytest.raises(InputError, match=r"datasets\.mit-movie\.errors"):
        write_report(prepare([path]), tmp_path / "out", ("md",))


def test_tables_alone_import_neither_matplotlib_nor_torch(two: list[Path], tmp_path: Path) -> None:
    code = f"""
import sys
from pathlib import Path
from gner_bench.report.contents import prepare
from gner_bench.report.write import write_report
write_report(prepare([Path({str(two[0])!r})]), Path({str(tmp_path / "out")!r}), ("md", "tex", "csv", "json"))
print({{"matplotlib", "torch", "transformers"}} & sys.modules.keys())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_three_systems_get_letters_and_a_matrix(two: list[Path], scores_file: ScoresFile, tmp_path: Path) -> None:
    write_report(prepare(two), tmp_path / "two", ("csv",))
    assert not list((tmp_path / "two").glob("tables/pairs_*"))
    three = [*two, scores_file("third", name="third", right={"crossner_ai": 0.5})]
    contents = prepare(three)
    assert contents.pairs["gner"] is None  # on other data sets
    same = [*two, scores_file("again", name="again", right={"crossner_ai": 0.5, "mit-movie": 0.5})]
    out = tmp_path / "three"
    write_report(prepare(same), out, ("md", "csv", "tex"))
    matrix = (out / "tables" / "pairs_gner.csv").read_text().splitlines()
    assert len(matrix) == 1 + 3 * 2
    assert "| again |" in (out / "tables" / "pairs_gner.md").read_text()
    letters = (out / "tables" / "letters_gner.csv").read_text().splitlines()
    assert letters[0] == "system,metric,crossner_ai,crossner_ai letters,mit-movie,mit-movie letters,mean,mean letters"
