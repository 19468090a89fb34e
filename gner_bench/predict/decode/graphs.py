"""Passes on a GPU, recorded once as CUDA graphs and replayed, so that their kernels are not launched one by one.

A pass of a few tokens is so little work for a GPU that launching its kernels takes longer than they do. A graph has
fixed shapes and addresses, so that passes are filled up to a few sizes and the caches must not move.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import torch
from torch import Tensor

from gner_bench.documents.fields import Json
from gner_bench.errors import first_line
from gner_bench.messages import warn
from gner_bench.predict.decode.passes import PassSizes, row_sizes
from gner_bench.predict.decode.steps import Shape

SHORTEST = 128
"""The shortest length that is attended to in a recorded pass; each of the others is twice as long as the one before."""
ALIGNED = 8
"""Fused attention takes masks whose rows begin at multiples of 16 bytes, eight numbers of 16 bits."""
TOLERANCE = {torch.float32: 1e-4}
"""How far apart a pass and its replay may be, as a part of the largest logit; a graph that reads wrong memory is off by
about the logits themselves. It is the same kernels, so that most are equal to the last bit."""
COARSE = 2e-2
"""The same in 16 bits."""


class Recorder(Protocol):
    """Records work on a device. Everything that is recorded until ``drop`` shares one pool of memory."""

    def record(self, work: Callable[[], object]) -> Callable[[], object]:
        """Take down what ``work`` asks of the device, without doing it; what is returned does it."""

    def drop(self) -> None:
        """Give back the pool, once nothing holds a recording any more."""


class CudaRecorder:
    """Records CUDA graphs on ``device``. See Recorder."""

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self._pool: Any = None

    def record(self, work: Callable[[], object]) -> Callable[[], object]:
        stream = torch.cuda.current_stream(self.device)
        # One pool for all: what passes make on their way takes memory once, as they never run side by side, and what
        # one has written is read before the next one runs.
        self._pool = self._pool or torch.cuda.graph_pool_handle()
        graph: Any = torch.cuda.CUDAGraph()
        try:
            with torch.cuda.graph(graph, pool=self._pool):
                work()
        except BaseException:
            torch.cuda.set_stream(stream)  # torch leaves its own stream current where the end of a recording fails
            raise
        replay: Callable[[], object] = graph.replay
        return replay

    def drop(self) -> None:
        self._pool = None


@dataclass(frozen=True)
class Recorded:
    """The ``inputs`` that a recorded pass reads, the ``output`` that it writes, and how it is run again."""

    inputs: list[Tensor]
    output: Tensor
    replay: Callable[[], object]


class Graphs:
    """A way to run passes (see Run): recorded in a few sizes and replayed, plainly where recording fails.

    Rows are filled up to one of three numbers, tokens of a row to one of two, lengths to one of four or so, each twice
    the one before: that bounds the number of graphs, whatever the sentences (``most_graphs``). The first replay of each
    is compared with the plain pass. ``passes`` chooses the sizes; ``recorded`` counts the graphs that were made, of
    which ``failure`` says why there are none any more.
    """

    def __init__(self, passes: PassSizes, recorder: Recorder | None) -> None:
        self.passes, self.recorder, self.recorded, self.failure = passes, recorder, 0, ""
        self.passes.recording = recorder is not None
        self._graphs: dict[tuple[Shape, int, int], Recorded] = {}
        self._output: Tensor | None = None

    @property
    def recording(self) -> bool:
        return self.passes.recording

    @property
    def held(self) -> int:
        """How many graphs there are now."""
        return len(self._graphs)

    def resize(self, rows: int) -> None:
        """Forget all graphs, with the memory that they hold, and fill up to so many rows from now on."""
        self.passes.rows, self._output = rows, None
        self._graphs.clear()
        if self.recorder is not None:
            self.recorder.drop()

    def give_up(self, why: str) -> None:
        """Run plain passes from now on."""
        self.failure, self.passes.recording = why, False
        self.resize(self.passes.rows)
        warn(f"passes are no longer recorded as CUDA graphs ({why}): slower, with the same output")

    def note(self, rows: int, tokens: int, seconds: float, usual: bool) -> None:
        """Take the seconds of a pass, see PassSizes; graphs of sizes that were only tried are forgotten."""
        tried = self.passes.trying
        self.passes.note(rows, tokens, seconds, usual)
        if tried and not self.passes.trying:
            self.resize(self.passes.rows)

    def document(self) -> Json:
        """The part of run.json."""
        failed = {"failure": self.failure} if self.failure else {}
        return {**self.passes.document(), "graphs": self.held, "graphs_recorded": self.recorded, **failed}

    def __call__(self, forward: Callable[..., Tensor], shape: Shape, tokens: Tensor, *inputs: Tensor) -> Tensor:
        """The logits of ``forward(shape, tokens, *inputs)``; they are overwritten by the next pass."""
        rows, count = tokens.shape
        if not self.recording:
            return forward(aligned(shape), tokens, *inputs)
        most = self.passes.row_size(rows)
        size = next((size for size in self.passes.sizes(most) if size >= count), count)
        shape, filled = levelled(shape), [filled_up(values, most, size) for values in (tokens, *inputs)]
        if any(key[0].room != shape.room for key in self._graphs):
            self.resize(
                self.passes.rows
            )  # the caches have moved, and a graph writes to the addresses it was recorded with
        recorded = self._graphs.get((shape, most, size))
        if recorded is None:
            plain = forward(shape, *filled)
            self._record(forward, shape, filled, plain)
            return plain[:rows, :count]
        run_again(recorded, filled)
        return recorded.output[:rows, :count]

    def _record(self, forward: Callable[..., Tensor], shape: Shape, filled: Sequence[Tensor], plain: Tensor) -> None:
        """Record the pass that gave the logits ``plain``, and give up recording where that fails for any reason."""
        assert self.recorder is not None
        try:
            # Zeros until it is replayed: were anything of the inputs part of the recording, the comparison would fail.
            inputs = [torch.zeros(values.shape, dtype=values.dtype, device=plain.device) for values in filled]
            output = self._place_for(plain).fill_(torch.nan)  # memory may hold what is expected from earlier
            replay = self.recorder.record(lambda: output.copy_(forward(shape, *inputs)))
            recorded = Recorded(inputs, output, replay)
            run_again(recorded, filled)
            why = "" if equal(output, plain) else "a recorded pass does not give what a plain one gives"
        except Exception as error:  # drivers, operations and shortages raise errors of any class
            why = first_line(error)
        if why:
            self.give_up(why)
        else:
            self._graphs[shape, *filled[0].shape] = recorded
            self.recorded += 1

    def _place_for(self, logits: Tensor) -> Tensor:
        """Memory of the shape of ``logits``, the same for all graphs."""
        rows, count, vocabulary = logits.shape
        if self._output is None or self._output.numel() < logits.numel():
            most = max(rows * count, *(size * max(self.passes.sizes(size)) for size in row_sizes(self.passes.rows)))
            self._output = logits.new_empty(most * vocabulary)
        return self._output[: logits.numel()].view(logits.shape)


def run_again(recorded: Recorded, values: Sequence[Tensor]) -> None:
    """Replay a pass on other values."""
    for fixed, new in zip(recorded.inputs, values, strict=True):
        fixed.copy_(new)
    recorded.replay()


def filled_up(values: Tensor, rows: int, count: int) -> Tensor:
    """Inputs of a pass with more rows and, where they have columns, more columns.

    Columns repeat the row's last value, rows the first row: a place that is written twice holds what comes after
    everything that counts.
    """
    if values.dim() == 2:
        values = torch.cat([values, values[:, -1:].expand(-1, count - values.shape[1])], dim=1)
    return torch.cat([values, values[:1].expand(rows - values.shape[0], *values.shape[1:])])


def most_graphs(rows: int, room: int) -> int:
    """The most graphs there can be for so many rows and caches with ``room`` for so many positions each."""
    return len(row_sizes(rows)) * 2 * len({levelled(Shape(length, room=(room, 0))) for length in range(1, room + 1)})


def levelled(shape: Shape) -> Shape:
    """The lengths that are attended to in a recorded pass: one step for both caches, so that there are few graphs."""
    step = SHORTEST
    while any(step < min(length, room) for length, room in zip((shape.length, shape.source), shape.room, strict=True)):
        step *= 2
    own, source = (min(step, room) for room in shape.room)
    return replace(shape, length=own, source=source, aligned=True)


def aligned(shape: Shape) -> Shape:
    """The lengths of a plain pass, filled up as fused attention takes them, where the caches have as many."""
    lengths = ((shape.length, shape.room[0]), (shape.source, shape.room[1]))
    own, source = (min(-(-length // ALIGNED) * ALIGNED, room) for length, room in lengths)
    return replace(shape, length=own, source=source, aligned=True)


def equal(replayed: Tensor, plain: Tensor) -> bool:
    """Whether two results of the same pass differ by no more than rounding."""
    apart = (replayed.float() - plain.float()).abs().max()
    # Comparisons with what is not a number are false.
    return bool(apart <= TOLERANCE.get(plain.dtype, COARSE) * plain.float().abs().max())
