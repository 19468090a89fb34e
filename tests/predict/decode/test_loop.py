"""The decoding loop on a model that is a rule: whatever is drafted, the outputs are those of plain decoding."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from operator import call

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from gner_bench.errors import GnerBenchError
from gner_bench.predict.decode.loop import Job, Loop, longest_match
from gner_bench.predict.decode.steps import Prepared

END, VOCABULARY = 0, 8
ENDS = frozenset([END])


def following(history: Sequence[int]) -> int:
    """The rule: the next token after a prompt and what was generated."""
    return random.Random(repr(list(history[:1]) + list(history[-3:]))).randrange(VOCABULARY)


def plain(prompt: Sequence[int], room: int) -> list[int]:
    history, output = list(prompt), [0][:0]
    while len(output) < room and (not output or output[-1] != END):
        output.append(following(history + output))
    return output


SHORT: list[Exception] = [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
    RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    RuntimeError("[enforce fail at alloc_cpu.cpp:119] err == 0. DefaultCPUAllocator: can't allocate memory"),
    MemoryError(),
]
"""How devices say that memory ran out."""


class Rule:
    """A model for the loop: its cache holds the tokens themselves; a memory shortage happens where one is planned."""

    device, run = torch.device("cpu"), staticmethod(call)

    def __init__(self, rows: int, shortages: Sequence[int] = ()) -> None:
        self.steps, self.shortages = 0, set(shortages)
        self.resize(rows)

    def plan(self, sizes: Sequence[tuple[int, int]]) -> None: ...

    def resize(self, rows: int) -> None:
        self.rows: list[list[int]] = [[] for _ in range(rows)]

    def prepare(self, prompts: Sequence[Sequence[int]]) -> list[Prepared]:
        return [
            Prepared([(torch.tensor(prompt[:-1]), torch.empty(0))], prompt[-1], len(prompt) - 1) for prompt in prompts
        ]

    def admit(self, row: int, prepared: Prepared) -> None:
        self.rows[row] = prepared.memory[0][0].tolist()

    def move(self, source: int, target: int) -> None:
        self.rows[target] = list(self.rows[source])

    def step(self, tokens: Tensor, starts: Sequence[int]) -> Tensor:
        self.steps += 1
        if self.steps in self.shortages:
            raise SHORT[self.steps % len(SHORT)]
        logits = torch.zeros(*tokens.shape, VOCABULARY)
        for row, (new, start) in enumerate(zip(tokens.tolist(), starts, strict=True)):
            self.rows[row][start:] = new
            for place in range(len(new)):
                logits[row, place, following(self.rows[row][: start + place + 1])] = 1
        return logits


class Guess:
    """Drafts that are right as far as chance has it."""

    def __init__(self, prompt: Sequence[int], rng: random.Random) -> None:
        self.history, self.rng = list(prompt), rng

    def propose(self, most: int) -> list[int]:
        draft: list[int] = []
        for _ in range(self.rng.randint(0, max(most, 0))):
            right = following(self.history + draft)
            draft.append(right if self.rng.random() < 0.8 else self.rng.randrange(VOCABULARY))
        return draft


def choose(logits: Tensor, drafts: Sequence[Sequence[int]], sentences: Sequence[Guess]) -> list[list[int]]:
    kept = []
    for draft, choices, sentence in zip(drafts, logits.argmax(-1).tolist(), sentences, strict=True):
        kept.append(longest_match(draft, choices, ENDS))
        sentence.history += kept[-1]
    return kept


def run(prompts: list[list[int]], rows: int, room: int, rng: random.Random, shortages: Sequence[int] = ()) -> Loop:  # type: ignore[type-arg]
    loop: Loop[int, Guess] = Loop(Rule(rows, shortages), rows, ENDS, choose, lambda rows: 12)
    jobs = (Job(i, p, lambda p=p: Guess(p, rng), room) for i, p in enumerate(prompts))  # type: ignore[misc]
    outputs = {row.job.item: row.tokens for row in loop.run(jobs)}
    assert outputs == {i: plain(prompt, room) for i, prompt in enumerate(prompts)}
    return loop


PROMPTS = st.lists(st.lists(st.integers(1, VOCABULARY - 1), min_size=1, max_size=4), max_size=12)


@given(PROMPTS, st.integers(1, 5), st.integers(1, 60), st.randoms(use_true_random=False))
def test_outputs_are_those_of_plain_decoding(
    prompts: list[list[int]], rows: int, room: int, rng: random.Random
) -> None:
    loop = run(prompts, rows, room, rng)
    assert loop.counts.kept == sum(len(plain(prompt, room)) for prompt in prompts)


@given(PROMPTS, st.lists(st.integers(1, 40), max_size=3), st.randoms(use_true_random=False))
def test_a_shortage_of_memory_halves_the_rows_and_loses_nothing(
    prompts: list[list[int]], shortages: list[int], rng: random.Random
) -> None:
    loop = run(prompts, 8, 30, rng, sorted(set(shortages))[:3])
    assert loop.size >= 1


def test_a_shortage_is_told_each_time(capsys: pytest.CaptureFixture[str]) -> None:
    prompts = [[number] for number in range(1, 8)] * 2
    loop = run(prompts, 8, 30, random.Random(0), [2, 5])
    assert loop.size == 2
    assert capsys.readouterr().err.splitlines() == [
        "Warning: out of memory with 8 sentences side by side; going on with 4",
        "Warning: out of memory with 4 sentences side by side; going on with 2",
    ]


@pytest.mark.parametrize("error", [RuntimeError("an illegal memory access was encountered"), ValueError("bad")])
def test_other_errors_are_no_shortages(error: Exception) -> None:
    class Broken(Rule):
        def step(self, tokens: Tensor, starts: Sequence[int]) -> Tensor:
            raise error

    jobs = iter([Job(0, [1], lambda: Guess([1], random.Random(0)), 30)])
    with pytest.raises(type(error), match=str(error)):
        list(Loop(Broken(4), 4, ENDS, choose, lambda rows: 12).run(jobs))


def test_sentences_that_fail_to_come_are_not_lost() -> None:
    def jobs() -> Iterator[Job[int, Guess]]:
        yield Job(0, [1], lambda: Guess([1], random.Random(0)), 30)
        raise MemoryError("while reading")

    with pytest.raises(MemoryError, match="while reading"):
        list(Loop(Rule(4), 4, ENDS, choose, lambda rows: 12).run(jobs()))


def test_a_single_sentence_that_does_not_fit_is_an_error() -> None:
    with pytest.raises(GnerBenchError, match="out of memory with a single sentence"):
        run([[1], [2]], 2, 30, random.Random(0), range(1, 100))


def test_a_free_row_is_given_away_at_once() -> None:
    prompts = [[first, second] for first in range(1, 8) for second in range(1, 8)]
    loop = run(prompts, 4, 40, random.Random(1))
    longest = max(len(plain(prompt, 40)) for prompt in prompts)
    assert loop.counts.passes < longest + sum(len(plain(prompt, 40)) for prompt in prompts) / 4


@given(st.lists(st.integers(0, 3), max_size=6), st.lists(st.integers(0, 3), min_size=7, max_size=7))
def test_the_longest_match(draft: list[int], choices: list[int]) -> None:
    kept = longest_match(draft, choices, ENDS)
    assert kept == choices[: len(kept)]
    assert kept[:-1] == draft[: len(kept) - 1]
    assert END not in kept[:-1]
    assert kept[-1] == END or len(kept) > len(draft) or draft[len(kept) - 1] != kept[-1]
