"""Passes recorded once as CUDA graphs and replayed, so that a pass costs no launches.

A graph has fixed shapes: rows are filled up to all rows, drafts and lengths to the next of a few sizes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from gner_bench.predict.decode.steps import GROWTH, Shape

DRAFTS = (1, 2, 4, 8, 12, 16, 24, 32, 48, 64, 96, 129)
"""The numbers of tokens a row that graphs are recorded for: the last accepted one and a draft."""


@dataclass
class _Recorded:
    inputs: list[Tensor]
    output: Tensor
    graph: torch.cuda.CUDAGraph


class Graphs:
    """Replays passes for ``rows`` rows. ``grown`` tells how far the cache reaches: when it moves, graphs are void."""

    def __init__(self, rows: int, grown: Callable[[], int], record: bool = True) -> None:
        self.rows, self.grown, self.record = rows, grown, record
        self._positions = 0
        self._recorded: dict[tuple[Shape, int], _Recorded] = {}

    def __call__(self, forward: Callable[..., Tensor], shape: Shape, tokens: Tensor, *inputs: Tensor) -> Tensor:
        rows, count = tokens.shape
        if self._positions != self.grown():
            self._recorded.clear()
            self._positions = self.grown()
        shape, size = self.sizes(shape, count)
        filled = [self._filled(each, size if each.dim() == 2 else 0) for each in (tokens, *inputs)]
        output = self._replay(forward, shape, size, filled) if self.record else forward(shape, *filled)
        return output[:rows, :count]

    def sizes(self, shape: Shape, count: int) -> tuple[Shape, int]:
        """The recorded sizes that hold a pass."""
        size = next((draft for draft in DRAFTS if draft >= count), count)
        return Shape(_up(shape.length), _up(shape.source)), size

    def _filled(self, values: Tensor, size: int) -> Tensor:
        """Copied into all rows and, for two dimensions, ``size`` columns.

        Columns that are filled up repeat the row's last value, rows repeat the first: a place that is written twice
        holds what comes after everything that counts.
        """
        if size:
            values = torch.cat([values, values[:, -1:].expand(-1, size - values.shape[1])], dim=1)
        return torch.cat([values, values[:1].expand(self.rows - values.shape[0], *values.shape[1:])])

    def _replay(self, forward: Callable[..., Tensor], shape: Shape, size: int, inputs: list[Tensor]) -> Tensor:
        found = self._recorded.get((shape, size))
        if found is None:
            found = self._recorded[shape, size] = _record(forward, shape, inputs)
        for static, new in zip(found.inputs, inputs, strict=True):
            static.copy_(new)
        found.graph.replay()
        return found.output


def _record(forward: Callable[..., Tensor], shape: Shape, inputs: list[Tensor]) -> _Recorded:
    static = [each.clone() for each in inputs]
    stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        forward(shape, *static)
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        output = forward(shape, *static)
    return _Recorded(static, output, graph)


def _up(positions: int) -> int:
    return -(-positions // GROWTH) * GROWTH
