"""The order of an epoch: sentences drawn at random, and like lengths put side by side.

The order depends on the seed, the epoch and the batch size alone. One process and several see the same batches, and a
run that was killed goes on with the batch it had come to. (The Trainer's own grouping by length depends on the random
state and on the batch of one process.)
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Sequence

from torch.utils.data import Sampler

from gner_bench.train.tune.encoding import Example

WINDOW = 16
"""Batches whose sentences are sorted by length together."""
BLOCK = 8
"""Sentences of like length that stay together."""


def updates_per_epoch(examples: int, batch_size: int) -> int:
    return math.ceil(examples / batch_size)


def epoch_order(
    lengths: Sequence[int], batch_size: int, seed: int, epoch: int, grouped: bool = True
) -> list[list[int]]:
    """The global batches of an epoch, as indices of examples.

    The sentences of every ``WINDOW`` batches drawn are sorted into blocks of like length, and batches are put together
    from blocks at random, longer sentences first. The batch with the longest sentence opens the first epoch, so that
    what does not fit the memory fails at once. The last batch is filled up with the index after the last example.
    """
    rng, count = random.Random(f"{seed} {epoch}"), len(lengths)
    drawn = rng.sample(range(count), count)
    if grouped:
        size = WINDOW * batch_size
        windows = [drawn[start : start + size] for start in range(0, count, size)]
        drawn = [index for window in windows for index in _grouped(window, lengths, math.gcd(batch_size, BLOCK), rng)]
    drawn += [count] * (-count % batch_size)
    found = [drawn[start : start + batch_size] for start in range(0, len(drawn), batch_size)]
    return _longest_first(found, [*lengths, 0], epoch == 0) if grouped else found


def _grouped(window: Sequence[int], lengths: Sequence[int], block: int, rng: random.Random) -> list[int]:
    """A window as blocks of like length in random order, one that is not full at the end."""
    by_length = sorted(window, key=lambda index: -lengths[index])
    blocks = [by_length[start : start + block] for start in range(0, len(by_length), block)]
    rest = blocks.pop() if len(blocks[-1]) < block else []
    rng.shuffle(blocks)
    return [*(index for each in blocks for index in each), *rest]


def _longest_first(batches: Sequence[Sequence[int]], known: Sequence[int], opening: bool) -> list[list[int]]:
    found = [sorted(batch, key=lambda index: -known[index]) for batch in batches]
    if opening:
        found.insert(0, found.pop(max(range(len(found)), key=lambda place: known[found[place][0]])))
    return found


class GlobalBatches(Sampler[int]):
    """The indices of an epoch, batch after batch. ``epoch`` tells which one begins."""

    def __init__(self, lengths: Sequence[int], batch_size: int, seed: int, epoch: Callable[[], int]) -> None:
        self.lengths, self.batch_size, self.seed, self.epoch = lengths, batch_size, seed, epoch

    def __len__(self) -> int:
        return updates_per_epoch(len(self.lengths), self.batch_size) * self.batch_size

    def __iter__(self) -> Iterator[int]:
        for batch in epoch_order(self.lengths, self.batch_size, self.seed, self.epoch()):
            yield from batch


def padding_share(
    examples: Sequence[Example], batches: Sequence[Sequence[int]], device_batch_size: int, apart: bool
) -> float:
    """The share of padding in all tokens that the model is given, from 0 to 1.

    With ``apart``, prompts and answers are padded each by themselves, as for an encoder-decoder.
    """
    real = given = 0
    for batch in batches:
        kept = [index for index in batch if index < len(examples)]
        for start in range(0, len(kept), device_batch_size):
            part = [examples[index] for index in kept[start : start + device_batch_size]]
            real += sum(example.tokens for example in part)
            given += len(part) * longest(part, apart)
    return 1 - real / given if given else 0.0


def longest(part: Sequence[Example], apart: bool) -> int:
    """The tokens of each row of a padded batch."""
    if not apart:
        return max(example.tokens for example in part)
    return max(len(example.prompt) for example in part) + max(len(example.answer) for example in part)
