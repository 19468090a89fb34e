from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.console import Console

from gner_bench.catalog.catalog import published_scores
from gner_bench.messages import markdown, one_line
from gner_bench.report.baseline import Baseline
from gner_bench.report.escape import LATEX_SPECIAL, csv_text, latex, markup
from gner_bench.report.grid import Cell, Grid, Section
from gner_bench.report.load import load_all
from gner_bench.report.render import render
from gner_bench.report.render.json import to_records
from gner_bench.report.render.latex import NARROW, WIDE, caption, comment, labels
from gner_bench.report.render.terminal import to_rich
from gner_bench.report.views.errors import error_grids
from gner_bench.report.views.systems import systems_grid
from gner_bench.report.views.table import comparisons
from gner_bench.report.views.types import type_grids
from gner_bench.scoring.tokenizers import Tokenizers

ScoresFile = Callable[..., Path]
NASTY = r"50%_of {\bf x} & $y$ #1 ~ ^ | <b> [o] * `q` @you --x"
SETS = {"crossner_ai": 0.5, "mit-movie": 0.25}
CHARACTER = re.compile(r"\\gnerbenchchar\{(.)\}\{[0-9A-F]+\}", re.DOTALL)


@pytest.fixture
def grid(scores_file: ScoresFile) -> Grid:
    """A baseline, a better system with a nasty name, a partial one, and all quoted rows; with intervals."""
    paths = [
        scores_file("a", name="[/bold] b", right=dict.fromkeys(SETS, 0.2)),
        scores_file("b", name=NASTY, right=dict.fromkeys(SETS, 0.9), note="supervised_here"),
        scores_file("c", name="c", right={"crossner_ai": 0.9}, split="dev"),
    ]
    systems = load_all(paths)
    [table] = comparisons(systems, "gner", published_scores(), [Baseline(systems[0])])
    return systems_grid(table, intervals=True)


def unescape_latex(text: str) -> str:
    commands = {command: character for character, command in LATEX_SPECIAL.items()}
    longest_first = sorted(commands, key=len, reverse=True)
    text = re.sub(r"([-,])\{\}(?=\1)", r"\1", CHARACTER.sub(r"\1", text))
    return re.sub("|".join(map(re.escape, longest_first)), lambda m: commands[m.group()], text)


def balanced(text: str) -> bool:
    depth = 0
    for brace in re.findall(r"[{}]", re.sub(r"\\.", "", text)):
        depth += 1 if brace == "{" else -1
        if depth < 0:
            return False
    return depth == 0


def top(grid: Grid) -> str:
    """What the figure of the better system prints."""
    return grid.sections[0].rows[1][1].text


plain = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffd")).filter(
    lambda text: "\ufffd" not in one_line(text)
)


@given(plain)
def test_latex_escaping_loses_nothing_but_white_space(text: str) -> None:
    assert unescape_latex(latex(text)) == " ".join(text.split())


@given(st.text())
def test_escaped_latex_has_no_special_character(text: str) -> None:
    escaped = CHARACTER.sub("", latex(text))
    assert balanced(escaped)
    assert not re.search(r"[#$%&_~^|<>`\"]|--|,,", re.sub(r"\\[#$%&_{}]", "", escaped))
    assert "\n" not in escaped


@given(st.text())
@example("@@0")
def test_escaped_markdown_keeps_a_cell_whole(text: str) -> None:
    # What is between an @ and its name parts them; taken out, it would join the @ before it with the name.
    escaped = markdown(text).replace("@<!-- -->", " ")
    assert not re.search(r"[|*_`<\[$]", re.sub(r"\\.", "", escaped))
    assert not re.search(r"@\w|://", escaped)
    assert "\n" not in escaped


@given(st.text())
def test_escaped_html_is_text_alone(text: str) -> None:
    assert not re.search(r"[<>\"']", markup(text))


@given(st.text(st.characters()))
def test_no_format_passes_control_characters(text: str) -> None:
    assert not re.search("[\x00-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]", one_line(text))
    one_line(text).encode("utf-8")


@pytest.mark.parametrize("text", ["=1+2", "+1", "-x", "@SUM(A1)", "=cmd|' /C calc'!A0"])
def test_spreadsheets_compute_nothing(text: str) -> None:
    assert csv_text(text) == f"'{text}"
    assert csv_text("GNER-T5") == "GNER-T5"


def test_latex_is_balanced_and_rectangular(grid: Grid) -> None:
    text = render("tex", [grid])
    assert balanced(text.split("\n", 2)[2])
    assert text.count(r"\begin{") == text.count(r"\end{") == 2
    spec = re.search(r"\\begin\{tabular\}\{(\w+)\}", text)
    assert spec is not None
    body = text[text.index(r"\toprule") : text.index(r"\bottomrule")]
    lines = [line for line in body.splitlines() if line.endswith(r"\\") and "multicolumn" not in line]
    assert len(lines) == 1 + sum(len(section.rows) for section in grid.sections)
    for line in lines:
        assert len(re.findall(r"(?<!\\)&", line)) == len(spec.group(1)) - 1


def test_latex_separates_quoted_rows_and_cites_them(grid: Grid) -> None:
    text = render("tex", [grid])
    measured, quoted = text.split(r"\toprule")[1].split(r"\bottomrule")[0].split(r"\midrule")[1:]
    assert r"\cite" not in measured
    assert quoted.count(r"~\cite{") == len(published_scores())
    assert "(quoted)" not in quoted
    assert rf"\textbf{{{top(grid)}}}\,{{\scriptsize\ensuremath{{\pm}}" in measured
    assert r"\underline{" in measured
    assert r"\rlap{\ensuremath{^{\ast}}}" in measured
    assert r"\textbf" not in quoted
    assert "booktabs" in text.splitlines()[0]


def test_latex_captions_are_short_and_all_else_is_a_comment(grid: Grid) -> None:
    lines = render("tex", [grid]).splitlines()
    [said] = [line for line in lines if line.startswith(r"\caption")]
    expected = "F1 by the GNER metric (the set of text and type of a sentence). F1 in percent, rounded to one decimal."
    assert said == rf"\caption{{{expected}}}"
    comments = " ".join(line.removeprefix("%").strip() for line in lines if line.startswith("%"))
    for text in (*grid.remarks, *grid.warnings, *grid.signatures, *grid.sources):
        assert one_line(text).removesuffix(".") in comments
    shown = "\n".join(line for line in lines if not line.startswith("%"))
    # What marks mean stays beside the table, and that the systems were not scored alike.
    assert "half to even" not in shown
    assert r"{*} differs from {[}/\allowbreak{}bold{]} b (studentized" in shown
    assert r"\textsuperscript{a} test, 40 sentences" in shown
    assert r"\textbf{Not like for like}: systems differ in data." in shown


def test_latex_labels_name_what_is_in_the_table_and_are_distinct() -> None:
    subjects = ("mit-movie", "a/b c", "a b/c", "漢", "", "#{}\\~%")
    grids = [Grid("types_gner", "t", (), (), subject=subject) for subject in subjects]
    prefix = "tab:gner-bench-types_gner"
    expected = [f"{prefix}-mit-movie", f"{prefix}-a-b-c", f"{prefix}-a-b-c-2", prefix, f"{prefix}-2", f"{prefix}-3"]
    assert labels(grids) == expected


@given(st.lists(st.tuples(st.sampled_from(["t", "t-2"]), st.text(max_size=8)), max_size=6))
def test_latex_labels_are_distinct_and_plain(named: list[tuple[str, str]]) -> None:
    found = labels([Grid(name, "t", (), (), subject=subject) for name, subject in named])
    assert len(set(found)) == len(named)
    assert all(re.fullmatch(r"tab:gner-bench-[A-Za-z0-9.:+_-]+", label) for label in found)


@given(st.lists(st.text(max_size=300), min_size=1, max_size=3), st.booleans())
def test_latex_captions_of_any_text_fit_and_are_balanced(sentences: list[str], wide: bool) -> None:
    said = caption(sentences, wide)
    plain_text = re.sub(r"\\gnerbenchchar\{.\}\{[0-9A-F]+\}", "[U+0000]", said, flags=re.DOTALL)
    assert len(unescape_latex(plain_text.replace(r"\allowbreak{}", ""))) <= (WIDE if wide else NARROW)
    assert balanced(CHARACTER.sub("", said))
    assert "\n" not in said


@pytest.mark.parametrize(
    ("sentences", "said"),
    [
        (["One.", "Two."], "One. Two."),
        (["Errors by kind, counted on strict spans: equal boundaries with another type, an overlap of one type"], None),
        (["Marks are quoted.", f"From publications: {'x' * 80}.", "More."], "Marks are quoted. From publications."),
        (["Short.", "x" * 80, "Left out too."], "Short."),
        (["x" * 40 + "y" * 40], "x" * 35 + r"\textellipsis{}" + "y" * 35 + "."),
    ],
)  # fmt: skip
def test_latex_captions_end_where_a_thought_ends(sentences: list[str], said: str | None) -> None:
    assert caption(sentences, wide=False) == (said or "Errors by kind, counted on strict spans.")


@given(st.lists(st.text(max_size=200), max_size=4))
def test_latex_comments_are_comments(lines: list[str]) -> None:
    assert all(line.startswith("%") and len(line.splitlines()) == 1 for line in comment(lines))


def test_latex_marks_several_baselines(scores_file: ScoresFile) -> None:
    shares = {"a": 0.2, "b": 0.25, "c": 0.9}
    systems = load_all(
        [scores_file(name, name=name, right=dict.fromkeys(SETS, share)) for name, share in shares.items()]
    )
    [table] = comparisons(systems, "gner", baselines=[Baseline(systems[0]), Baseline(systems[1])])
    built = systems_grid(table)
    assert [[cell.star for cell in row[1:]] for row in built.sections[0].rows] == [[""] * 3, [""] * 3, ["†‡"] * 3]
    [legend] = [text for text in built.legend if "differs" in text]
    assert legend.startswith("† differs from a, ‡ differs from b (studentized permutation test, p < 0.05, corrected")
    assert r"\rlap{\ensuremath{^{\dagger\ddagger}}}" in render("tex", [built])
    assert built.columns[2:5] == ("crossner_ai", "crossner_ai differs", "crossner_ai differs from b")
    assert built.values[2][3:5] == ("yes", "yes")


def test_transposed_latex_sets_quoted_columns_apart(scores_file: ScoresFile) -> None:
    [table] = comparisons(load_all([scores_file(right=SETS)]), "gner", published_scores()[:2])
    text = render("tex", [systems_grid(table, transposed=True)])
    assert r"\begin{tabular}{lr@{\qquad}rr}" in text
    assert r"&& \multicolumn{2}{c}{quoted from publications} \\" in text
    assert r"\cmidrule{3-4}" in text


def test_markdown_tables_are_rectangular(grid: Grid) -> None:
    blocks = re.split(r"\n\s*\n", render("md", [grid]))
    [lines] = [block.splitlines() for block in blocks if block.startswith("| ")]
    assert len({len(re.findall(r"(?<!\\)\|", line)) for line in lines}) == 1


def test_markdown_tells_all(grid: Grid) -> None:
    text = render("md", [grid])
    assert re.search(rf"\| \*\*{top(grid)}\*\* ± \d+\.\d\\\*", text)
    assert "<ins>" in text
    assert r"supervised\_here" in text
    assert "dev, 40 sentences" in text
    assert "no mean: not all data sets of this table were scored" in text
    assert "Warning: not like for like: data is crossner\\_ai/" in text
    assert re.search(r"Signature of .*: `d:2@", text)
    assert "arXiv 2402.16602v2" in text
    assert "GNER-T5-base (quoted)" in text
    assert "\\* differs from \\[/bold\\] b (studentized" in text


def test_a_name_in_brackets_of_a_quoted_row_becomes_a_footnote(grid: Grid) -> None:
    cells = [cell for cell in grid.cells() if cell.text == "ChatGPT (quoted)"]
    assert [cell.notes for cell in cells] == [("gpt-3.5-turbo", "not known to be scored by the GNER metric")]


def test_footnotes_that_all_figures_of_a_row_share_stand_at_its_name(grid: Grid) -> None:
    first = grid.sections[0].rows[0]
    assert first[0].notes == ("test, 40 sentences",)
    assert not any(cell.notes for cell in first[1:])


def test_footnotes_have_distinct_letters() -> None:
    cells = tuple(Cell(str(i), notes=(f"note {i}",)) for i in range(60))
    symbols = Grid("n", "t", cells, (Section((cells,)),)).footnotes
    assert len(set(symbols.values())) == len(symbols) == 60
    assert list(symbols.values())[:2] == ["a", "b"]
    assert symbols["note 26"] == "aa"


def test_terminal_shows_every_row_and_name_as_it_is(grid: Grid) -> None:
    console = Console(width=400, record=True, file=io.StringIO())
    console.print(to_rich(grid))
    text = console.export_text()
    assert NASTY in text
    assert "[/bold] b" in text
    assert text.count("(quoted)") == len(published_scores())
    assert f"{top(grid)}±" in text
    assert "Warning: not like for like" in text


class Text(HTMLParser):
    """The tags of a fragment, and the text of its cells."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def test_html_holds_names_as_text(grid: Grid) -> None:
    parser = Text()
    parser.feed(render("html", [grid]))
    tags = {"figure", "table", "caption", "thead", "tbody", "tr", "th", "td", "figcaption"}
    assert parser.tags <= tags | {"p", "b", "u", "i", "sup", "small", "code"}
    assert NASTY in parser.text
    assert render("html", [grid]).count("<tr>") == 2 + sum(len(section.rows) for section in grid.sections)


def test_csv_holds_whole_figures_kinds_and_ends_of_intervals(grid: Grid) -> None:
    rows = list(csv.DictReader(io.StringIO(render("csv", [grid]))))
    assert list(rows[0])[:5] == ["system", "kind", "crossner_ai", "crossner_ai low", "crossner_ai high"]
    assert rows[1]["system"] == NASTY
    assert [row["kind"] for row in rows] == ["measured"] * 3 + ["quoted"] * len(published_scores())
    assert len(rows[1]["crossner_ai"]) > 10
    assert float(rows[1]["crossner_ai low"]) < float(rows[1]["crossner_ai"]) < float(rows[1]["crossner_ai high"])
    assert (rows[0]["mean differs"], rows[1]["mean differs"]) == ("", "yes")
    assert rows[2]["mean"] == rows[2]["mit-movie"] == ""
    assert "crossner_ai: dev, 40 sentences" in rows[2]["note"]
    assert rows[4]["crossner_ai"] == "56.83"


@given(st.lists(st.tuples(st.text(), st.floats(-100, 100) | st.none()), max_size=5))
def test_csv_round_trip(rows: list[tuple[str, float | None]]) -> None:
    built = Grid("n", "t", (), (), columns=("name", "figure"), values=tuple(rows))
    read = list(csv.reader(io.StringIO(render("csv", [built]), newline="")))[1:]
    assert [(r[0], float(r[1]) if r[1] else None) for r in read] == [(csv_text(name), cell) for name, cell in rows]


def test_json_holds_the_same_values_as_csv(grid: Grid) -> None:
    found = to_records(grid)
    assert [len(row) for row in found["rows"]] == [len(found["columns"])] * len(grid.values)
    assert found["rows"][1][0] == NASTY
    assert found["footnotes"] == list(grid.footnotes)


def test_transposed_tables_hold_the_same_figures(scores_file: ScoresFile) -> None:
    paths = [scores_file(name, name=name, right=SETS) for name in ("a", "b")]
    [table] = comparisons(load_all(paths), "gner", published_scores()[:1])
    upright, turned = (systems_grid(table, True, transposed) for transposed in (False, True))
    rows = [row for section in upright.sections for row in section.rows]
    columns = list(zip(turned.heads, *(row for section in turned.sections for row in section.rows), strict=True))
    assert [row[1:] for row in rows] == [column[1:] for column in columns[1:]]
    assert [row[0] for row in rows] == [column[0] for column in columns[1:]]
    assert turned.quoted_from == 3


def test_tables_are_transposed_where_data_sets_are_many(scores_file: ScoresFile) -> None:
    many = {f"set{index}": 0.5 for index in range(18)}
    [wide] = comparisons(load_all([scores_file(right=many)]))
    assert [cell.text for cell in systems_grid(wide).heads] == ["Data set", "gner-tiny"]
    [narrow] = comparisons(load_all([scores_file(right=SETS)]))
    assert [cell.text for cell in systems_grid(narrow).heads] == ["System", "AI", "Movie", "Mean"]


def test_types_stand_in_order_of_their_gold_and_the_best_is_bold(scores_file: ScoresFile) -> None:
    paths = [scores_file("a", name="a", right={"mine": 0.2}), scores_file("b", name="b", right={"mine": 0.9})]
    [grid] = type_grids(load_all(paths), "strict")
    [section] = grid.sections
    assert [[cell.text for cell in row[:2]] for row in section.rows] == [
        ["place", "80"],
        ["person", "40"],
        ["thing", "0"],
    ]
    assert [cell.rank for cell in section.rows[0]] == ["", "", "", "best"]
    assert grid.values[0][:7] == ("mine", "place", "a", "strict", 16, 32, 80)


def test_types_of_a_metric_blind_to_them_have_no_table(scores_file: ScoresFile) -> None:
    assert type_grids(load_all([scores_file(metrics=("exact",))]), "exact") == []


def test_error_tables_count_every_entity(scores_file: ScoresFile) -> None:
    systems = load_all([scores_file(right={"a": 0.5, "b": 0.0})])
    classes, confusions = error_grids(systems)
    for values in classes.values:
        _, _, gold, predicted, *counts = values
        assert sum(map(int, counts)) == int(gold) + counts[-1]
        assert sum(map(int, counts)) == int(predicted) + counts[-2]
        assert gold == 120
    assert [cell.text for cell in classes.sections[0].rows[-1][:2]] == ["All", "240"]
    assert [cell.text for cell in confusions.sections[0].rows[0]] == ["person", "place", "15"]


@pytest.mark.slow
def test_real_predictions_print_the_figures_of_the_reference(shared: Path) -> None:
    expected = json.loads((shared / "predictions" / "expected_scores.json").read_text())
    paths = [shared / "predictions" / name for name in expected]
    systems = load_all(paths, tokenizers=Tokenizers(str(shared / "tokenizers" / "t5")))
    [table] = comparisons(systems)
    columns, values = (getattr(systems_grid(table), name) for name in ("columns", "values"))
    for (name, found), row in zip(expected.items(), values, strict=True):
        figures = dict(zip(columns, row, strict=True))
        assert figures["system"] == name.removesuffix(".jsonl")
        assert figures["mean"] == pytest.approx(100 * found["average_f1"]["t5_tokenizer"], abs=1e-9)
        for dataset in table.datasets:
            f1 = found[dataset]["t5_tokenizer"]["gner"]["f1"]
            assert figures[dataset] == pytest.approx(100 * f1, abs=1e-7)
    assert [cell.text for cell in systems_grid(table).sections[0].rows[0][1:]] == (
        ["50.7", "57.0", "72.8", "58.1", "64.7", "56.0", "43.3", "57.5"]
    )
