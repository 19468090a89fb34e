"""Passes recorded once as CUDA graphs and replayed, so that a pass costs no launches.

A pass of a few tokens is so little work for a GPU that launching its kernels one by one takes longer than the kernels
do. A graph has fixed shapes: rows are filled up to all rows, drafts and lengths to the next of a few sizes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from gner_bench.predict.decode.steps import Shape, rounded_up

DRAFTS = (1, 2, 4, 8, 12, 16, 24, 32, 48, 64, 96, 129)
"""The numbers of tokens a row that graphs are recorded for: the last accepted one and a draft."""


@dataclass
class _Recorded:
    inputs: list[Tensor]
    output: Tensor
    graph: torch.cuda.CUDAGraph


class Graphs:
    """Replays passes for ``rows`` rows; without ``record`` they run straight away, in the sizes of recorded ones."""

    def __init__(self, rows: int, record: bool = True) -> None:
        self.rows, self.record = rows, record
        self._capacity = 0
        self._recorded: dict[tuple[Shape, int], _Recorded] = {}

    def __call__(self, forward: Callable[..., Tensor], shape: Shape, tokens: Tensor, *inputs: Tensor) -> Tensor:
        """The logits of ``forward(shape, tokens, *inputs)``; they are overwritten by the next pass."""
        rows, count = tokens.shape
        if self._capacity != shape.capacity:
            self._recorded.clear()  # the caches have moved, and a graph writes to the addresses it was recorded with
            self._capacity = shape.capacity
        size = next((draft for draft in DRAFTS if draft >= count), count)
        shape = replace(shape, length=rounded_up(shape.length), source=rounded_up(shape.source))
        filled = [self._filled(values, size if values.dim() == 2 else 0) for values in (tokens, *inputs)]
        if not self.record:
            return forward(shape, *filled)[:rows, :count]
        recorded = self._recorded.get((shape, size))
        if recorded is None:
            recorded = self._recorded[shape, size] = _record(forward, shape, filled)
        for static, values in zip(recorded.inputs, filled, strict=True):
            static.copy_(values)
        recorded.graph.replay()
        return recorded.output[:rows, :count]

    def _filled(self, values: Tensor, size: int) -> Tensor:
        """Copied into all rows and, for two dimensions, ``size`` columns.

        Columns that are filled up repeat the row's last value, rows repeat the first: a place that is written twice
        holds what comes after everything that counts.
        """
        if size:
            values = torch.cat([values, values[:, -1:].expand(-1, size - values.shape[1])], dim=1)
        return torch.cat([values, values[:1].expand(self.rows - values.shape[0], *values.shape[1:])])


def _record(forward: Callable[..., Tensor], shape: Shape, inputs: list[Tensor]) -> _Recorded:
    static = [values.clone() for values in inputs]
    # PyTorch asks for a run on another stream before a recording: what libraries set up at the first call (handles,
    # workspaces) must not become part of the graph.
    stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        forward(shape, *static)
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        output = forward(shape, *static)
    return _Recorded(static, output, graph)
