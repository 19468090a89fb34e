from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from gner_bench.catalog.published import published_scores
from gner_bench.errors import InputError
from gner_bench.report import (
    comparison,
    load_all,
    to_csv,
    to_latex,
    to_markdown,
    to_rich,
    write_report,
)
from gner_bench.report.markup import LATEX_SPECIAL, escape_latex, escape_markdown
from gner_bench.report.table import Row, Table

ScoresFile = Callable[..., Path]
NASTY = r"50%_of {\bf x} & $y$ #1 ~ ^ | <b> [o] * `q`"
figures = st.floats(0, 100)


@pytest.fixture
def table(scores_file: ScoresFile) -> Table:
    """Two whole systems, one of which has a nasty name, a partial one, and all quoted rows."""
    sets = {"crossner_ai": 0.5, "mit-movie": 0.25, "my_set": 0.125}
    paths = [
        scores_file("a", name=NASTY, f1=sets, note="supervised_here"),
        scores_file("b", name="[/bold] b", f1=dict.fromkeys(sets, 0.2)),
        scores_file("c", name="c", f1={"crossner_ai": 0.9}, split="dev", sentences=100, signature="F1|tok:no"),
    ]
    return comparison(load_all(paths), "gner", published_scores())


def unescape_latex(text: str) -> str:
    commands = {command: character for character, command in LATEX_SPECIAL.items()}
    longest_first = sorted(commands, key=len, reverse=True)
    return re.sub("|".join(map(re.escape, longest_first)), lambda m: commands[m.group()], text)


def unescaped_braces(text: str) -> str:
    return "".join(re.findall(r"[{}]", re.sub(r"\\.", "", text)))


def balanced(text: str) -> bool:
    depth = 0
    for brace in unescaped_braces(text):
        depth += 1 if brace == "{" else -1
        if depth < 0:
            return False
    return depth == 0


@given(st.text())
def test_latex_escaping_loses_nothing_but_white_space(text: str) -> None:
    assert unescape_latex(escape_latex(text)) == " ".join(text.split())


@given(st.text())
def test_escaped_latex_has_no_special_character(text: str) -> None:
    escaped = escape_latex(text)
    assert balanced(escaped)
    assert not re.search(r"[#$%&_~^|<>`]", re.sub(r"\\[#$%&_{}]", "", escaped))
    assert "\n" not in escaped


@given(st.text())
def test_escaped_markdown_keeps_a_cell_whole(text: str) -> None:
    escaped = escape_markdown(text)
    assert not re.search(r"[|*_`<\[]", re.sub(r"\\.", "", escaped))
    assert "\n" not in escaped


def test_latex_is_balanced_and_rectangular(table: Table) -> None:
    latex = to_latex(table)
    assert balanced(latex)
    assert latex.count(r"\begin{") == latex.count(r"\end{") == 2
    spec = re.search(r"\\begin\{tabular\}\{(\w+)\}", latex)
    assert spec is not None
    body = latex[latex.index(r"\toprule") : latex.index(r"\bottomrule")]
    lines = [line for line in body.splitlines() if line.endswith(r"\\")]
    assert len(lines) == 1 + len(table.rows)
    for line in lines:
        assert len(re.findall(r"(?<!\\)&", line)) == len(spec.group(1)) - 1


def test_latex_separates_quoted_rows_and_states_rounding_and_signatures(table: Table) -> None:
    latex = to_latex(table)
    measured, quoted = latex.split(r"\toprule")[1].split(r"\midrule")[1:]
    assert "(quoted)" not in measured
    assert quoted.count("(quoted)") == len(table.quoted)
    assert r"\textbf{50.0}" in measured
    assert r"\textbf" not in quoted
    assert "half to even" in latex
    assert r"\textbar{}\allowbreak{}tok:t5@00aa" in latex
    assert "booktabs" in latex.splitlines()[0]


def test_markdown_tables_are_rectangular(table: Table) -> None:
    blocks = re.split(r"\n\s*\n", to_markdown(table))
    tables = [block.splitlines() for block in blocks if block.startswith("| ")]
    assert len(tables) == 2
    for lines in tables:
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in lines}) == 1


def test_markdown_tells_all(table: Table) -> None:
    text = to_markdown(table)
    assert "| **50.0** |" in text
    assert r"supervised\_here" in text
    assert "<sup>†</sup>" in text
    assert "dev, 100 sentences" in text
    assert "Warning: not like for like: tok" in text
    assert "`F1|tok:no`" in text
    assert "9 / 0 / 1" in text
    assert "arXiv 2402.16602v2" in text
    assert "GNER-T5-base (quoted)" in text


def test_markdown_of_two_metrics_names_both(scores_file: ScoresFile) -> None:
    systems = load_all([scores_file()])
    text = to_markdown(comparison(systems, "gner"), comparison(systems, "strict"))
    assert text.count("GNER metric") == text.count("strict metric") == text.count("## Signatures") == 1
    assert "Sources" not in text


def test_rich_shows_every_row_and_name_as_it_is(table: Table) -> None:
    console = Console(width=300, record=True, file=io.StringIO())
    console.print(to_rich(table))
    text = console.export_text()
    assert NASTY in text
    assert "[/bold] b" in text
    assert text.count("(quoted)") == len(table.quoted)
    assert "† no average" in text
    assert "Warning: not like for like" in text


def test_csv_holds_whole_figures_and_kinds(table: Table) -> None:
    rows = list(csv.DictReader(io.StringIO(to_csv(table))))
    assert list(rows[0]) == ["system", "kind", *table.datasets, "average", "note"]
    assert rows[0]["system"] == NASTY
    assert [row["kind"] for row in rows] == ["measured"] * 3 + ["quoted"] * len(table.quoted)
    assert rows[0]["my_set"] == "12.5"
    assert rows[2]["average"] == rows[2]["my_set"] == ""
    assert "crossner_ai: dev, 100 sentences" in rows[2]["note"]


@given(st.lists(st.tuples(st.text(), figures | st.none(), figures | st.none()), max_size=5))
def test_csv_round_trip(rows: list[tuple[str, float | None, float | None]]) -> None:
    built = [Row(name, False, (cell,), average, "", ("", ""), None, "") for name, cell, average in rows]
    text = to_csv(Table("gner", ("ncbi",), ("ncbi", "Average"), tuple(built), ()))
    read = list(csv.reader(io.StringIO(text, newline="")))[1:]
    back = [(r[0], *(float(cell) if cell else None for cell in r[2:4])) for r in read]
    assert back == [(" ".join(name.split()), cell, average) for name, cell, average in rows]


def test_write_report_writes_every_file(scores_file: ScoresFile, tmp_path: Path) -> None:
    out = tmp_path / "reports" / "new"
    written = write_report([scores_file("a"), scores_file("b")], out)
    assert sorted(path.name for path in out.iterdir()) == sorted(path.name for path in written)
    assert {path.name for path in written} == {
        *("table.md", "table.tex", "scores_gner.csv", "scores_strict.csv"),
        *("f1_per_set.png", "f1_per_set.svg", "f1_by_size.png", "f1_by_size.svg"),
    }
    assert "gner-tiny (a)" in (out / "table.md").read_text(encoding="utf-8")
    assert "quoted" in (out / "scores_gner.csv").read_text(encoding="utf-8")
    assert "quoted" not in (out / "scores_strict.csv").read_text(encoding="utf-8")


def test_write_report_can_leave_out_published_rows(scores_file: ScoresFile, tmp_path: Path) -> None:
    write_report([scores_file()], tmp_path / "out", published=False)
    assert "quoted" not in (tmp_path / "out" / "table.md").read_text(encoding="utf-8")


def test_bad_scores_leave_no_folder_behind(scores_file: ScoresFile, tmp_path: Path) -> None:
    with pytest.raises(InputError):
        write_report([scores_file(), tmp_path / "none.json"], tmp_path / "out")
    assert not (tmp_path / "out").exists()
