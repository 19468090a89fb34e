"""Fine-tunes several recipes one after the other in two processes that share every batch.

Arguments: the data root, then a recipe and an output folder for each. Processes are started by torchrun's own agent, as
by `accelerate launch`, with the environment that it gives them, but forked: what takes seconds to import is imported
once. Outputs are short.
"""

from __future__ import annotations

import gc
import sys
from pathlib import Path

from folders import SHORT
from torch.distributed.launcher.api import LaunchConfig, elastic_launch

from gner_bench.predict.checkpoint import Checkpoint
from gner_bench.train.fine_tune import fine_tune
from gner_bench.train.prepare import Request


def fine_tune_all(root: str, recipes: list[tuple[str, str]]) -> None:
    for recipe, out in recipes:
        fine_tune(Request(Path(recipe), Path(root), Path(out)), print)


if __name__ == "__main__":
    Checkpoint.family = SHORT  # type: ignore[assignment,method-assign]
    root, *rest = sys.argv[1:]
    gc.freeze()  # the end of a training collects, which would take a second with all that is imported
    config = LaunchConfig(
        min_nodes=1,
        max_nodes=1,
        nproc_per_node=2,
        run_id="test",
        rdzv_backend="c10d",
        rdzv_endpoint="127.0.0.1:0",
        max_restarts=0,
        monitor_interval=0.1,
        start_method="fork",
    )
    elastic_launch(config, fine_tune_all)(root, list(zip(rest[::2], rest[1::2], strict=True)))
