"""The sizes of passes are chosen by what passes of three sizes cost, and by a guess until then."""

from __future__ import annotations

import pytest

from gner_bench.predict.decode.passes import MOST_TRIALS, SIZES, PassSizes, row_sizes
from gner_bench.predict.memory import longest_pass


def timed(fixed: float, token: float, rows: int = 64, recording: bool = True) -> PassSizes:
    """Sizes chosen on a device whose passes take ``fixed`` seconds and ``token`` for each token of a row."""
    sizes = PassSizes(rows, 0.97, lambda rows: 30, recording)
    passes = 0
    while sizes.trying:
        tokens = sizes.draft_tokens(rows) + 1
        sizes.note(rows, tokens, fixed + token * rows * tokens)
        passes += 1
    assert passes == 9
    return sizes


def best(fixed: float, token: float, rows: int) -> int:
    """The definition: the tokens of a row that bring the most kept ones a second, by trying all."""
    rates = {
        n: sum(0.97**kept for kept in range(n)) / (fixed + token * rows * n) for n in SIZES if n <= longest_pass(rows)
    }
    return max(rates, key=lambda n: rates[n])


@pytest.mark.parametrize(("fixed", "token"), [(4e-3, 3e-5), (4e-3, 1e-6), (1e-4, 1e-5), (1e-2, 0.0), (0.0, 1e-5)])
def test_the_choice_is_the_best_for_what_passes_cost(fixed: float, token: float) -> None:
    sizes = timed(fixed, token)
    for rows in (64, 16, 4):
        assert sizes.draft_tokens(rows) + 1 == best(fixed, token, rows) == sizes.sizes(rows)[-1]
    assert sizes.draft_tokens(40) == sizes.draft_tokens(64)  # so many are computed in any case
    assert sizes.document()["tokens_of_a_row"] == {str(rows): best(fixed, token, rows) for rows in (64, 16, 4)}


def test_what_was_timed_is_told() -> None:
    times = timed(4e-3, 1e-5).document()["milliseconds_by_tokens"]
    assert times == {"768": 11.68, "2048": 24.48, "4096": 44.96}  # 64 rows of 12, 32 and 64 tokens


def test_a_slow_pass_among_others_changes_nothing() -> None:
    sizes = timed(4e-3, 1e-5)
    noisy = PassSizes(64, 0.97, lambda rows: 30)
    for index in range(MOST_TRIALS):
        tokens = noisy.draft_tokens(64) + 1
        noisy.note(64, tokens, 4e-3 + 1e-5 * 64 * tokens + (index % 2))
    assert noisy.document() == sizes.document()


def test_passes_that_were_recorded_meanwhile_and_those_of_few_rows_do_not_count() -> None:
    sizes = PassSizes(64, 0.97, lambda rows: 30)
    for _ in range(5):
        sizes.note(64, 12, 5.0, usual=False)
        sizes.note(10, 12, 5.0)
    assert sizes.document()["milliseconds_by_tokens"] == {}
    assert sizes.trying


def test_a_trial_ends_although_drafts_stay_short() -> None:
    sizes = PassSizes(64, 0.97, lambda rows: 30)
    for _ in range(MOST_TRIALS):
        assert sizes.trying
        sizes.note(64, 3, 0.01)
    assert not sizes.trying
    assert sizes.draft_tokens(64) == 24 - 1  # the guess, in one of the sizes


def test_plain_passes_after_recorded_ones_are_timed_anew() -> None:
    sizes = timed(1e-4, 1e-5)
    sizes.recording = False
    assert sizes.trying


@pytest.mark.parametrize(
    ("rows", "sizes"), [(1, (1,)), (2, (2, 1)), (8, (8, 2, 1)), (64, (64, 16, 4)), (250, (250, 63, 16))]
)
def test_numbers_of_rows(rows: int, sizes: tuple[int, ...]) -> None:
    assert row_sizes(rows) == sizes
    chosen = PassSizes(rows, 0.97, lambda rows: 30)
    for few in range(1, rows + 1):
        assert chosen.row_size(few) == min(size for size in sizes if size >= few)


@pytest.mark.parametrize("rows", [2000, 5000])
def test_many_rows_are_not_tried(rows: int) -> None:
    sizes = PassSizes(rows, 0.97, lambda rows: 30)
    assert not sizes.trying
    assert sizes.draft_tokens(rows) == 1
