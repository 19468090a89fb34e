"""One of several processes, as `accelerate launch` and `torchrun` start them: its part of the work and its device."""

from __future__ import annotations

import os

from gner_bench.errors import UsageError
from gner_bench.predict.options import Shard


def own_shard() -> Shard | None:
    """The part of this process, None where it is alone. Raises UsageError for unusable environment variables."""
    count, rank = _number("WORLD_SIZE", 1), _number("RANK", 0)
    if count <= 1:
        return None
    if rank >= count:
        raise UsageError(f"RANK={rank} is not below WORLD_SIZE={count}")
    return Shard(rank + 1, count)


def is_first() -> bool:
    """Whether this process is alone or the one that speaks for all."""
    shard = own_shard()
    return shard is None or shard.index == 1


def own_device(name: str) -> str:
    """``auto`` resolved to this process's accelerator, or to the cpu for `accelerate launch --cpu`."""
    if name != "auto":
        return name
    if os.environ.get("ACCELERATE_USE_CPU", "").lower() in ("1", "true", "yes"):
        return "cpu"
    if "LOCAL_RANK" not in os.environ:
        return name
    import torch

    count = torch.cuda.device_count()
    return f"cuda:{_number('LOCAL_RANK', 0) % count}" if count else name


def _number(variable: str, default: int) -> int:
    value = os.environ.get(variable, "") or str(default)
    if not value.isdecimal():
        raise UsageError(f"{variable}={value} in the environment is not a number")
    return int(value)
