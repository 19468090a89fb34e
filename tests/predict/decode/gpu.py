"""A GPU in place of one: it counts what tensors take, runs short of memory, and records and replays work."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode, _disable_current_modes
from torch.utils._pytree import tree_leaves

WAITING = {"aten::item", "aten::_local_scalar_dense", "aten::nonzero", "aten::masked_select", "aten::lift_fresh"}
"""Operations that wait for the device, or copy what Python holds to it, which no CUDA graph can."""


class Tape:
    """Recorded operations with the tensors that they read and write."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, tuple[Any, ...], dict[str, Any], Any]] = []
        self.made: set[int] = set()

    def replay(self) -> None:
        """Do it all again, every result where it was."""
        for operation, args, kwargs, out in self.calls:
            result = operation(*args, **kwargs)
            if not operation._schema.is_mutable:
                before = {storage_of(tensor) for tensor in tensors_in((args, kwargs))}
                for old, new in zip(tensors_in(out), tensors_in(result), strict=True):
                    if storage_of(old) not in before:  # else a view, which sees what it is of
                        old.copy_(new)

    def peak(self) -> int:
        """The most bytes of its own tensors that are needed at once."""
        sizes: dict[int, int] = {}
        first: dict[int, int] = {}
        last: dict[int, int] = {}
        for index, (_, args, kwargs, out) in enumerate(self.calls):
            for tensor in tensors_in((args, kwargs, out)):
                if (key := storage_of(tensor)) in self.made:
                    sizes[key] = tensor.untyped_storage().nbytes()
                    first.setdefault(key, index)
                    last[key] = index
        return max(
            (sum(sizes[key] for key in sizes if first[key] <= index <= last[key]) for index in range(len(self.calls))),
            default=0,
        )


class Gpu(TorchDispatchMode):
    """A device with ``limit`` bytes, in use until the ``with`` block is left, and a recorder of its work.

    ``peak`` is the most that was taken at once. ``pools`` are the pools of recordings: what a pool takes is that of its
    largest recording, until all of them are gone. ``fails`` is called at the start of every recording with its number.
    """

    def __init__(self, limit: float = float("inf"), fails: Callable[[int], None] = lambda number: None) -> None:
        super().__init__()
        self.limit, self.fails, self.peak, self.shortages = limit, fails, 0, 0
        self.live: dict[int, int] = {}
        self.pools: list[weakref.WeakKeyDictionary[Tape, int]] = []
        self._pool: weakref.WeakKeyDictionary[Tape, int] | None = None
        self.recordings = 0

    @property
    def used(self) -> int:
        return sum(self.live.values()) + sum(max(pool.values(), default=0) for pool in self.pools)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        for tensor in tensors_in(out):
            storage = tensor.untyped_storage()
            key = storage._cdata
            if key not in self.live:
                self.live[key] = storage.nbytes()
                weakref.finalize(storage, self.live.pop, key, None)
        self._check()
        return out

    def _check(self) -> None:
        self.peak = max(self.peak, self.used if self.used <= self.limit else 0)
        if self.used > self.limit:
            self.shortages += 1
            raise torch.OutOfMemoryError("out of memory")

    def record(self, work: Callable[[], object]) -> Callable[[], object]:
        self.recordings += 1
        self.fails(self.recordings)
        if self._pool is None:
            self._pool = weakref.WeakKeyDictionary()
            self.pools.append(self._pool)
        tape = Tape()
        with _disable_current_modes(), Taping(tape):  # what is recorded takes memory of the pool
            work()
        self._pool[tape] = tape.peak()
        self._check()
        return tape.replay

    def drop(self) -> None:
        self._pool = None


class Taping(TorchDispatchMode):
    """Writes operations to a tape, as a CUDA stream does that is captured."""

    def __init__(self, tape: Tape) -> None:
        super().__init__()
        self.tape = tape

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        tape, kwargs = self.tape, kwargs or {}
        if func._schema.name in WAITING:
            raise RuntimeError("operation not permitted when stream is capturing")
        # What is written to memory from before the recording is written when it is replayed, and only then.
        if func._schema.is_mutable and storage_of(args[0]) not in tape.made:
            out = args[0]
        else:
            before = {storage_of(tensor) for tensor in tensors_in((args, kwargs))}
            out = func(*args, **kwargs)
            tape.made |= {storage_of(tensor) for tensor in tensors_in(out)} - before
        tape.calls.append((func, args, kwargs, out))
        return out


def tensors_in(value: Any) -> list[Tensor]:
    return [leaf for leaf in tree_leaves(value) if isinstance(leaf, Tensor)]


def storage_of(tensor: Tensor) -> int:
    return int(tensor.untyped_storage()._cdata)
