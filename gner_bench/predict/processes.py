"""One of several processes, as `accelerate launch` and `torchrun` start them: its part of the work, its device, and how
many threads compute on the cores that it may use."""

from __future__ import annotations

import os
from contextlib import suppress
from functools import cache
from pathlib import Path

from gner_bench.errors import UsageError
from gner_bench.extras import installed
from gner_bench.predict.options import Shard

CGROUPS = Path("/sys/fs/cgroup")
LIMITS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")
"""Environment variables that say how many threads torch starts with."""


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
    wait_without_spinning()
    import torch

    count = torch.cuda.device_count()
    return f"cuda:{_number('LOCAL_RANK', 0) % count}" if count else name


def wait_without_spinning() -> None:
    """Let threads that have nothing to do leave their core to others; has no effect once torch is imported.

    OpenMP's threads spin between the parts of a pass. Where other programs want the same cores, a thread that is waited
    for is not running, and all others burn the time that it needs (measured: docs/decoding.md). What the user has set
    (OMP_WAIT_POLICY, GOMP_SPINCOUNT, KMP_BLOCKTIME) goes first.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def use_threads(asked: int | None = None) -> int:
    """Let torch and tokenizers of this process compute with as many threads as are ``asked`` for; returns how many.

    Without a number they are those of OMP_NUM_THREADS or MKL_NUM_THREADS, else as many as torch takes by itself (it
    counts whole cores, not halves of them), if the process may use so many cores.
    """
    wait_without_spinning()
    threads = asked or _usual_threads()
    os.environ.setdefault("RAYON_NUM_THREADS", str(threads))
    if installed("torch"):
        import torch

        torch.set_num_threads(threads)
    return threads


@cache
def _usual_threads() -> int:
    """Asked for once, before the threads of torch are set."""
    own = cores()
    if installed("torch"):
        import torch

        own = torch.get_num_threads()
    return own if any(os.environ.get(name) for name in LIMITS) else max(1, min(own, cores()))


def cores() -> int:
    """How many cores this process may use: of its affinity mask and the quota of its control group, where there are
    any, its share among the processes of one launch on this machine."""
    known = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1)
    count = min(len(known), quota() or len(known))
    return max(1, count // _number("LOCAL_WORLD_SIZE", _number("WORLD_SIZE", 1)))


def quota() -> int | None:
    """The whole cores that control groups grant this process (containers, batch systems), at least 1; None for any
    number. Groups of either version are read, the process's own and those around it."""
    granted = []
    with suppress(OSError, ValueError):
        for line in Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines():
            number, controllers, group = line.split(":", 2)
            if number != "0" and "cpu" not in controllers.split(","):
                continue
            root = CGROUPS if number == "0" else CGROUPS / "cpu"
            place = root / group.strip("/")
            for folder in [place, *(parent for parent in place.parents if parent.is_relative_to(root))]:
                granted += _granted(folder)
    return max(1, int(min(granted))) if granted else None


def _granted(folder: Path) -> list[float]:
    """The cores that one control group grants, empty where it sets no limit."""
    names = ("cpu.max",) if (folder / "cpu.max").is_file() else ("cpu.cfs_quota_us", "cpu.cfs_period_us")
    with suppress(OSError, ValueError, ZeroDivisionError):
        numbers = " ".join((folder / name).read_text(encoding="utf-8") for name in names).split()
        share, period = map(int, numbers[:2])  # "max" for no limit, -1 in version 1
        return [share / period] if share > 0 else []
    return []


def _number(variable: str, default: int) -> int:
    value = os.environ.get(variable, "") or str(default)
    if not value.isdecimal():
        raise UsageError(f"{variable}={value} in the environment is not a number")
    return int(value)
