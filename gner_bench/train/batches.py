"""Batches of about the same number of tokens, examples of like length together."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from tokenizers import Tokenizer
from torch import Tensor

from gner_bench.train.examples import Example

IGNORED = -100


@dataclass(frozen=True)
class Batch:
    """``prompts`` and ``targets``: token ids of shape (examples, longest), padded with 0 and -100."""

    prompts: Tensor
    targets: Tensor


def batches(examples: Sequence[Example], tokenizer: Tokenizer, tokens: int, rng: random.Random) -> list[Batch]:
    """``examples`` in batches of at most ``tokens`` padded tokens (prompts and targets), in random order."""
    prompts = [encoding.ids for encoding in tokenizer.encode_batch([prompt for prompt, _ in examples])]
    targets = [encoding.ids for encoding in tokenizer.encode_batch([target for _, target in examples])]
    pairs = sorted(zip(prompts, targets, strict=True), key=lambda pair: (len(pair[1]), len(pair[0])))
    made = [_batch(group) for group in _groups(pairs, tokens)]
    rng.shuffle(made)
    return made


def _groups(pairs: Sequence[tuple[list[int], list[int]]], tokens: int) -> list[list[tuple[list[int], list[int]]]]:
    groups: list[list[tuple[list[int], list[int]]]] = [[]]
    longest = (0, 0)
    for pair in pairs:
        longest = (max(longest[0], len(pair[0])), max(longest[1], len(pair[1])))
        if groups[-1] and sum(longest) * (len(groups[-1]) + 1) > tokens:
            groups.append([])
            longest = (len(pair[0]), len(pair[1]))
        groups[-1].append(pair)
    return groups


def _batch(pairs: Sequence[tuple[list[int], list[int]]]) -> Batch:
    return Batch(_padded([prompt for prompt, _ in pairs], 0), _padded([target for _, target in pairs], IGNORED))


def _padded(rows: Sequence[list[int]], filler: int) -> Tensor:
    longest = max(map(len, rows))
    return torch.tensor([row + [filler] * (longest - len(row)) for row in rows])
