"""The decoding loop: every row drafts, one pass of the model checks all drafts, every row keeps what held.

A finished sentence gives its row to the next one at once, so that a long output holds nobody up.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

import torch
from torch import Tensor

from gner_bench.errors import GnerBenchError
from gner_bench.predict.decode.steps import Prepared, StepModel, padded


class Sentence(Protocol):
    """What drafts the output of one sentence."""

    def propose(self, most: int) -> list[int]:
        """At most ``most`` token ids that may follow those accepted so far."""


T = TypeVar("T")
S = TypeVar("S", bound=Sentence)

Choose = Callable[[Tensor, Sequence[Sequence[int]], Sequence[S]], list[list[int]]]
"""How the logits of a pass become choices: ``choose(logits, drafts, sentences)`` tells each sentence what was chosen
after every part of its draft and returns the tokens that each keeps, at least one. ``logits`` has the shape (rows,
longest draft + 1, vocabulary)."""


@dataclass
class Job(Generic[T, S]):
    """A sentence to be decoded: its prompt as token ids, what drafts it, and the most tokens it may have."""

    item: T
    prompt: Sequence[int]
    begin: Callable[[], S]
    room: int


@dataclass
class Row(Generic[T, S]):
    """A sentence under way or done, with its tokens (the end token too, if it came) after so many forward passes.

    ``last`` is the token that the next pass starts with, ``start`` its place in the cache.
    """

    job: Job[T, S]
    sentence: S
    last: int
    start: int
    tokens: list[int] = field(default_factory=list)
    passes: int = 0


def longest_match(draft: Sequence[int], choices: Sequence[int], ends: Set[int]) -> list[int]:
    """The part of a draft that the choices confirm and the choice after it; nothing follows an end token."""
    for place, (drafted, chosen) in enumerate(zip(draft, choices, strict=False)):
        if drafted != chosen or chosen in ends:
            return list(choices[: place + 1])
    return list(choices[: len(draft) + 1])


@dataclass
class Counts:
    """What a run did: forward passes, tokens pushed through the model, those that were kept, sentences begun again."""

    passes: int = 0
    pushed: int = 0
    kept: int = 0
    restarted: int = 0


class Loop(Generic[T, S]):
    """Decodes jobs on ``rows`` rows of a model until one of the tokens ``ends`` or the room of each is reached.

    ``draft_tokens`` gives the longest draft for a number of rows. A shortage of accelerator memory halves the rows; the
    sentences of the others begin again.
    """

    def __init__(
        self, model: StepModel, rows: int, ends: Set[int], choose: Choose[S], draft_tokens: Callable[[int], int]
    ) -> None:
        self.model, self.size, self.ends = model, rows, ends
        self.choose, self.draft_tokens = choose, draft_tokens
        self.counts = Counts()
        self._rows: list[Row[T, S]] = []
        self._ready: deque[tuple[Job[T, S], Prepared]] = deque()
        self._again: deque[Job[T, S]] = deque()

    def run(self, jobs: Iterator[Job[T, S]]) -> Iterator[Row[T, S]]:
        """Every job, as soon as it is done. Raises GnerBenchError when a single sentence does not fit the memory."""
        while True:
            try:
                self._fill(jobs)
                if not self._rows:
                    return
                self._pass()
            except torch.cuda.OutOfMemoryError:
                if self.size == 1:
                    message = "out of memory with a single sentence; try --dtype bf16 or another --device"
                    raise GnerBenchError(message) from None
                self.size //= 2
                torch.cuda.empty_cache()
                while len(self._rows) > self.size:
                    self._again.append(self._rows.pop().job)
                    self.counts.restarted += 1
                # Prompts that were read ahead are read again later, as their keys and values take memory.
                while self._ready:
                    self._again.append(self._ready.popleft()[0])
            # From the last row to the first, so that the row that takes the place of a finished one has been looked at.
            for index in reversed(range(len(self._rows))):
                row = self._rows[index]
                if row.passes and (row.last in self.ends or len(row.tokens) >= row.job.room):
                    # The rows in use stay the first ones: the last moves to the place that is free.
                    last = self._rows.pop()
                    if last is not row:
                        self._rows[index] = last
                        self.model.move(len(self._rows), index)
                    yield row

    def _fill(self, jobs: Iterator[Job[T, S]]) -> None:
        """Give every free row a sentence; prompts are read together, as many as there are rows."""
        while len(self._rows) < self.size:
            if not self._ready:
                batch: list[Job[T, S]] = []
                while len(batch) < self.size:
                    job = self._again.popleft() if self._again else next(jobs, None)
                    if job is None:
                        break
                    batch.append(job)
                if not batch:
                    return
                try:
                    self._ready.extend(zip(batch, self.model.prepare([job.prompt for job in batch]), strict=True))
                except torch.cuda.OutOfMemoryError:
                    self._again.extendleft(reversed(batch))
                    raise
            job, prepared = self._ready.popleft()
            self.model.admit(len(self._rows), prepared)
            self._rows.append(Row(job, job.begin(), prepared.last, prepared.start))

    def _pass(self) -> None:
        """One pass, by itself, so that its logits are free before the next pass makes its own."""
        # Its input begins with the last token of each row, which the cache does not hold yet.
        most = self.draft_tokens(len(self._rows))
        drafts = [row.sentence.propose(min(most, row.job.room - len(row.tokens) - 1)) for row in self._rows]
        tokens = padded(
            [[row.last, *draft] for row, draft in zip(self._rows, drafts, strict=True)], 0, self.model.device
        )
        logits = self.model.step(tokens, [row.start for row in self._rows])
        self.counts.passes += 1
        self.counts.pushed += tokens.numel()
        kept = self.choose(logits, drafts, [row.sentence for row in self._rows])
        for row, tokens_kept in zip(self._rows, kept, strict=True):
            row.tokens += tokens_kept
            row.start += len(tokens_kept)
            row.last = tokens_kept[-1]
            row.passes += 1
            self.counts.kept += len(tokens_kept)
