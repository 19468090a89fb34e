"""Train a small T5 from scratch, by default the embedded demonstration checkpoint; run from the folder of the project.

    python -m benchmarks.gner_tiny --data DATA --out DIR [--recipe RECIPE.toml]

DATA is the folder of the data sets in the GNER layout, DIR that of the checkpoint. Killed at any moment, the same
command continues from the last saved state. With the embedded checkpoint's recipe and on the same processor and library
versions, the result is that checkpoint byte for byte.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from gner_bench.errors import GnerBenchError

from .recipe import read_recipe
from .train import train


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.gner_tiny",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--out", type=Path, required=True, help="folder of the checkpoint")
    parser.add_argument("--recipe", type=Path, default=Path(__file__).with_name("recipe.toml"))
    options = parser.parse_args()
    try:
        print(train(read_recipe(options.recipe), options.data, options.out))
    except GnerBenchError as error:
        sys.exit(f"Error: {error}")


if __name__ == "__main__":
    main()
