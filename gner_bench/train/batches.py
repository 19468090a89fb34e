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
    """``examples`` in batches of at most ``tokens`` padded tokens (prompts and GNER texts), in random order."""
    rows = [
        _Row(*each) for each in zip(*(_ids(texts, tokenizer) for texts in zip(*examples, strict=True)), strict=True)
    ]
    rows.sort(key=lambda row: (row.length, len(row.prompt)))
    made = [_batch(group) for group in _groups(rows, tokens)]
    rng.shuffle(made)
    return made


@dataclass(frozen=True)
class _Row:
    """The token ids of an example."""

    prompt: list[int]
    target: list[int]
    measured: list[int]

    @property
    def length(self) -> int:
        return len(self.measured)


def _ids(texts: Sequence[str], tokenizer: Tokenizer) -> list[list[int]]:
    return [encoding.ids for encoding in tokenizer.encode_batch(list(texts))]


def _groups(rows: Sequence[_Row], tokens: int) -> list[list[_Row]]:
    groups: list[list[_Row]] = [[]]
    longest = (0, 0)
    for row in rows:
        longest = (max(longest[0], len(row.prompt)), max(longest[1], row.length))
        if groups[-1] and sum(longest) * (len(groups[-1]) + 1) > tokens:
            groups.append([])
            longest = (len(row.prompt), row.length)
        groups[-1].append(row)
    return groups


def _batch(rows: Sequence[_Row]) -> Batch:
    return Batch(_padded([row.prompt for row in rows], 0), _padded([row.target for row in rows], IGNORED))


def _padded(rows: Sequence[list[int]], filler: int) -> Tensor:
    longest = max(map(len, rows))
    return torch.tensor([row + [filler] * (longest - len(row)) for row in rows])
