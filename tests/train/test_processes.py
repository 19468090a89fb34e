"""Several processes that share every batch."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from gner_bench.train.fine_tune import fine_tune
from gner_bench.train.prepare import Request

from .folders import without_dropout


def rows(folder: Path) -> list[dict[str, float]]:
    found = [json.loads(line) for line in (folder / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    return [{key: value for key, value in row.items() if key != "eval_seconds"} for row in found]


@pytest.mark.usefixtures("short_outputs")
def test_two_processes_have_the_losses_of_one(
    tmp_path: Path, films: Path, recipe_file: Callable[..., Path], tiny_t5: Path, tiny_llama: Path
) -> None:
    """Sums of 32-bit numbers in another order: losses agree to 1e-5, weights after three updates to 1e-5.

    Without dropout: processes draw other masks than one process does.
    """
    starts = {"t5": without_dropout(tiny_t5, tmp_path / "t5"), "llama": tiny_llama}
    arguments = [str(films)]
    for family, start in starts.items():
        written = recipe_file(checkpoint=str(start), steps=3, batch_size=8, selection={"holdout": 10})
        recipe = written.rename(tmp_path / f"{family}.toml")
        fine_tune(Request(recipe, films, tmp_path / f"{family}-1"), print)
        arguments += [str(recipe), str(tmp_path / f"{family}-2")]
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("launched.py")), *arguments],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for family in starts:
        one, two = (tmp_path / f"{family}-{count}" for count in (1, 2))
        assert json.loads((two / "run.json").read_text(encoding="utf-8"))["sessions"][0]["processes"] == 2
        for single, shared in zip(rows(one), rows(two), strict=True):
            assert shared == pytest.approx(single, abs=1e-5)
        first, second = (load_file(folder / "model.safetensors") for folder in (one, two))
        assert all(torch.allclose(first[key], second[key], atol=1e-5, rtol=0) for key in first)
