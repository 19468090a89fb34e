"""Where the cache is, whether it may be filled, and whether there is room in it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import platformdirs

from gner_bench.errors import GnerBenchError


def home() -> Path:
    """The cache folder: ``$GNER_BENCH_HOME``, or the user's cache folder for gner-bench. It need not exist."""
    return Path(os.environ.get("GNER_BENCH_HOME") or platformdirs.user_cache_dir("gner-bench")).expanduser()


def offline(flag: bool = False) -> bool:
    """Whether the network is switched off, by ``flag`` or by ``HF_HUB_OFFLINE``."""
    return flag or os.environ.get("HF_HUB_OFFLINE", "").lower() in ("1", "true", "yes", "on")


def require_space(folder: Path, bytes_needed: int) -> None:
    """Raise GnerBenchError unless the disk that holds ``folder`` (or will hold it) has that many bytes free."""
    free = free_bytes(folder)
    if bytes_needed > free:
        raise GnerBenchError(f"needs {size_text(bytes_needed)}, {size_text(free)} free in {folder}")


def free_bytes(folder: Path) -> int:
    """What is free on the disk that holds ``folder`` or will hold it."""
    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    return shutil.disk_usage(existing).free


def size_text(size: int) -> str:
    """A number of bytes in decimal units, such as ``44.5 GB``."""
    if size < 1000:
        return f"{size} bytes"
    value = float(size)
    for unit in ("kB", "MB", "GB"):
        value /= 1000
        if value < 999.95:
            return f"{value:.1f} {unit}"
    return f"{value / 1000:.1f} TB"
