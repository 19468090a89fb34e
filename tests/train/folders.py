"""What tests look at in the folder of a training, and how they end one."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from gner_bench.catalog import catalog
from gner_bench.predict.checkpoint import Checkpoint
from gner_bench.train.trainer import FineTuneTrainer

LORA = {"t5": {"r": 2, "modules": ["q", "wi_0"]}, "llama": {"r": 2, "modules": ["q_proj", "o_proj", "down_proj"]}}


FILES = {
    "README.md",
    "config.json",
    "generation_config.json",
    "log.jsonl",
    "model.safetensors",
    "recipe.toml",
    "run.json",
    "selection_scores.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "training.json",
}


def _short_family(checkpoint: Checkpoint) -> Any:
    families = {family.name: family for family in catalog().family}
    if checkpoint.encoder_decoder:
        return replace(families["t5"], max_new_tokens=12)
    return replace(families["llama"], max_total_tokens=260)


SHORT = property(_short_family)
"""For ``Checkpoint.family``: lower limits of length, up to which random weights write on."""


def read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def without_dropout(checkpoint: Path, folder: Path) -> Path:
    shutil.copytree(checkpoint, folder)
    write = read(folder / "config.json") | {"dropout_rate": 0.0}
    (folder / "config.json").write_text(json.dumps(write), encoding="utf-8")
    return folder


def log(folder: Path, key: str) -> list[tuple[int, float]]:
    rows = [json.loads(line) for line in (folder / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    return [(row["step"], row[key]) for row in rows if key in row]


def same_weights(one: Path, other: Path) -> bool:
    first, second = (load_file(folder / "model.safetensors") for folder in (one, other))
    return first.keys() == second.keys() and all(torch.equal(first[key], second[key]) for key in first)


@torch.no_grad()
def forward(model: Any) -> torch.Tensor:
    ids = {"input_ids": torch.tensor([[9, 30, 31, 1]])}
    if model.config.is_encoder_decoder:
        ids["decoder_input_ids"] = torch.tensor([[0, 40, 41]])
    return model(**ids).logits


class Killed(BaseException):
    """Ends a training at once, as a signal would."""


def killed_at(monkeypatch: pytest.MonkeyPatch, *updates: int) -> None:
    """Kills the training before the n-th micro-batch of all that are done from now on."""
    step, count = FineTuneTrainer.training_step, 0

    def dying(self: FineTuneTrainer, *arguments: Any, **keywords: Any) -> Any:
        nonlocal count
        count += 1
        if count in updates:
            raise Killed
        return step(self, *arguments, **keywords)

    monkeypatch.setattr(FineTuneTrainer, "training_step", dying)
