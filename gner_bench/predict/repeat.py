"""The same sentences again with other batch sizes or number formats: how far runs of one system differ."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from gner_bench.errors import UsageError, short
from gner_bench.predict.options import DtypeName, Options

if TYPE_CHECKING:
    from gner_bench.predict.backend import SystemOptions

Predict = Callable[["SystemOptions", Options], Path]


@dataclass(frozen=True)
class Repeat:
    """Another run with batches of ``batch_size`` and, where one is given, in the number format ``dtype``."""

    batch_size: int
    dtype: DtypeName | None = None

    def folder(self, first: Path) -> Path:
        """Where the run is: beside the ``first``, so that no folder holds another run."""
        return first.with_name(f"{first.name}{f'-{self.dtype}' if self.dtype else ''}-batch-{self.batch_size}")


def parse_repeats(text: str) -> tuple[Repeat, ...]:
    """Such as ``8,32`` or ``1,bf16:1,bf16:32``. Raises UsageError for anything else."""
    repeats = []
    for part in text.split(","):
        match = re.fullmatch(r"(?:(\w+):)?([1-9]\d{0,5})", part.strip(), re.ASCII)
        if match is None or match[1] not in (None, *get_args(DtypeName)):
            formats = ", ".join(get_args(DtypeName))
            message = f"expected batch sizes such as 8,32, or with a number format ({formats}) bf16:8"
            raise UsageError(f"{short(part)}: {message}")
        repeats.append(Repeat(int(match[2]), match[1]))  # type: ignore[arg-type]
    return tuple(dict.fromkeys(repeats))


def require_batches(system: SystemOptions, options: Options, repeats: Sequence[Repeat]) -> None:
    """Raise UsageError for a system without batches or number formats, and for a shard, which is no whole run."""
    from gner_bench.predict.backend import BACKENDS, as_known  # the help of the command is to come at once

    kind = BACKENDS.get(as_known(system).backend)
    if "batch_size" not in kind.takes:
        raise UsageError(f"--repeat-batches is not for --backend {kind.name}, which has no batch size to change")
    if "dtype" not in kind.takes and any(repeat.dtype for repeat in repeats):
        raise UsageError(f"--repeat-batches: --backend {kind.name} has no number format to change")
    if options.shard is not None:
        raise UsageError("--repeat-batches is of whole runs: merge the shards first, then give it without --shard")


def repeat(system: SystemOptions, options: Options, repeats: Sequence[Repeat], predict: Predict) -> list[Path]:
    """Predict again as each of ``repeats`` says, all else alike; returns the files of predictions."""
    paths = []
    for each in repeats:
        folder = each.folder(options.out)
        again = replace(options, out=folder, batch_size=each.batch_size, batch_tokens=None)
        paths.append(predict(replace(system, dtype=each.dtype or system.dtype), again))
    return paths
