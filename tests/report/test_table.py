from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gner_bench.catalog.published import PublishedScore, published_scores
from gner_bench.report import comparison, load_all, signature_warnings
from gner_bench.report.table import (
    NO_AVERAGE,
    PUBLISHED_AVERAGE,
    SOME_PARTIAL,
    Row,
    Table,
    best,
    data_mark,
    footnotes,
    printed,
)

ScoresFile = Callable[..., Path]
QUOTED = PublishedScore("GNER-T5-base", 2024, "the paper", 60.5, {"crossner_ai": 70.0, "mit-movie": 51.0})


def row(*figures: float | None, quoted: bool = False, mark: str = "") -> Row:
    marks = (mark,) * len(figures)
    return Row("system", quoted, tuple(figures[:-1]), figures[-1], "", marks, None, "")


def table(*rows: Row) -> Table:
    names = tuple(f"set{i}" for i in range(len(rows[0].cells)))
    return Table("gner", names, (*names, "Average"), rows, ())


def test_columns_follow_the_catalogue_then_the_files(scores_file: ScoresFile) -> None:
    paths = [
        scores_file("a", name="a", f1={"zebra": 0.1, "mit-movie": 0.2}),
        scores_file("b", name="b", f1={"ncbi": 0.3, "crossner_music": 0.4, "crossner_ai": 0.5}),
    ]
    built = comparison(load_all(paths))
    assert built.datasets == ("crossner_ai", "crossner_music", "mit-movie", "zebra", "ncbi")
    assert built.columns == ("AI", "Music", "Movie", "zebra", "ncbi", "Average")


def test_the_average_is_the_mean_over_all_sets_or_empty(scores_file: ScoresFile) -> None:
    whole = scores_file("a", name="a", f1={"crossner_ai": 0.5, "mit-movie": 0.25})
    part = scores_file("b", name="b", f1={"crossner_ai": 0.9})
    first, second = comparison(load_all([whole, part])).rows
    assert first.figures == (50.0, 25.0, 37.5)
    assert second.figures == (90.0, None, None)
    assert second.marks == ("", "", NO_AVERAGE)


def test_quoted_rows_stand_last_as_published(scores_file: ScoresFile) -> None:
    built = comparison(load_all([scores_file()]), "gner", [QUOTED])
    assert [r.quoted for r in built.rows] == [False, True]
    assert built.rows[1].figures == (70.0, 51.0, 60.5)
    assert built.rows[1].marks == ("", "", "")


def test_a_published_average_over_other_sets_is_marked(scores_file: ScoresFile) -> None:
    path = scores_file(f1={"crossner_ai": 0.5, "mit-movie": 0.4, "ncbi": 0.3})
    built = comparison(load_all([path]), "gner", [QUOTED])
    assert built.rows[1].figures == (70.0, 51.0, None, 60.5)
    assert built.rows[1].marks[-1] == PUBLISHED_AVERAGE


def test_quoted_rows_need_a_set_in_common_and_the_gner_metric(scores_file: ScoresFile) -> None:
    assert not comparison(load_all([scores_file(f1={"ncbi": 0.5})]), "gner", [QUOTED]).quoted
    assert not comparison(load_all([scores_file()]), "strict", [QUOTED]).quoted
    assert len(comparison([], "gner", published_scores()).quoted) == 22


def test_partial_sets_are_marked_and_so_is_their_average(scores_file: ScoresFile) -> None:
    dev = scores_file("a", name="dev", split="dev", sentences=100)
    some = scores_file("b", name="some", sentences=431)
    whole = scores_file("c", name="whole", f1={"ncbi": 0.5, "crossner_ai": 0.5})
    rows = comparison(load_all([dev, some, whole])).rows
    assert rows[0].marks == ("dev, 100 sentences", "dev, 100 sentences", "", NO_AVERAGE)
    assert rows[1].marks == ("", "test, 431 sentences", "", NO_AVERAGE)
    assert rows[2].marks == ("", "", "", NO_AVERAGE)
    assert [data_mark(r) for r in rows] == ["dev, 100 sentences", SOME_PARTIAL, ""]
    alone = comparison(load_all([dev, some])).rows
    assert [r.marks[-1] for r in alone] == ["dev, 100 sentences", SOME_PARTIAL]


def test_ties_of_the_printed_figure_are_all_best() -> None:
    assert best(table(row(50.04, 1.0), row(49.96, 2.0), row(49.9, 1.5))) == {(0, 0), (1, 0), (1, 1)}


def test_one_measured_row_is_not_best() -> None:
    assert best(table(row(50.0, 50.0), row(10.0, 10.0, quoted=True))) == frozenset()


def test_partial_figures_do_not_compete_with_whole_ones() -> None:
    dev = row(90.0, 90.0, mark="dev, 100 sentences")
    assert best(table(dev, row(50.0, 50.0))) == frozenset()
    assert best(table(dev, row(50.0, 50.0), row(60.0, 40.0))) == {(2, 0), (1, 1)}
    assert best(table(dev, row(91.0, 80.0, mark="dev, 100 sentences"))) == {(1, 0), (0, 1)}


@given(st.lists(st.floats(0, 100) | st.none(), min_size=2, max_size=6), st.floats(0, 100))
def test_best_is_exactly_the_measured_maxima(figures: list[float | None], quoted: float) -> None:
    rows = [*(row(figure, None) for figure in figures), row(quoted, None, quoted=True)]
    there = [figure for figure in figures if figure is not None]
    expected = {
        (index, 0)
        for index, figure in enumerate(figures)
        if figure is not None and len(there) > 1 and printed(figure) == printed(max(there))
    }
    assert best(table(*rows)) == expected


@pytest.mark.parametrize(("figure", "text"), [(0.25, "0.2"), (0.75, "0.8"), (59.46, "59.5"), (100.0, "100.0")])
def test_figures_print_half_to_even(figure: float, text: str) -> None:
    assert printed(figure) == text


def test_footnotes_have_distinct_symbols() -> None:
    rows = [row(1.0, None, mark=f"test, {i} sentences") for i in range(60)]
    rows += [row(1.0, None, mark=NO_AVERAGE), row(1.0, None, mark=PUBLISHED_AVERAGE)]
    symbols = footnotes(table(*rows))
    assert len(set(symbols.values())) == len(symbols) == 62
    assert (symbols[NO_AVERAGE], symbols[PUBLISHED_AVERAGE]) == ("†", "‡")
    assert list(symbols.values())[:2] == ["a", "b"]
    assert symbols["test, 26 sentences"] == "aa"


def test_signatures_may_differ_in_the_system_only(scores_file: ScoresFile) -> None:
    alike = load_all([scores_file("a", name="a"), scores_file("b", name="b")])
    assert signature_warnings(alike) == []
    other = load_all([scores_file("a", name="a"), scores_file("b", name="b", signature="F1|tok:none")])
    assert signature_warnings(other) == [
        "not like for like: data is test@1a2b for a; (not stated) for b",
        "not like for like: match is hier-v1 for a; (not stated) for b",
        "not like for like: tok is t5@00aa for a; none for b",
    ]
    assert comparison(other).warnings == tuple(signature_warnings(other))
