"""The order of an epoch."""

from __future__ import annotations

import math
from array import array
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from gner_bench.train.batches import Example, GlobalBatches, epoch_order, padding_share

LENGTHS = st.lists(st.integers(1, 900), min_size=1, max_size=400)


@given(LENGTHS, st.integers(1, 40), st.integers(0, 3), st.booleans())
def test_an_epoch_holds_every_example_once_and_fills_the_last_batch(
    lengths: list[int], batch_size: int, epoch: int, grouped: bool
) -> None:
    batches = epoch_order(lengths, batch_size, 0, epoch, grouped)
    assert len(batches) == math.ceil(len(lengths) / batch_size)
    assert all(len(batch) == batch_size for batch in batches)
    indices = sorted(index for batch in batches for index in batch)
    assert indices == [*range(len(lengths)), *[len(lengths)] * (-len(lengths) % batch_size)]
    assert all(min(batch) < len(lengths) for batch in batches)


@given(LENGTHS, st.integers(1, 40))
def test_longer_examples_come_first_and_the_longest_at_once(lengths: list[int], batch_size: int) -> None:
    batches = epoch_order(lengths, batch_size, 0, 0)
    known = [*lengths, 0]
    assert all(known[a] >= known[b] for batch in batches for a, b in pairwise(batch))
    assert known[batches[0][0]] == max(lengths)


def test_the_order_depends_on_seed_and_epoch_alone() -> None:
    lengths = list(range(1, 101))
    epochs = [epoch_order(lengths, 8, seed, epoch) for seed in (0, 1) for epoch in (0, 1)]
    assert epochs[0] == epoch_order(lengths, 8, 0, 0)
    assert len({str(epoch) for epoch in epochs}) == 4
    now = 0
    sampler = GlobalBatches(lengths, 8, 0, lambda: now)
    assert list(sampler) == [index for batch in epochs[0] for index in batch]
    now = 1
    assert list(sampler) == [index for batch in epochs[1] for index in batch]
    assert len(sampler) == 104 == math.ceil(100 / 8) * 8


def test_batches_are_not_of_one_length_throughout() -> None:
    lengths = list(range(1, 257))
    means = [sum(lengths[i] for i in batch) / 64 for batch in epoch_order(lengths, 64, 0, 1)]
    assert max(means) < 2 * min(means)


def example(length: int) -> Example:
    return Example(array("i", [1] * length), array("i", [1] * (2 * length)))


def test_grouping_saves_padding() -> None:
    examples = [example(1 + index * 37 % 100) for index in range(512)]
    lengths = [each.tokens for each in examples]
    shares = [padding_share(examples, epoch_order(lengths, 32, 0, 0, grouped), 4, True) for grouped in (True, False)]
    assert shares[0] < 0.1 < 0.3 < shares[1]


def test_padding_counts_what_is_given_beyond_the_tokens() -> None:
    examples = [example(1), example(3)]
    assert padding_share(examples, [[1, 0, 2, 2]], 2, True) == 1 - 12 / 18
    assert padding_share(examples, [[1, 0, 2, 2]], 1, True) == 0
