from __future__ import annotations

import io
from itertools import takewhile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from gner_bench.cli.list import LISTS
from gner_bench.report.grid import Cell, Grid, Section, listing
from gner_bench.report.render.terminal import show
from gner_bench.report.render.widths import TEXT_WIDTH

WIDTHS = (40, 60, 80, 120, 200)
WORDS = st.text("abcdefghijklmn", min_size=1, max_size=TEXT_WIDTH)
TEXTS = st.lists(WORDS, max_size=12).map(" ".join)
NUMBERS = st.integers(0, 10**9).map(lambda number: f"{number:,}")


def printed(grid: Grid, width: int) -> list[str]:
    out = io.StringIO()
    show([grid], Console(width=width, file=out))
    return out.getvalue().splitlines()


@settings(max_examples=20)
@given(st.lists(st.tuples(WORDS, NUMBERS, TEXTS, NUMBERS, TEXTS), min_size=1, max_size=5), st.sampled_from(WIDTHS))
def test_a_list_breaks_text_at_words_and_leaves_out_the_last_columns_by_name(
    rows: list[tuple[str, ...]], width: int
) -> None:
    heads = ("name", "first", "what", "second", "note")
    lines = printed(listing("a list", heads, rows, right=("first", "second")), width)
    assert max(map(len, lines)) <= width
    words = {word for line in lines for word in line.split()}
    remark = " ".join(" ".join(lines).split()).partition("Not shown: ")[2]
    missing = remark.partition(";")[0].split(", ") if remark else []
    assert missing == list(heads[len(heads) - len(missing) :])
    for row in rows:
        for cell in row[: len(heads) - len(missing)]:
            assert set(cell.split()) <= words


def test_numbers_that_do_not_fit_beside_each_other_make_several_lists() -> None:
    heads = ("data set", *(f"metric{number}" for number in range(9)))
    rows = [("crossner_literature", *(f"{number}.{row}7" for number in range(9))) for row in range(3)]
    grid = listing("scores", heads, rows, right=heads[1:], kept=len(heads))
    lines = printed(grid, 60)
    assert max(map(len, lines)) <= 60
    assert [line.split() for line in lines if line.startswith("data set")] == [
        ["data", "set", "metric0", "metric1", "metric2", "metric3"],
        ["data", "set", "metric4", "metric5", "metric6", "metric7"],
        ["data", "set", "metric8"],
    ]
    shown = [number for line in lines if line.startswith("crossner_literature") for number in line.split()[1:]]
    assert sorted(shown) == sorted(number for row in rows for number in row[1:])


def test_a_table_of_a_report_is_a_list_where_it_does_not_fit() -> None:
    """Its marks stay those of the whole table, its digits whole, and what it says below is said once."""
    notes = ("dev, 100 sentences", "no released checkpoint")
    rows = [(Cell(f"system-{note}", notes=(note,)), *[Cell("57.5", half="2.5", star=True)] * 8) for note in notes]
    heads = tuple(map(Cell, ("System", "AI", "Lit.", "Music", "Politics", "Science", "Movie", "Rest.", "Mean")))
    grid = Grid("f1", "F1", heads, (Section(tuple(rows)),), remarks=("percent",), warnings=("beware",))
    wide, narrow = printed(grid, 200), printed(grid, 60)
    assert sum(line.count("57.5±2.5*") for line in wide) == sum(line.count("57.5±2.5*") for line in narrow) == 16
    assert narrow[-4:] == ["percent", "a dev, 100 sentences", "b no released checkpoint", "Warning: beware"]
    assert max(map(len, narrow)) <= 60


@pytest.mark.parametrize("what", ["models", "datasets", "published", "backends", "answers", "formats", "recipes"])
def test_what_is_listed_is_readable(what: str) -> None:
    """Words are whole but for long ones, and a row is a few lines, where squeezed columns had a letter a line."""
    asked = LISTS[what]
    table = [asked.short(row) for row in asked.rows()]
    cells = [["" if value is None else str(value) for value in row.values()] for row in table]
    known = {word for row in [list(table[0]), *cells] for cell in row for word in cell.split()}
    long = [word for word in known if len(word) > TEXT_WIDTH]
    for width in WIDTHS[1:]:
        lines = printed(listing(asked.title, list(table[0]), cells), width)
        assert max(map(len, lines)) <= width
        rows = list(takewhile(lambda line: not line.startswith("Not shown"), lines))
        shown = {word for line in rows[1:] for word in line.strip("─").split()}
        assert not [word for word in shown - known if not any(word in whole for whole in long)]
        assert len(rows) < 4 * len(table) + 8
