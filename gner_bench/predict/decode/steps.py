"""What the decoding loop asks of a model: rows that advance at their own pace, each at its own place in the cache.

transformers' caches hold all rows at the same length and ``compute_bias`` of its T5 takes one past length for all, so a
row that keeps more of its draft than another would have to be padded and moved after every pass. Here each row has its
own start, and keys and values are written where the row is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import torch
from torch import Tensor

GROWTH = 128
"""The cache grows by this many positions at a time."""
DRAFTS = (1, 2, 4, 8, 12, 16, 24, 32, 48, 64, 96, 129)
"""The numbers of tokens a row that graphs are recorded for: the last accepted one and a draft."""


@dataclass(frozen=True)
class Prepared:
    """A prompt that has been read, until a row is free.

    ``memory`` holds, for each layer, the keys and values of what the model attends to from its start: shape
    (positions, heads, head size) each. ``last`` is the token that the first pass starts with, ``start`` its position.
    """

    memory: list[tuple[Tensor, Tensor]]
    last: int
    start: int


@dataclass(frozen=True)
class Shape:
    """The positions of output and source that a pass attends to; the caches move when their ``capacity`` changes."""

    length: int
    source: int = 0
    capacity: int = 0


Run = Callable[..., Tensor]
"""How the work of a pass on the device is done, straight away or as a recorded graph: ``run(forward, shape, tokens,
*inputs)`` gives the logits of ``forward(shape, tokens, *inputs)``; the first dimension of every input is the rows."""


class StepModel(Protocol):
    """A model in the hands of the loop. Rows 0 to R-1 are in use; what is beyond a row's start is overwritten.

    ``device`` is where it takes tokens, ``run`` how the work of a pass is done.
    """

    device: torch.device
    run: Run

    def prepare(self, prompts: Sequence[Sequence[int]]) -> list[Prepared]:
        """Read prompts (token ids)."""

    def admit(self, row: int, prepared: Prepared) -> None:
        """Give a row to a prompt."""

    def move(self, source: int, target: int) -> None:
        """Let row ``target`` be what row ``source`` was."""

    def step(self, tokens: Tensor, starts: Sequence[int]) -> Tensor:
        """Logits of shape (rows, n, vocabulary) for ``tokens`` of shape (rows, n); row r begins at ``starts[r]``."""


class Cache:
    """Keys and values of every layer: shape (rows, positions, heads, head size) on the layer's device.

    Positions come before heads so that the new tokens of a row are one piece of memory, whatever the row's start is;
    attention takes the transposed view. What a rejected draft wrote is masked until it is overwritten.
    """

    def __init__(self, rows: int, heads: int, size: int, devices: Sequence[torch.device], dtype: torch.dtype) -> None:
        self.positions = 0
        self._layers = [
            [torch.empty(rows, 0, heads, size, device=device, dtype=dtype) for _ in range(2)] for device in devices
        ]

    def reserve(self, positions: int) -> None:
        """Make room for this many positions in every row."""
        if positions <= self.positions:
            return
        positions = rounded_up(positions)
        for layer in self._layers:
            for index, old in enumerate(layer):
                # Zeros, for masked positions are multiplied by zero and what memory held before may be NaN.
                new = old.new_zeros(old.shape[0], positions, *old.shape[2:])
                new[:, : self.positions] = old
                layer[index] = new
        self.positions = positions

    def write(self, layer: int, places: Tensor, keys: Tensor, values: Tensor) -> None:
        """Write keys and values of shape (rows, n, heads, size) at ``places`` of shape (rows, n)."""
        rows = torch.arange(places.shape[0], device=places.device)[:, None]
        for store, new in zip(self._layers[layer], (keys, values), strict=True):
            store[rows, places] = new

    def read(self, layer: int, rows: int, positions: int) -> tuple[Tensor, Tensor]:
        """Keys and values of the first rows and positions, heads before positions, without a copy."""
        keys, values = self._layers[layer]
        return keys[:rows, :positions].transpose(1, 2), values[:rows, :positions].transpose(1, 2)

    @torch.inference_mode()
    def put(self, row: int, memory: Sequence[tuple[Tensor, Tensor]]) -> None:
        """Write a prompt's keys and values at the start of a row."""
        self.reserve(memory[0][0].shape[0])
        for layer, (keys, values) in zip(self._layers, memory, strict=True):
            layer[0][row, : keys.shape[0]] = keys
            layer[1][row, : values.shape[0]] = values

    def take(self, row: int, positions: int) -> list[tuple[Tensor, Tensor]]:
        """A copy of the first positions of a row, as ``put`` takes it."""
        return [(keys[row, :positions].clone(), values[row, :positions].clone()) for keys, values in self._layers]

    @torch.inference_mode()
    def move(self, source: int, target: int) -> None:
        """Copy row ``source`` over row ``target``."""
        for layer in self._layers:
            for store in layer:
                store[target] = store[source]


class Graphs:
    """A way to run passes: recorded once as CUDA graphs and replayed for ``rows`` rows, so that none is launched anew.

    A pass of a few tokens is so little work for a GPU that launching its kernels one by one takes longer than they do.
    A graph has fixed shapes: rows are filled up to all rows, drafts and lengths to the next of a few sizes. Without
    ``record`` passes run straight away, in the sizes of recorded ones.
    """

    def __init__(self, rows: int, record: bool = True) -> None:
        self.rows, self.record = rows, record
        self._capacity = 0
        # The inputs that a graph reads, the output that it writes, and the graph.
        self._recorded: dict[tuple[Shape, int], tuple[list[Tensor], Tensor, torch.cuda.CUDAGraph]] = {}

    def __call__(self, forward: Callable[..., Tensor], shape: Shape, tokens: Tensor, *inputs: Tensor) -> Tensor:
        """The logits of ``forward(shape, tokens, *inputs)``; they are overwritten by the next pass."""
        rows, count = tokens.shape
        if self._capacity != shape.capacity:
            self._recorded.clear()  # the caches have moved, and a graph writes to the addresses it was recorded with
            self._capacity = shape.capacity
        size = next((draft for draft in DRAFTS if draft >= count), count)
        shape = replace(shape, length=rounded_up(shape.length), source=rounded_up(shape.source))
        filled = []
        for values in (tokens, *inputs):
            # Columns that are filled up repeat the row's last value, rows repeat the first: a place that is written
            # twice holds what comes after everything that counts.
            if values.dim() == 2:
                values = torch.cat([values, values[:, -1:].expand(-1, size - values.shape[1])], dim=1)
            filled.append(torch.cat([values, values[:1].expand(self.rows - values.shape[0], *values.shape[1:])]))
        if not self.record:
            return forward(shape, *filled)[:rows, :count]
        recorded = self._recorded.get((shape, size))
        if recorded is None:
            static = [values.clone() for values in filled]
            # PyTorch asks for a run on another stream before a recording: what libraries set up at the first call
            # (handles, workspaces) must not become part of the graph.
            stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
            stream.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(stream):
                forward(shape, *static)
            torch.cuda.current_stream().wait_stream(stream)
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph):
                output = forward(shape, *static)
            recorded = self._recorded[shape, size] = static, output, graph
        static, output, graph = recorded
        for fixed, values in zip(static, filled, strict=True):
            fixed.copy_(values)
        graph.replay()
        return output[:rows, :count]


def rounded_up(positions: int) -> int:
    """The next multiple of GROWTH."""
    return -(-positions // GROWTH) * GROWTH


def padded(rows: Sequence[Sequence[int]], fill: int, device: torch.device) -> Tensor:
    """Token ids of shape (rows, longest), filled up on the right."""
    longest = max(map(len, rows))
    return torch.tensor([[*row, *([fill] * (longest - len(row)))] for row in rows], device=device)


def places(tokens: Tensor, starts: Sequence[int]) -> Tensor:
    """The position of each token, shape (rows, n), where row r begins at ``starts[r]``."""
    return torch.tensor(starts, device=tokens.device)[:, None] + torch.arange(tokens.shape[1], device=tokens.device)


def hiding(hidden: Tensor, dtype: torch.dtype) -> Tensor:
    """An attention mask: minus infinity where ``hidden`` is true, else zero."""
    return torch.zeros(hidden.shape, device=hidden.device, dtype=dtype).masked_fill_(hidden, -torch.inf)
