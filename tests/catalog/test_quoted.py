from __future__ import annotations

import pytest

from gner_bench.catalog import published_scores
from gner_bench.catalog.quoted import choose_published
from gner_bench.errors import UsageError

RERUN = "GoLLIE-7B (re-run by GNER v2, without the else type)"


@pytest.mark.parametrize(
    ("asked", "systems"),
    [
        (
            ["gner-t5-b*", "GoLLIE-7B"],
            ["GNER-T5-base", RERUN, "GoLLIE-7B (as first published)", "GNER-T5-base"],
        ),
        (["UniNER-13B, uniner-7b ,"], ["UniNER-7B", "UniNER-13B"]),
        (["InstructUIE", "UniNER-13B"], ["InstructUIE", "UniNER-13B"]),
        ([RERUN], [RERUN]),  # a name in full has a comma itself
        ([f" {RERUN.upper()} "], [RERUN]),
        (["none"], []),
        (["None"], []),
        ([], []),
    ],
)
def test_rows_are_chosen_by_name_in_the_order_of_tables(asked: list[str], systems: list[str]) -> None:
    assert [row.system for row in choose_published(asked)] == systems


@pytest.mark.parametrize("asked", [["all"], ["ALL"], ["GNER-*,all"]])
def test_all_are_all_of_both_settings(asked: list[str]) -> None:
    assert choose_published(asked) == [*published_scores(), *published_scores("supervised")]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["GNER-T5-bass"], "unknown published system 'GNER-T5-bass'; did you mean 'GNER-T5-base'?"),
        (["UniNER-7B,GPT5 mini"], "unknown published system 'GPT5 mini'; did you mean 'GPT-5 mini'?"),
        (["none", "UniNER-7B"], "none goes with nothing else: uniner-7b"),
        ([" , "], "expected all, none or names of published systems"),
        ([""], "expected all, none or names of published systems"),
    ],
)
def test_what_is_no_name_is_said_in_one_line(asked: list[str], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        choose_published(asked)
    assert str(caught.value) == said
