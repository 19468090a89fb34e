"""All that a fine-tuning needs, fetched, read, checked and tokenized before anything is trained or written."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from gner_bench.catalog import catalog
from gner_bench.data.formats.gner import split_file
from gner_bench.errors import UsageError
from gner_bench.fetch.checkpoint import on_hub
from gner_bench.fetch.requirements import Requirements, ensure
from gner_bench.messages import Say
from gner_bench.train.batches import Cut, Example, encode
from gner_bench.train.data import RecipeData, load_data, text_pairs
from gner_bench.train.devices import accumulation, processes, require_precision, require_trackers
from gner_bench.train.recipe import Recipe
from gner_bench.train.start import Start, read_start

LOG_LINES = 200
"""About how many times a whole training is logged."""


@dataclass(frozen=True)
class Request:
    """What the command is given beside the recipe. ``root`` is the data root, None for the cache."""

    recipe_file: Path
    root: Path | None
    out: Path
    trackers: tuple[str, ...] = ()
    offline: bool = False


@dataclass(frozen=True)
class UpdatePlan:
    """When what happens, in updates: ``every`` so many (and at the end) an evaluation, after which state is saved."""

    steps: int
    per_epoch: int
    every: int
    log_every: int

    def saves(self, step: int) -> bool:
        return step % self.every == 0 or step == self.steps


@dataclass(frozen=True)
class Prepared:
    """What training needs, read and checked."""

    recipe: Recipe
    start: Start
    data: RecipeData
    examples: list[Example]
    cut: Cut
    plan: UpdatePlan


def prepare(recipe: Recipe, request: Request, say: Say) -> Prepared:
    """Fetch what is neither below the data root nor in the cache, read and tokenize everything.

    Raises UsageError for what cannot be done on these devices, would select on test sentences or leaves no sentence to
    train on, and what readers of data and checkpoints raise.
    """
    require_precision(recipe)
    require_trackers(request.trackers or recipe.report_to)
    accumulation(recipe, processes())
    checkpoint, wanted = on_hub(recipe.checkpoint), []
    splits = [(spec.name, spec.split) for spec in recipe.sets] + [(name, "dev") for name in recipe.selection.dev]
    for name, split in splits:
        entry = catalog().find_dataset(name)
        if entry is not None and not (request.root is not None and split_file(request.root / name, split).is_file()):
            wanted.append((entry, split))
    ensure(Requirements((checkpoint,) if checkpoint else (), tuple(wanted)), say, request.offline)
    start = read_start(recipe.checkpoint)
    data = load_data(recipe, request.root)
    for overlap in (*data.training_overlaps, *data.selection_overlaps):
        say(str(overlap))
    if data.unchecked:
        say(f"not checked for test sentences, their test sets are not here: {', '.join(data.unchecked)}")
    examples, cut = encode(text_pairs(data, recipe.parsed_target, start.wrapping, recipe.seed), start, recipe)
    for line in cut.lines():
        say(line)
    if not examples:
        raise UsageError("no sentence is left to train on")
    per_epoch = math.ceil(len(examples) / recipe.batch_size)
    steps = recipe.steps or math.ceil(recipe.epochs * per_epoch)
    plan = UpdatePlan(steps, per_epoch, recipe.selection.every_steps or per_epoch, max(1, steps // LOG_LINES))
    return Prepared(recipe, start, data, examples, cut, plan)
