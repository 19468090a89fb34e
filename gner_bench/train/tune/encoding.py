"""Examples as token ids, and batches of them as tensors."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

import torch
from torch import Tensor

from gner_bench.train.tune.examples import TextPair
from gner_bench.train.tune.recipe import TuneRecipe
from gner_bench.train.tune.start import Start

IGNORED = -100
CHUNK = 1000
"""Pairs that are tokenized together."""


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

    def told(self) -> list[str]:
        """For people, one line each."""
        what = {
            "prompts were cut at the input limit": self.prompts,
            "answers did not fit and were cut": self.answers,
            "examples were dropped: their prompt leaves no room for an answer": self.dropped,
        }
        return [f"{count} {text}" for text, count in what.items() if count]


def encode(pairs: Iterable[TextPair], start: Start, recipe: TuneRecipe) -> tuple[list[Example], Cut]:
    """Tokenize ``pairs`` under the recipe's limits, prompts as predict tokenizes them.

    An encoder-decoder has a limit for the prompt and one for the answer, a decoder-only model one for both together.
    """
    cut = Cut()
    fit = _fit_apart if start.encoder_decoder else _fit_together
    examples = [fit(prompt, answer, recipe, cut) for prompt, answer in _tokenized(pairs, start)]
    return [example for example in examples if example is not None], cut


def _tokenized(pairs: Iterable[TextPair], start: Start) -> Iterator[tuple[list[int], list[int]]]:
    """Whole prompts and answers; an encoder-decoder's prompt ends in the end token, a decoder-only one's must not."""
    tokenizer, end, whole = start.tokenizer, start.tokenizer.eos_token_id, start.encoder_decoder
    remaining = iter(pairs)
    while chunk := list(islice(remaining, CHUNK)):
        prompts = tokenizer([pair.prompt for pair in chunk])["input_ids"]
        answers = tokenizer([pair.target for pair in chunk], add_special_tokens=False)["input_ids"]
        for prompt, answer in zip(prompts, answers, strict=True):
            yield (prompt if whole else _without_end(prompt, end)), [*answer, end]


def _without_end(ids: list[int], end: int) -> list[int]:
    return ids[:-1] if ids and ids[-1] == end else ids


def _fit_apart(prompt: list[int], answer: list[int], recipe: TuneRecipe, cut: Cut) -> Example:
    most = recipe.max_input_tokens
    if len(prompt) > most:
        cut.prompts += 1
        prompt = [*prompt[: most - 1], prompt[-1]]
    return Example(array("i", prompt), array("i", _cut_answer(answer, recipe.max_new_tokens, cut)))


def _fit_together(prompt: list[int], answer: list[int], recipe: TuneRecipe, cut: Cut) -> Example | None:
    room = recipe.max_total_tokens - len(prompt)
    if room < 2:
        cut.dropped += 1
        return None
    return Example(array("i", prompt), array("i", _cut_answer(answer, room, cut)))


def _cut_answer(answer: list[int], most: int, cut: Cut) -> list[int]:
    if len(answer) <= most:
        return answer
    cut.answers += 1
    return [*answer[: most - 1], answer[-1]]


class Examples:
    """Examples by index; the index after the last is a filler, which counts for nothing."""

    def __init__(self, examples: Sequence[Example], filler_token: int) -> None:
        self.examples = examples
        self.filler = Example(array("i", [filler_token]), array("i"))

    def __len__(self) -> int:
        return len(self.examples)

    def __getitem__(self, index: int) -> Example:
        return self.filler if index == len(self.examples) else self.examples[index]


class Collator:
    """Makes one batch of examples, padded to the longest on the right. Only answers have labels."""

    def __init__(self, start: Start) -> None:
        config, tokenizer = start.config, start.tokenizer
        known = (tokenizer.pad_token_id, config.pad_token_id, tokenizer.eos_token_id)
        self.pad: int = next(token for token in known if token is not None)
        self.start_token: int | None = config.decoder_start_token_id if start.encoder_decoder else None

    def __call__(self, examples: Sequence[Example]) -> dict[str, Tensor]:
        """Tensors of shape (examples, longest), as the model takes them."""
        return self._together(examples) if self.start_token is None else self._apart(examples, self.start_token)

    def _apart(self, examples: Sequence[Example], start: int) -> dict[str, Tensor]:
        answers = [example.answer for example in examples]
        return {
            **self._inputs([example.prompt for example in examples]),
            "decoder_input_ids": _padded([[start, *answer[:-1]] for answer in answers], self.pad),
            "labels": _padded(answers, IGNORED),
        }

    def _together(self, examples: Sequence[Example]) -> dict[str, Tensor]:
        labels = [[*([IGNORED] * len(example.prompt)), *example.answer] for example in examples]
        return {
            **self._inputs([[*example.prompt, *example.answer] for example in examples]),
            "labels": _padded(labels, IGNORED),
        }

    def _inputs(self, rows: Sequence[Sequence[int]]) -> dict[str, Tensor]:
        mask = [[1] * len(row) for row in rows]
        return {"input_ids": _padded(rows, self.pad), "attention_mask": _padded(mask, 0)}


def _padded(rows: Sequence[Sequence[int]], filler: int) -> Tensor:
    longest = max(1, *(len(row) for row in rows))
    return torch.tensor([[*row, *([filler] * (longest - len(row)))] for row in rows])
