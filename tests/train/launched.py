"""Fine-tunes several recipes one after the other, for processes that `accelerate launch` starts.

Arguments: the data root, then a recipe and an output folder for each.
"""

from __future__ import annotations

import sys
from pathlib import Path

from gner_bench.train.fine_tune import fine_tune
from gner_bench.train.prepare import Request

if __name__ == "__main__":
    root, *rest = map(Path, sys.argv[1:])
    for recipe, out in zip(rest[::2], rest[1::2], strict=True):
        fine_tune(Request(recipe, root, out), print)
