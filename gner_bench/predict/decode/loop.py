"""The decoding loop: every row drafts, one pass of the model checks all drafts, every row keeps what held.

A finished sentence gives its row to the next one at once, so that a long output holds nobody up.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from torch import Tensor

from gner_bench.errors import GnerBenchError
from gner_bench.messages import warn
from gner_bench.predict.decode.graphs import Graphs
from gner_bench.predict.decode.steps import Prepared, StepModel, padded
from gner_bench.predict.loading import out_of_memory, release_memory
from gner_bench.predict.memory import READ_AHEAD, READ_AHEAD_CPU


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

    ``draft_tokens`` gives the longest draft for so many rows; ``timed`` is told of each pass its rows, the tokens of
    a row, its seconds and whether nothing was recorded in them. A shortage of memory halves the rows, and all sentences
    under way begin again.
    """

    def __init__(
        self,
        model: StepModel,
        rows: int,
        ends: Set[int],
        choose: Choose[S],
        draft_tokens: Callable[[int], int],
        timed: Callable[[int, int, float, bool], None] = lambda rows, tokens, seconds, usual: None,
    ) -> None:
        self.model, self.size, self.ends = model, rows, ends
        self.choose, self.draft_tokens, self.timed = choose, draft_tokens, timed
        self.counts = Counts()
        self._rows: list[Row[T, S]] = []
        self._ready: deque[tuple[Job[T, S], Prepared]] = deque()
        self._waiting: deque[Job[T, S]] = deque()

    def run(self, jobs: Iterator[Job[T, S]]) -> Iterator[Row[T, S]]:
        """Every job, as soon as it is done. Raises GnerBenchError when a single sentence does not fit the memory."""
        while True:
            self._draw(jobs)  # by itself, as jobs that fail to come are no shortage of the model's
            short = False
            try:
                self._fill()
                if not self._rows:
                    return
                self._pass()
            except (RuntimeError, MemoryError) as error:
                short = out_of_memory(error)
                if not short:
                    raise
            if short:  # outside of the handler, whose error holds the tensors of what failed
                self._shrink()
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

    def _shrink(self) -> None:
        """Begin anew with half the rows. Nothing is kept: copying to smaller caches would take memory that is short."""
        graphs, before = self.model.run, self.size
        self._waiting.extendleft(reversed([row.job for row in self._rows] + [job for job, _ in self._ready]))
        self.counts.restarted += len(self._rows)
        self._rows.clear()
        self._ready.clear()
        if before > 1:
            self.size = before // 2
            warn(f"out of memory with {before} sentences side by side; going on with {self.size}")
        elif isinstance(graphs, Graphs) and graphs.recording:
            graphs.give_up("out of memory with a single sentence")
        else:
            message = "out of memory with a single sentence; try --dtype bf16 or another --device"
            raise GnerBenchError(message)
        self.model.resize(self.size)
        release_memory()

    def _draw(self, jobs: Iterator[Job[T, S]]) -> None:
        """Let as many sentences wait as there are rows, if any are needed."""
        while len(self._rows) < self.size and not self._ready and len(self._waiting) < self.size:
            job = next(jobs, None)
            if job is None:
                return
            self._waiting.append(job)

    def _fill(self) -> None:
        """Give every free row a sentence; prompts are read together, as many as there are rows if they are short."""
        most = READ_AHEAD_CPU if self.model.device.type == "cpu" else READ_AHEAD
        while len(self._rows) < self.size:
            if not self._ready:
                batch: list[Job[T, S]] = []
                # Longest first, as batches are filled up to their longest prompt.
                while self._waiting and len(batch) < self.size and (len(batch) + 1) * _longest(batch) <= most:
                    batch.append(self._waiting.popleft())
                if not batch:
                    return
                try:
                    self._ready.extend(zip(batch, self.model.prepare([job.prompt for job in batch]), strict=True))
                except BaseException:
                    self._waiting.extendleft(reversed(batch))
                    raise
            job, prepared = self._ready[0]
            self.model.admit(len(self._rows), prepared)
            self._ready.popleft()
            self._rows.append(Row(job, job.begin(), prepared.last, prepared.start))

    def _pass(self) -> None:
        """One pass, by itself, so that its logits are free before the next pass makes its own."""
        # Its input begins with the last token of each row, which the cache does not hold yet.
        started, recorded = time.perf_counter(), self._recorded
        most = self.draft_tokens(len(self._rows))
        drafts = [row.sentence.propose(min(most, row.job.room - len(row.tokens) - 1)) for row in self._rows]
        tokens = padded([[row.last, *draft] for row, draft in zip(self._rows, drafts, strict=True)], 0)
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
        self.timed(len(drafts), tokens.shape[1], time.perf_counter() - started, recorded == self._recorded)

    @property
    def _recorded(self) -> int:
        """How many passes have been recorded, which takes longer than to run them."""
        return self.model.run.recorded if isinstance(self.model.run, Graphs) else 0


def _longest(batch: Sequence[Job[T, S]]) -> int:
    return max((len(job.prompt) for job in batch), default=0)
