"""Examples as token ids, the order of an epoch, and batches as tensors.

The order depends on the seed, the epoch and the batch size alone. One process and several see the same batches, and a
run that was killed goes on with the batch it had come to. (The Trainer's own grouping by length depends on the random
state and on the batch of one process.)
"""

from __future__ import annotations

import math
import random
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import NamedTuple

import torch
from torch import Tensor
from torch.utils.data import Sampler

from gner_bench.predict.folder import CheckpointFolder
from gner_bench.train.recipe import Recipe

IGNORED = -100
"""The label of a token that has no loss."""
CHUNK = 1000
"""Pairs that are tokenized together."""
WINDOW = 16
"""Batches whose sentences are sorted by length together."""
BLOCK = 8
"""Sentences of like length that stay together."""


class Example(NamedTuple):
    """Token ids of a prompt and of its answer, which ends in the end token."""

    prompt: array[int]
    answer: array[int]

    @property
    def tokens(self) -> int:
        return len(self.prompt) + len(self.answer)


@dataclass
class Cut:
    """How many examples did not fit: ``prompts`` and ``answers`` that were cut at the limit (an answer keeps its end
    token), and examples ``dropped`` because the prompt leaves no room for an answer."""

    prompts: int = 0
    answers: int = 0
    dropped: int = 0

    def lines(self) -> list[str]:
        """For people, one line for each count that is not 0."""
        counts = {
            "prompts were cut at the input limit": self.prompts,
            "answers did not fit and were cut": self.answers,
            "examples were dropped: their prompt leaves no room for an answer": self.dropped,
        }
        return [f"{count} {text}" for text, count in counts.items() if count]


def encode(pairs: Iterable[tuple[str, str]], start: CheckpointFolder, recipe: Recipe) -> tuple[list[Example], Cut]:
    """Tokenize ``pairs`` of prompt and answer under the recipe's limits, prompts as predict tokenizes them.

    An encoder-decoder has a limit for the prompt and one for the answer, a decoder-only model one for both together.
    """
    tokenizer, end = start.tokenizer, start.tokenizer.eos_token_id
    cut, examples, remaining = Cut(), [], iter(pairs)
    while chunk := list(islice(remaining, CHUNK)):
        prompts = tokenizer([prompt for prompt, _ in chunk])["input_ids"]
        answers = tokenizer([answer for _, answer in chunk], add_special_tokens=False)["input_ids"]
        for prompt, answer in zip(prompts, answers, strict=True):
            if start.encoder_decoder:
                room = recipe.max_new_tokens
                if len(prompt) > recipe.max_input_tokens:
                    cut.prompts += 1
                    prompt = [*prompt[: recipe.max_input_tokens - 1], prompt[-1]]
            else:
                # The prompt of a decoder-only model must not end in the end token: the answer continues it.
                if prompt and prompt[-1] == end:
                    prompt = prompt[:-1]
                room = recipe.max_total_tokens - len(prompt)
                if room < 2:
                    cut.dropped += 1
                    continue
            cut.answers += len(answer) >= room
            examples.append(Example(array("i", prompt), array("i", [*answer[: room - 1], end])))
    return examples, cut


def epoch_order(
    lengths: Sequence[int], batch_size: int, seed: int, epoch: int, grouped: bool = True
) -> list[list[int]]:
    """The global batches of an epoch, as indices of examples.

    The sentences of every ``WINDOW`` batches drawn are sorted into blocks of like length, and batches are put together
    from blocks at random, longer sentences first. The batch with the longest sentence opens the first epoch, so that
    what does not fit the memory fails at once. The last batch is filled up with the index after the last example.
    """
    rng, count = random.Random(f"{seed} {epoch}"), len(lengths)
    order = rng.sample(range(count), count)
    if grouped:
        size, block = WINDOW * batch_size, math.gcd(batch_size, BLOCK)
        windows = [sorted(order[i : i + size], key=lambda index: -lengths[index]) for i in range(0, count, size)]
        order = []
        for window in windows:
            blocks = [window[i : i + block] for i in range(0, len(window), block)]
            rest = blocks.pop() if len(blocks[-1]) < block else []  # a block that is not full would shift all after it
            rng.shuffle(blocks)
            order += [*chain.from_iterable(blocks), *rest]
    order += [count] * (-count % batch_size)
    batches = [order[i : i + batch_size] for i in range(0, len(order), batch_size)]
    if grouped:
        known = [*lengths, 0]
        batches = [sorted(batch, key=lambda index: -known[index]) for batch in batches]
        if epoch == 0:
            longest_batch = max(range(len(batches)), key=lambda place: known[batches[place][0]])
            batches.insert(0, batches.pop(longest_batch))
    return batches


@dataclass(eq=False)
class GlobalBatches(Sampler[int]):
    """The indices of an epoch, batch after batch. ``epoch`` returns the number of the one that begins."""

    lengths: Sequence[int]
    batch_size: int
    seed: int
    epoch: Callable[[], int]

    def __len__(self) -> int:
        return math.ceil(len(self.lengths) / self.batch_size) * self.batch_size

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


class Collator:
    """Makes one batch of examples, padded to the longest on the right. Only answers have labels.

    ``filler`` is an example that counts for nothing.
    """

    def __init__(self, start: CheckpointFolder) -> None:
        config, tokenizer = start.config, start.tokenizer
        known = (tokenizer.pad_token_id, config.pad_token_id, tokenizer.eos_token_id)
        self.pad: int = next(token for token in known if token is not None)
        self.filler = Example(array("i", [self.pad]), array("i"))
        self.start_token: int | None = config.decoder_start_token_id if start.encoder_decoder else None

    def __call__(self, examples: Sequence[Example]) -> dict[str, Tensor]:
        """Tensors of shape (examples, longest), as the model takes them."""
        if self.start_token is not None:
            inputs = [list(example.prompt) for example in examples]
            labels = [list(example.answer) for example in examples]
            decoder_inputs = [[self.start_token, *answer[:-1]] for answer in labels]
            more = {"decoder_input_ids": padded(decoder_inputs, self.pad)}
        else:
            inputs = [[*example.prompt, *example.answer] for example in examples]
            labels = [[*([IGNORED] * len(example.prompt)), *example.answer] for example in examples]
            more = {}
        more["attention_mask"] = padded([[1] * len(row) for row in inputs], 0)
        return {"input_ids": padded(inputs, self.pad), **more, "labels": padded(labels, IGNORED)}


def padded(rows: Sequence[Sequence[int]], filler: int) -> Tensor:
    """Rows of token ids as one tensor of shape (rows, longest), filled up on the right."""
    width = max(1, *(len(row) for row in rows))
    return torch.tensor([[*row, *([filler] * (width - len(row)))] for row in rows])
