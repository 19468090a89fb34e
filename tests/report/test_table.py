from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gner_bench.catalog.catalog import published_scores
from gner_bench.catalog.entries import PublishedScore
from gner_bench.number_text import decimal, p_phrase, p_text, points, printed_decimals, quoted_decimal
from gner_bench.report.baseline import Baseline, choose_baseline
from gner_bench.report.load import load_all
from gner_bench.report.views.table import (
    NO_MEAN,
    OTHER_MEAN,
    SOME_PARTIAL,
    Entry,
    Row,
    Table,
    comparisons,
    layouts,
    ranks,
    unlike,
)
from gner_bench.scoring.paired import differences

ScoresFile = Callable[..., Path]
QUOTED = PublishedScore("GNER-T5-base", 2024, "the paper", 60.5, {"crossner_ai": 70.0, "mit-movie": 51.0})


def row(*figures: float | None, quoted: bool = False, note: str = "") -> Row:
    return Row("system", quoted, tuple(None if each is None else Entry(each, note=note) for each in figures))


def table(*rows: Row) -> Table:
    names = tuple(f"set{i}" for i in range(len(rows[0].entries) - 1))
    return Table("gner", "other", names, (*names, "Mean"), rows)


def only(tables: Sequence[Table]) -> Table:
    [found] = tables
    return found


def figures(found: Row) -> list[float | None]:
    return [None if entry is None else round(entry.f1, 6) for entry in found.entries]


def test_columns_follow_the_catalogue(scores_file: ScoresFile) -> None:
    paths = [
        scores_file("a", name="a", right={"mit-movie": 0.2}),
        scores_file("b", name="b", right={"crossner_music": 0.4, "crossner_ai": 0.5}),
    ]
    built = only(comparisons(load_all(paths)))
    assert built.datasets == ("crossner_ai", "crossner_music", "mit-movie")
    assert built.heads == ("AI", "Music", "Movie", "Mean")


def test_each_setting_has_its_table_and_sets_of_both_stand_in_both(scores_file: ScoresFile) -> None:
    right = {"mine": 0.5, "ncbi": 0.5, "mit-movie": 0.5, "crossner_ai": 0.5}
    built = comparisons(load_all([scores_file(right=right)]), "gner", published_scores("supervised"))
    assert [(each.layout, each.datasets) for each in built] == [
        ("zero-shot", ("crossner_ai", "mit-movie")),
        ("supervised", ("mit-movie", "ncbi")),
        ("other", ("mine",)),
    ]
    assert [len(each.quoted) for each in built] == [0, len(published_scores("supervised")), 0]


@pytest.mark.parametrize(("trained", "layout"), [((), "zero-shot"), (("mit-movie/train",), "supervised")])
def test_a_set_of_both_settings_alone_is_supervised_for_those_trained_on_it(
    scores_file: ScoresFile, trained: tuple[str, ...], layout: str
) -> None:
    systems = load_all([scores_file(right={"mit-movie": 0.5}, training_sets=trained)])
    assert layouts(systems) == {layout: ("mit-movie",)}


def test_the_mean_is_over_all_sets_of_the_table_or_missing(scores_file: ScoresFile) -> None:
    whole = scores_file("a", name="a", right={"crossner_ai": 0.5, "mit-movie": 0.25})
    part = scores_file("b", name="b", right={"crossner_ai": 0.9})
    systems = load_all([whole, part])
    first, second = only(comparisons(systems, "strict")).rows
    expected = [100 * systems[0].values.sets[name].micro("strict").f1 for name in ("crossner_ai", "mit-movie")]
    assert figures(first) == pytest.approx([*expected, sum(expected) / 2])
    assert figures(second)[1:] == [None, None]
    assert (first.no_mean, second.no_mean) == ("", NO_MEAN)


def test_entries_hold_the_intervals_of_the_scores(scores_file: ScoresFile) -> None:
    [system] = load_all([scores_file()])
    entry = only(comparisons([system])).rows[0].mean
    assert entry is not None
    low, high = entry.interval or (0.0, 0.0)
    stored = (system.document.average["gner"].interval or {})["f1"]
    assert (low, high) == pytest.approx((100 * stored[0], 100 * stored[1]))
    [bare] = load_all([scores_file("b", resamples=0)])
    assert all(each is not None and each.interval is None for each in only(comparisons([bare])).rows[0].entries)


def test_quoted_rows_stand_last_as_published(scores_file: ScoresFile) -> None:
    built = only(comparisons(load_all([scores_file()]), "gner", [QUOTED]))
    assert [r.quoted for r in built.rows] == [False, True]
    assert figures(built.rows[1]) == [70.0, 51.0, 60.5]


def test_a_published_mean_over_other_sets_is_left_out(scores_file: ScoresFile) -> None:
    built = only(comparisons(load_all([scores_file(right={"crossner_ai": 0.5})]), "gner", [QUOTED]))
    assert figures(built.rows[1]) == [70.0, None]
    assert built.rows[1].no_mean == OTHER_MEAN


def test_quoted_rows_need_a_set_in_common_and_the_gner_metric(scores_file: ScoresFile) -> None:
    assert not only(comparisons(load_all([scores_file(right={"ncbi": 0.5})]), "gner", [QUOTED])).quoted
    assert not only(comparisons(load_all([scores_file()]), "strict", [QUOTED])).quoted
    assert len(only(comparisons([], "gner", published_scores())).quoted) == len(published_scores())


def test_partial_sets_are_marked_and_so_is_their_mean(scores_file: ScoresFile) -> None:
    dev = scores_file("a", name="dev", split="dev")
    whole = scores_file("c", name="whole", sentences=None, right={"crossner_ai": 0.5, "mit-movie": 0.5}, resamples=0)
    rows = only(comparisons(load_all([dev, whole]))).rows
    notes = [[entry.note for entry in each.entries if entry] for each in rows]
    assert notes == [["dev, 40 sentences"] * 3, ["", "", ""]]


def test_a_mean_of_sets_marked_otherwise_says_so(scores_file: ScoresFile) -> None:
    trained = scores_file(training_sets=("crossner_ai/train",))
    entries = only(comparisons(load_all([trained]))).rows[0].entries
    assert [entry.note for entry in entries if entry] == [
        "test, 40 sentences; trained on this data set, not zero-shot",
        "test, 40 sentences",
        SOME_PARTIAL,
    ]


def test_ties_of_the_printed_figure_rank_alike() -> None:
    found = ranks(table(row(50.04, 1.0), row(49.96, 2.0), row(49.9, 1.5), row(10.0, 1.46)))
    assert found == {
        **{(0, 0): "best", (1, 0): "best", (2, 0): "second"},
        **{(1, 1): "best", (2, 1): "second", (3, 1): "second"},
    }


def test_one_measured_row_has_no_rank() -> None:
    assert ranks(table(row(50.0, 50.0), row(10.0, 10.0, quoted=True))) == {}


def test_partial_figures_do_not_compete_with_whole_ones() -> None:
    dev = row(90.0, 90.0, note="dev, 100 sentences")
    assert ranks(table(dev, row(50.0, 50.0))) == {}
    best = {place for place, rank in ranks(table(dev, row(50.0, 50.0), row(60.0, 40.0))).items() if rank == "best"}
    assert best == {(2, 0), (1, 1)}


@given(st.lists(st.floats(0, 100) | st.none(), min_size=2, max_size=6), st.floats(0, 100))
def test_ranks_are_exactly_the_two_highest_printed_measured_figures(found: list[float | None], quoted: float) -> None:
    rows = [*(row(figure, None) for figure in found), row(quoted, None, quoted=True)]
    there = sorted({float(decimal(each)) for each in found if each is not None}, reverse=True)
    enough = sum(each is not None for each in found) > 1
    expected = {
        (index, 0): ("best", "second")[there.index(float(decimal(each)))]
        for index, each in enumerate(found)
        if enough and each is not None and there.index(float(decimal(each))) < 2
    }
    assert ranks(table(*rows)) == expected


def test_stars_are_the_differences_that_the_paired_test_confirms(scores_file: ScoresFile) -> None:
    paths = [
        scores_file("a", name="a", right={"crossner_ai": 0.5, "mit-movie": 0.5}),
        scores_file("b", name="b", right={"crossner_ai": 0.9, "mit-movie": 0.55}),
    ]
    first, second = load_all(paths)
    baseline = Baseline(first)
    built = only(comparisons([first, second], "strict", baselines=[baseline]))
    expected = [each.significant for each in differences(first.scores, second.scores, "strict", baseline.resampling)]
    assert expected[:2] == [True, False]
    assert [bool(entry.differs) for entry in built.rows[1].entries if entry] == expected
    assert not any(entry.differs for entry in built.rows[0].entries if entry)


def test_systems_on_other_sentences_get_no_star_but_a_reason(scores_file: ScoresFile) -> None:
    first, second = load_all([scores_file("a", name="a"), scores_file("b", name="b", sentences=20)])
    baseline = Baseline(first)
    assert "20 sentences" in baseline.changes(second, "gner").reason
    assert not any(e.differs for e in only(comparisons([first, second], baselines=[baseline])).rows[1].entries if e)


def test_differences_are_over_the_data_sets_in_common(scores_file: ScoresFile) -> None:
    first, second = load_all(
        [scores_file("a", name="a"), scores_file("b", name="b", right={"mit-movie": 0.9, "ncbi": 0.1})]
    )
    assert [each.name for each in Baseline(first).changes(second, "gner").differences] == ["mit-movie", "mean"]


def test_a_baseline_is_a_system_or_a_file(scores_file: ScoresFile) -> None:
    paths = [scores_file("a", name="a"), scores_file("b", name="b")]
    systems = load_all(paths)
    for choice in ("b", str(paths[1]), str(paths[1].parent)):
        baseline, together = choose_baseline(choice, systems, ())
        assert (baseline.name, [each.name for each in together]) == ("b", ["a", "b"])
    added, together = choose_baseline(str(scores_file("c", name="a")), systems, ())
    assert [each.name for each in together] == ["a (c)", "a (a)", "b"]
    assert added.name == "a (c)"


@pytest.mark.parametrize(("figure", "text"), [(0.25, "0.2"), (0.75, "0.8"), (59.46, "59.5"), (100.0, "100.0")])
def test_figures_print_half_to_even(figure: float, text: str) -> None:
    assert decimal(figure) == text


def test_quoted_figures_get_no_digits_that_were_not_published() -> None:
    published = (48.2, 50.18, 60.0)
    assert [quoted_decimal(figure) for figure in published] == ["48.2", "50.2", "60.0"]
    for number, texts in {0: ["48", "50", "60"], 2: ["48.2", "50.18", "60.0"], 4: ["48.2", "50.18", "60.0"]}.items():
        with printed_decimals(number):
            assert [quoted_decimal(figure) for figure in published] == texts


@pytest.mark.parametrize(("difference", "text"), [(1.26, "+1.3"), (-1.26, "−1.3"), (0.04, "0.0"), (-0.04, "0.0")])
def test_changes_print_their_sign(difference: float, text: str) -> None:
    assert points(difference) == text


@pytest.mark.parametrize(
    ("p", "text"),
    [
        *((1.0, "1.000"), (0.123, "0.123"), (0.0504, "0.050"), (0.0496, "0.0496"), (0.0098, "0.0098")),
        *((0.0093, "0.009"), (0.001, "0.001"), (0.000999, "< 0.001"), (0.0, "< 0.001")),
    ],
)
def test_p_values_print_three_decimals(p: float, text: str) -> None:
    """With one more where they would be those of a limit that p is below: 0.050 is not below 0.05, as a star says."""
    assert p_text(p) == text


@given(st.integers(0, 10_001), st.sampled_from([0.05, 0.01, 0.0005, 0.1]))
def test_a_p_value_is_printed_on_its_side_of_alpha_and_of_the_stars(times: int, alpha: float) -> None:
    p = times / 10_001
    text = p_text(p, alpha)
    if text == "< 0.001":
        assert p < 0.001 <= alpha
    else:
        assert abs(float(text) - p) <= 0.0005
        assert [float(text) < limit for limit in (alpha, 0.05, 0.01)] == [p < limit for limit in (alpha, 0.05, 0.01)]
    assert p_phrase(p, alpha) == (f"p {text}" if text.startswith("<") else f"p = {text}")


def test_data_and_protocol_must_be_alike(scores_file: ScoresFile) -> None:
    alike = load_all([scores_file("a", name="a"), scores_file("b", name="b", right={"crossner_ai": 0.1, "x": 1})])
    assert unlike(alike, "gner") == []
    first, second = load_all([scores_file("a", name="a"), scores_file("b", name="b", sentences=20, resamples=30)])
    data, *others = unlike([first, second], "gner")
    assert data.startswith("not like for like: data is crossner_ai/test=40@")
    assert "for a; crossner_ai/test=20@" in data
    assert not [line for line in others if "bs is" in line], "resampling moves intervals alone"


def test_metrics_counted_beside_do_not_matter(scores_file: ScoresFile) -> None:
    systems = load_all([scores_file("a", name="a"), scores_file("b", name="b", metrics=("strict", "token"))])
    assert unlike(systems, "strict") == []
    assert [row.system for row in only(comparisons(systems, "gner")).rows] == ["a"]
