from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gner_bench.catalog.entries import PublishedScore
from gner_bench.report.contents import Contents, prepare
from gner_bench.report.load import load_all
from gner_bench.report.views.verdict import lead_grids, statements

ScoresFile = Callable[..., Path]
SETS = ("crossner_ai", "mit-movie")


@pytest.fixture
def told(scores_file: ScoresFile) -> Callable[..., list[str]]:
    """The statements of a report on systems by name, each with the share of right sentences in two sets."""

    def tell(baseline: str | None = None, **shares: float) -> list[str]:
        paths = [scores_file(name, name=name, right=dict.fromkeys(SETS, share)) for name, share in shares.items()]
        return list(map(str, statements(prepare(paths, baseline=baseline))))

    return tell


# With a share r of 40 sentences right, the sets have F1 near r; the four wrong outputs in turn find next to nothing.


@pytest.mark.parametrize("baseline", [None, "weak", "strong"])
def test_a_confirmed_difference_names_the_best_system_once(
    told: Callable[..., list[str]], baseline: str | None
) -> None:
    [line] = told(baseline, weak=0.3, strong=0.9)
    assert line.startswith("strong is best: mean F1 (GNER metric) 9")
    assert " of weak, over 2 data sets, 80 sentences. The difference of 5" in line
    assert line.endswith(" points is confirmed (95% interval +45.9 to +67.9, p < 0.001).")


def test_of_three_systems_the_first_two_are_compared_and_all_with_the_baseline(
    told: Callable[..., list[str]],
) -> None:
    best, *others = told("weak", weak=0.2, strong=0.9, middle=0.5)
    assert best.startswith("strong is best of 3 systems: ")
    assert " of middle, over" in best
    assert [line.partition(": mean F1")[0] for line in others] == [
        "Better: strong against weak",
        "Better: middle against weak",
    ]


def test_a_difference_that_may_be_chance_is_said_to_be_one(told: Callable[..., list[str]]) -> None:
    [line] = told(one=0.5, other=0.525)
    assert line.startswith("No difference is confirmed: other is ahead by 2.")
    assert "That may be chance (95% interval" in line
    assert line.endswith("points would be found with 80% power.")


def test_systems_with_the_same_counts_are_level(told: Callable[..., list[str]]) -> None:
    [line] = told(one=0.5, other=0.5)
    assert line.startswith("one and other are level: mean F1 (GNER metric) ")
    assert line.endswith(" each, over 2 data sets, 80 sentences.")


def test_a_system_alone_is_told_between_the_quoted_ones(scores_file: ScoresFile) -> None:
    quoted = [
        PublishedScore(name, 2024, "somewhere", mean, {"crossner_ai": mean}, comparable=comparable)
        for name, mean, comparable in (
            *(("far above", 99.0, True), ("next above (re-run)", 60.0, True), ("other gold", 55.0, False)),
            *(("next below", 40.0, True), ("far below", 1.0, True)),
        )
    ]
    systems = load_all([scores_file(right={"crossner_ai": 0.5})])
    [line] = map(str, statements(Contents(systems, ("gner",), quoted)))
    assert line.startswith("gner-tiny: F1 (GNER metric) 5")
    assert ", on AI, 40 sentences. Quoted scores next to it: next above with 60.0 above and next below with" in line
    assert line.endswith("with 40.0 below; not like for like: test, 40 sentences.")
    assert "Quoted" not in str(statements(Contents(systems, ("gner",)))[0])


def test_systems_on_other_sentences_are_not_ranked_with_each_other(scores_file: ScoresFile) -> None:
    paths = [
        scores_file("a", name="a", right={"crossner_ai": 0.5}, sentences=20),
        scores_file("b", name="b", right={"crossner_ai": 0.6}),
        scores_file("c", name="c", right={"crossner_ai": 0.9}),
    ]
    best, alone = statements(prepare(paths, published=()))
    assert best.head == "c is best"
    assert (alone.head, alone.text.partition(". ")[2]) == (
        "a",
        "No other system was scored on the same data sets and sentences.",
    )
    assert [str(each) for each in statements(prepare(paths, published=(), baseline="a"))][2].startswith(
        "Not compared: b with a: crossner_ai: 20 sentences"
    )


def test_a_metric_without_tests_and_a_system_without_the_metric_are_told(scores_file: ScoresFile) -> None:
    paths = [
        scores_file("a", name="a", right={"crossner_ai": 0.0}, metrics=("surface",)),
        scores_file("b", name="b", right={"crossner_ai": 0.6}, metrics=("surface",)),
        scores_file("c", name="c", right={"crossner_ai": 0.6}),
    ]
    contents = prepare(paths)
    first, second = statements(contents)
    assert first.head == "b has the highest F1"
    assert "Not tested: " in first.text
    assert str(second) == "c: not scored by the surface metric"
    assert lead_grids(contents) == []


def test_the_tables_are_those_of_the_baseline_and_of_the_first_two(scores_file: ScoresFile) -> None:
    paths = [
        scores_file(name, name=name, right=dict.fromkeys(SETS, share))
        for name, share in (("low", 0.1), ("middle", 0.5), ("high", 0.8))
    ]
    titles = [grid.title for grid in lead_grids(prepare(paths, baseline="low"))]
    assert titles == ["F1 of middle against low", "F1 of high against low", "F1 of high against middle"]
    assert [grid.title for grid in lead_grids(prepare(paths))] == titles[2:]
    assert [grid.title for grid in lead_grids(prepare(paths[:2], baseline="middle"))] == ["F1 of low against middle"]
