"""A fine-tuning recipe: the checkpoint to start from, the data, the target and the schedule, read from a TOML file."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from gner_bench.answers import AnswerFormat, answer_format
from gner_bench.answers.gner import Target, parse_target
from gner_bench.config import build, read_toml
from gner_bench.data import Repair
from gner_bench.errors import InputError, UsageError, did_you_mean

_PACKAGE = Path(__file__).parents[1]
RECIPES = next(filter(Path.is_dir, (_PACKAGE / "recipes", _PACKAGE.parent / "recipes")), _PACKAGE / "recipes")
"""Those that come with the package: in a wheel they are in it, in a clone beside it."""
PILE_NER = "Pile-NER-type"
"""The name of the set that comes from passages with mentions, ``Universal-NER/Pile-NER-type`` on the hub."""


@dataclass(frozen=True)
class TrainingSet:
    """One split of a data set. ``limit`` sentences of it are drawn with the recipe's seed, all without one.

    ``negative_types`` is the most types absent from a sentence that its prompt holds, None for all of the set; for
    Pile-NER they are drawn from all of its types. ``renamed`` and ``repair`` are as for every reader.
    """

    name: str
    split: str = "train"
    limit: int | None = None
    negative_types: int | None = None
    repair: Repair = "refuse"
    renamed: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Selection:
    """How the best checkpoint is chosen: by mean GNER F1 on sentences that no test set holds.

    ``dev`` names sets whose dev split is used; of every set of the recipe, each ``holdout``-th sentence that is in no
    test set is held out of training for it (0 for none). At most ``limit`` of a set are used. Evaluation comes every
    ``every_steps`` updates, and at the end of each epoch where it is 0; ``patience`` evaluations without a better one
    end the training, 0 never. ``allow_leaks`` accepts sentences that are in a test set, which the model card then says.
    """

    dev: tuple[str, ...] = ()
    holdout: int = 0
    limit: int = 200
    every_steps: int = 0
    patience: int = 0
    allow_leaks: bool = False


@dataclass(frozen=True)
class Lora:
    """Low-rank adapters (Hu et al. 2021) of rank ``r`` on the linear layers ``modules``, merged into the result."""

    r: int = 16
    alpha: int = 32
    dropout: float = 0.05
    modules: tuple[str, ...] = ("q", "k", "v", "o")


@dataclass(frozen=True)
class Recipe:
    """The whole recipe.

    ``checkpoint`` is a folder, hub id or catalogue name. A batch holds ``batch_size`` sentences over all devices:
    ``device_batch_size`` at a time on each, and as many accumulation steps as that takes. ``epochs`` count unless
    ``steps`` is given. ``max_total_tokens`` is for decoder-only checkpoints, the other two limits for encoder-decoders.
    ``warmup_ratio`` is the share of all updates in which the learning rate rises; ``max_grad_norm`` 0 clips nothing.
    ``test`` names the sets of the later evaluation: no sentence of their test splits may be in the selection data.
    ``source`` says where the settings are from, and where paper and released script disagree. ``report_to`` are
    trackers of the Trainer (tensorboard, trackio, mlflow, wandb), which decide nothing.
    """

    name: str
    checkpoint: str
    sets: tuple[TrainingSet, ...]
    note: str = ""
    source: str = ""
    target: str = "full+bio"
    seed: int = 42
    epochs: float = 1.0
    steps: int = 0
    batch_size: int = 256
    device_batch_size: int = 4
    learning_rate: float = 5e-5
    schedule: Literal["constant", "cosine", "linear"] = "constant"
    warmup_ratio: float = 0.0
    weight_decay: float = 0.0
    max_grad_norm: float = 1.0
    precision: Literal["fp32", "bf16", "fp16"] = "bf16"
    max_input_tokens: int = 640
    max_new_tokens: int = 640
    max_total_tokens: int = 1280
    gradient_checkpointing: bool = False
    lora: Lora | None = None
    selection: Selection = field(default_factory=Selection)
    test: tuple[str, ...] = ("zero-shot",)
    report_to: tuple[str, ...] = ()

    @property
    def parsed_target(self) -> AnswerFormat:
        return answer_format(self.target)


def recipe_file(given: Path) -> Path:
    """The file, or the recipe of that name that comes with the package. Raises UsageError for neither."""
    if given.exists() or given.suffix or given.name != str(given):
        return given
    names = sorted(path.stem for path in RECIPES.glob("*.toml"))
    if given.name not in names:
        raise UsageError(f"{given}: is no file and no recipe of the package; {did_you_mean(given.name, names)}")
    return RECIPES / f"{given}.toml"


def read_recipe(path: Path) -> Recipe:
    """Read a recipe. Raises InputError naming the key that is missing, unknown, of the wrong type or out of range."""
    table = read_toml(path)
    if "model" in table and "checkpoint" not in table:
        message = "has a [model] table, for training from scratch, which is not part of this command; in the repository"
        raise InputError(path, f"{message} of gner-bench, benchmarks/gner_tiny does it (make gner-tiny DATA=…)")
    recipe = build(Recipe, table, path)
    read_target(recipe.target, path)
    selection, holdout, lora = recipe.selection, recipe.selection.holdout, recipe.lora
    sizes = ("batch_size", "device_batch_size", "max_input_tokens", "max_new_tokens", "max_total_tokens")
    bounds = [
        *((key, getattr(recipe, key) < 1, f"at least 1, found {getattr(recipe, key)}") for key in sizes),
        ("name", not recipe.name.strip(), "a name, found none"),
        ("steps", recipe.steps < 0, "0 (for epochs) or more"),
        ("learning_rate", not 0 < recipe.learning_rate < math.inf, "above 0"),
        ("warmup_ratio", not 0 <= recipe.warmup_ratio < 1, "from 0 to below 1"),
        ("weight_decay", not 0 <= recipe.weight_decay < math.inf, "0 or more"),
        ("max_grad_norm", not 0 <= recipe.max_grad_norm < math.inf, "0 (no clipping) or more"),
        ("selection.holdout", holdout < 0 or holdout == 1, "0, or at least 2: 1 leaves nothing to train on"),
        ("selection.limit", selection.limit < 1, "at least 1"),
        ("selection.every_steps", selection.every_steps < 0, "0 (each epoch) or more"),
        ("selection.patience", selection.patience < 0, "0 (never) or more"),
        ("lora.r", lora is not None and lora.r < 1, "at least 1"),
        ("sets.limit", any(spec.limit is not None and spec.limit < 1 for spec in recipe.sets), "at least 1"),
    ]
    if not recipe.sets:
        raise InputError(path, "names no data set", field="sets")
    for key, out_of_bounds, rule in bounds:
        if out_of_bounds:
            raise InputError(path, f"must be {rule}", field=key)
    if recipe.steps < 1 and recipe.epochs <= 0:
        raise InputError(path, "neither epochs nor steps", field="epochs")
    return recipe


def read_target(name: str, path: Path) -> Target:
    """The target that the recipe in ``path`` names. Raises InputError naming the key for an unknown one."""
    try:
        return parse_target(name)
    except UsageError as error:
        raise InputError(path, str(error), field="target") from None
