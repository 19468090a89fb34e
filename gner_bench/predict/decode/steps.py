"""What the decoding loop asks of a model: rows that advance at their own pace, each at its own place in the cache.

transformers' caches hold all rows at the same length and ``compute_bias`` of its T5 takes one past length for all, so a
row that keeps more of its draft than another would have to be padded and moved after every pass. Here each row has its
own start, and keys and values are written where the row is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

GROWTH = 128
"""The cache grows by this many positions at a time."""


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
    """The positions of output and source that a pass attends to, of those that their caches have ``room`` for.

    The caches move when their room changes. ``aligned`` says that masks have to lie in memory as fused attention on a
    GPU takes them; ``length`` and ``source`` are then multiples of 8, or all that there is room for.
    """

    length: int
    source: int = 0
    room: tuple[int, int] = (0, 0)
    aligned: bool = False


Run = Callable[..., Tensor]
"""How the work of a pass on the device is done, straight away or as a recorded graph: ``run(forward, shape, tokens,
*inputs)`` gives the logits of ``forward(shape, tokens, *inputs)``; the first dimension of every input is the rows.
Inputs are in main memory, and ``forward`` takes them to the device."""


class StepModel(Protocol):
    """A model in the hands of the loop. Rows 0 to R-1 are in use; what is beyond a row's start is overwritten.

    ``device`` is where its passes begin, ``run`` how their work is done.
    """

    device: torch.device
    run: Run

    def plan(self, sizes: Sequence[tuple[int, int]]) -> None:
        """Make caches that never grow, unless they are large enough; no row may be in use.

        ``sizes`` are the tokens of every prompt and the most of its output, of one sentence at least.
        """

    def resize(self, rows: int) -> None:
        """Begin anew with so many rows; the memory of the earlier ones is free."""

    def prepare(self, prompts: Sequence[Sequence[int]]) -> list[Prepared]:
        """Read prompts (token ids)."""

    def admit(self, row: int, prepared: Prepared) -> None:
        """Give a row to a prompt."""

    def move(self, source: int, target: int) -> None:
        """Let row ``target`` be what row ``source`` was."""

    def step(self, tokens: Tensor, starts: Sequence[int]) -> Tensor:
        """Logits of shape (rows, n, vocabulary) for ``tokens`` of shape (rows, n) in main memory; row r begins at
        ``starts[r]``."""


class Cache:
    """Keys and values of every layer: shape (rows, heads, positions, head size) on the layer's device.

    What a rejected draft wrote is masked until it is overwritten. The cache grows with what is asked for; ``planned``
    is the number of positions that it has as soon as it has any.
    """

    def __init__(
        self,
        rows: int,
        heads: int,
        size: int,
        devices: Sequence[torch.device],
        dtype: torch.dtype,
        planned: int = 0,
    ) -> None:
        self.positions, self.planned = 0, planned
        self._layers = [
            [torch.empty(rows, heads, 0, size, device=device, dtype=dtype) for _ in range(2)] for device in devices
        ]

    def reserve(self, positions: int) -> None:
        """Make room for this many positions in every row."""
        if positions <= self.positions:
            return
        positions = self.planned if positions <= self.planned else rounded_up(positions)
        for layer in self._layers:
            for index, old in enumerate(layer):
                # Zeros, for masked positions are multiplied by zero and what memory held before may be NaN.
                new = old.new_zeros(*old.shape[:2], positions, old.shape[3])
                new[:, :, : self.positions] = old
                layer[index] = new
        self.positions = positions

    def write(self, layer: int, places: Tensor, keys: Tensor, values: Tensor) -> None:
        """Write keys and values of shape (rows, n, heads, size) at ``places`` of shape (rows, n)."""
        rows = torch.arange(places.shape[0], device=places.device)[:, None]
        for store, new in zip(self._layers[layer], (keys, values), strict=True):
            store[rows, :, places] = new

    def read(self, layer: int, rows: int, positions: int) -> tuple[Tensor, Tensor]:
        """Keys and values of the first rows and positions, heads before positions, without a copy."""
        keys, values = self._layers[layer]
        return keys[:rows, :, :positions], values[:rows, :, :positions]

    @torch.inference_mode()
    def put(self, row: int, memory: Sequence[tuple[Tensor, Tensor]]) -> None:
        """Write a prompt's keys and values at the start of a row."""
        self.reserve(memory[0][0].shape[0])
        for layer, (keys, values) in zip(self._layers, memory, strict=True):
            layer[0][row, :, : keys.shape[0]] = keys.transpose(0, 1)
            layer[1][row, :, : values.shape[0]] = values.transpose(0, 1)

    def beginning(self, row: int, positions: int) -> list[tuple[Tensor, Tensor]]:
        """The first positions of a row, without a copy, as ``put`` takes it."""
        return [
            (keys[row, :, :positions].transpose(0, 1), values[row, :, :positions].transpose(0, 1))
            for keys, values in self._layers
        ]

    @torch.inference_mode()
    def move(self, source: int, target: int) -> None:
        """Copy row ``source`` over row ``target``."""
        for layer in self._layers:
            for store in layer:
                store[target] = store[source]


def rounded_up(positions: int, step: int = GROWTH) -> int:
    """The next multiple of ``step``."""
    return -(-positions // step) * step


def padded(rows: Sequence[Sequence[int]], fill: int, device: torch.device | None = None) -> Tensor:
    """Token ids of shape (rows, longest), filled up on the right."""
    longest = max(map(len, rows))
    return torch.tensor([[*row, *([fill] * (longest - len(row)))] for row in rows], device=device)


def places(tokens: Tensor, starts: Sequence[int], planned: int = 0) -> tuple[Tensor, int]:
    """The position of each token, shape (rows, n), where row r begins at ``starts[r]``, and how many positions there
    are. Columns that fill up short rows stay within the ``planned`` positions, if these are given."""
    length = max(starts) + tokens.shape[1]
    at = torch.tensor(starts, device=tokens.device)[:, None] + torch.arange(tokens.shape[1], device=tokens.device)
    return (at, length) if length <= planned or not planned else (at.clamp(max=planned - 1), planned)


def hiding(hidden: Tensor, dtype: torch.dtype) -> Tensor:
    """An attention mask: minus infinity where ``hidden`` is true, else zero."""
    return torch.zeros(hidden.shape, device=hidden.device, dtype=dtype).masked_fill_(hidden, -torch.inf)
