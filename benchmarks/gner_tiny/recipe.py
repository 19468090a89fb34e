"""A recipe for training from scratch: everything that decides what the checkpoint becomes, read from a TOML file."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Literal

from gner_bench.answers.gner import GNER, Scheme
from gner_bench.bio import Repair
from gner_bench.config import read_config
from gner_bench.documents.fields import Json
from gner_bench.errors import InputError, did_you_mean
from gner_bench.train.recipe import read_target


@dataclass(frozen=True)
class ModelShape:
    """A T5 encoder-decoder with gated GELU, trained from scratch; sizes in units of the T5 configuration."""

    d_model: int
    d_ff: int
    d_kv: int
    heads: int
    encoder_layers: int
    decoder_layers: int
    vocabulary: int
    dropout: float = 0.1
    neighbour_bias: float = 0.0


@dataclass(frozen=True)
class TrainingSet:
    """One split of a data set: a source of examples.

    ``repair`` says what becomes of illegal tags; ``renamed`` maps its types to the names that prompts use; ``holdout``
    sentences at its end are kept for validation; ``replace`` is the probability that a mention gives way to another
    one of its type; a prompt holds the types of its sentence and at most ``absent_types`` others.
    """

    name: str
    split: str = "train"
    limit: int | None = None
    holdout: int = 0
    replace: float = 0.0
    absent_types: int = 99
    repair: Repair = "refuse"
    renamed: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Stage:
    """``steps`` updates on a mixture. ``mix`` gives the share of examples per set; the set ``copy`` means random
    words to be copied without entities, whose length grows to ``copy_words`` as copying succeeds."""

    steps: int
    mix: dict[str, float]
    copy_words: int = 16


@dataclass(frozen=True)
class Recipe:
    """The whole recipe.

    ``note`` says what the checkpoint may not be taken for; ``protected`` names the splits whose sentences must not be
    trained on (``dev+test``), ``validation`` those on which, with the held-out parts, loss and accuracy are watched.
    ``optimizer`` is ``adafactor`` or ``adamw``; ``precision`` one of ``no``, ``bf16``, ``fp16``.

    ``target`` is what the checkpoint learns to write (see ``gner_bench.answers.gner``), ``copying`` what it answers to
    words to be copied: the target, in which all of them are ``O``, or the bare words. ``schemes`` are those whose
    brackets and prefixes are one token each, so that checkpoints of several targets can share a tokenizer; none means
    the target's own. ``tokenizer`` is the file of one to be used as it is, seen from the recipe's folder, else a new
    one is trained.
    """

    name: str
    note: str
    seed: int
    optimizer: Literal["adafactor", "adamw"]
    learning_rate: float
    warmup_steps: int
    tokens_per_batch: int
    model: ModelShape
    sets: tuple[TrainingSet, ...]
    stages: tuple[Stage, ...]
    protected: dict[str, str]
    validation: dict[str, str]
    borrow: dict[str, str] = field(default_factory=dict)
    precision: Literal["no", "bf16", "fp16"] = "no"
    validate_every: int = 500
    target: str = str(GNER)
    copying: Literal["target", "words"] = "target"
    schemes: tuple[Scheme, ...] = ()
    tokenizer: str = ""

    @property
    def steps(self) -> int:
        return sum(stage.steps for stage in self.stages)

    def document(self) -> Json:
        """As JSON, without the place of the tokenizer's file."""
        return asdict(self) | {"tokenizer": Path(self.tokenizer).name}


def read_recipe(path: Path) -> Recipe:
    """Read a recipe. Raises InputError naming the key that is missing, unknown or of the wrong type."""
    recipe = read_config(Recipe, path)
    target = read_target(recipe.target, path)
    if target.scheme not in (recipe.schemes or [target.scheme]):
        message = f"the target {recipe.target} is written in {target.scheme}, which is not among them"
        raise InputError(path, message, field="schemes")
    known = [*(spec.name for spec in recipe.sets), "copy"]
    for name in (name for stage in recipe.stages for name in stage.mix):
        if name not in known:
            raise InputError(path, f"unknown set {name!r}; {did_you_mean(name, known)}", field="stages.mix")
    if not recipe.tokenizer:
        return recipe
    tokenizer = path.parent / recipe.tokenizer
    if not tokenizer.is_file():
        raise InputError(path, f"there is no file {tokenizer}", field="tokenizer")
    return replace(recipe, tokenizer=str(tokenizer))
