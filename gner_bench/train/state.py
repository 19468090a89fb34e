"""The folder in which a training under way keeps what it needs to go on: ``checkpoint-N`` after so many updates."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gner_bench.errors import InputError
from gner_bench.fetch.home import free_bytes, size_text
from gner_bench.files import write_atomic

STATE = "trainer_state.json"
SCORES = "scores-{step}.json"
"""The scores.json of an evaluation."""
SAVING = "saving"
"""Where a checkpoint is written before it takes its place."""
WEIGHTS = ("*.safetensors", "*.safetensors.index.json", "*.bin", "*.bin.index.json", "*config.json")
"""What is left of the best checkpoint once there is a later one to go on from."""


@dataclass(frozen=True)
class Evaluation:
    """The mean F1 (0 to 1) after ``step`` updates."""

    step: int
    f1: float


def evaluations(history: Iterable[Mapping[str, Any]]) -> list[Evaluation]:
    """The evaluations in a Trainer's log history."""
    return [Evaluation(int(row["step"]), float(row["eval_f1"])) for row in history if "eval_f1" in row]


def best(evaluations: Iterable[Evaluation]) -> Evaluation | None:
    """The evaluation with the highest F1, the earliest of equal ones."""
    return max(evaluations, key=lambda evaluation: (evaluation.f1, -evaluation.step), default=None)


def out_of_patience(evaluations: list[Evaluation], patience: int) -> bool:
    """Whether the last ``patience`` evaluations brought nothing better; never for 0."""
    first = best(evaluations)
    if patience < 1 or first is None:
        return False
    return sum(evaluation.step > first.step for evaluation in evaluations) >= patience


def last_step(state: Path) -> int:
    """The step of the checkpoint to go on from, 0 where there is none."""
    return max((step for step, folder in _checkpoints(state) if (folder / STATE).is_file()), default=0)


def _checkpoints(state: Path) -> list[tuple[int, Path]]:
    """Step and folder of each checkpoint, from the first to the last."""
    names = [(re.fullmatch(r"checkpoint-([0-9]+)", path.name), path) for path in state.glob("checkpoint-*")]
    return sorted((int(name[1]), path) for name, path in names if name)


def saved_evaluations(state: Path) -> list[Evaluation]:
    """Those up to the checkpoint to go on from. Raises InputError when its history is unreadable."""
    step = last_step(state)
    path = state / f"checkpoint-{step}" / STATE
    try:
        return evaluations(json.loads(path.read_text(encoding="utf-8"))["log_history"]) if step else []
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        raise InputError(path, "is not the state of a training; remove the folder to begin again") from None


def put_in_place(state: Path, step: int, best_step: int | None = None) -> None:
    """Give the checkpoint that was just written to ``saving`` its place, and remove what it makes superfluous: all
    earlier ones, but for the weights of that of ``best_step``."""
    target = state / f"checkpoint-{step}"
    shutil.rmtree(target, ignore_errors=True)
    (state / SAVING / target.name).rename(target)
    shutil.rmtree(state / SAVING, ignore_errors=True)
    for earlier, folder in _checkpoints(state)[:-1]:
        if earlier != best_step:
            shutil.rmtree(folder, ignore_errors=True)
            continue
        weights = {path for pattern in WEIGHTS for path in folder.glob(pattern)}
        for path in set(folder.iterdir()) - weights:
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink()


def cut_log(path: Path, step: int) -> None:
    """Remove the lines of a log that came after ``step``, which are about to be written again, and a torn one."""
    if not path.is_file():
        return
    kept = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            if float(json.loads(line)["step"]) <= step:
                kept.append(line)
        except (ValueError, KeyError, TypeError, RecursionError):
            continue
    write_atomic(path, "".join(f"{line}\n" for line in kept))


def reason(error: Exception, folder: Path) -> str:
    """Why something could not be written to ``folder``, and what is free there: torch does not say that it is full."""
    text = getattr(error, "strerror", None) or str(error).strip().splitlines()[0]
    return f"{text}; {size_text(free_bytes(folder))} free"
