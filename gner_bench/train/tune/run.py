"""Fine-tuning from a recipe to a checkpoint folder."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from importlib.metadata import version
from pathlib import Path
from typing import Any

from gner_bench import __version__
from gner_bench.catalog import catalog
from gner_bench.catalog.datasets import Dataset as Entry
from gner_bench.data.gner_layout import split_file
from gner_bench.documents.run import now
from gner_bench.errors import InputError, UsageError
from gner_bench.fetch.locate import on_hub
from gner_bench.fetch.need import Needs, ensure
from gner_bench.files import make_folder, write_atomic
from gner_bench.predict.engine import LIBRARIES
from gner_bench.predict.processes import is_first
from gner_bench.records import Json
from gner_bench.terminal import progress_bar
from gner_bench.train.tune import state as states
from gner_bench.train.tune.batches import updates_per_epoch
from gner_bench.train.tune.devices import (
    accumulation,
    device_names,
    idle_devices,
    memory_advice,
    processes,
    require_precision,
    require_trackers,
    training_arguments,
)
from gner_bench.train.tune.encoding import Collator, Cut, Example, encode
from gner_bench.train.tune.evaluation import Evaluator, evaluator
from gner_bench.train.tune.examples import text_pairs
from gner_bench.train.tune.material import Material, load_material
from gner_bench.train.tune.recipe import TuneRecipe, read_tune_recipe
from gner_bench.train.tune.result import (
    DONE,
    LOG,
    RECIPE,
    Trained,
    begin_session,
    finish,
    write_result,
)
from gner_bench.train.tune.start import Start, load_trainable, read_start
from gner_bench.train.tune.trainer import Calendar, Course, TuneTrainer, calendar

Tell = Callable[[str], None]
FREE = frozenset({"note", "source", "report_to", "device_batch_size", "gradient_checkpointing"})
"""Keys of a recipe that may change while a training is under way: they do not change what is learned."""
TENSORBOARD = "TENSORBOARD_LOGGING_DIR"


@dataclass(frozen=True)
class Asked:
    """What the command asks for beside the recipe. ``root`` is the data root, None for the cache."""

    recipe_file: Path
    root: Path | None
    out: Path
    trackers: tuple[str, ...] = ()
    offline: bool = False


@dataclass(frozen=True)
class Prepared:
    """What training needs, read and checked."""

    recipe: TuneRecipe
    start: Start
    material: Material
    examples: list[Example]
    cut: Cut
    plan: Calendar


def fine_tune(asked: Asked, tell: Tell) -> Path:
    """Train as the recipe says and return the checkpoint folder; a finished one is left as it is.

    Killed at any moment, the same call continues from the last checkpoint in ``out/state``. Raises InputError when the
    folder holds the training of another recipe, UsageError for what cannot be done on these devices or would select on
    test sentences, GnerBenchError for a lack of memory or disk, and what readers of data and checkpoints raise.
    """
    recipe = read_tune_recipe(asked.recipe_file)
    _claim(recipe, asked)
    if (asked.out / DONE).exists():
        return asked.out
    prepared = prepare(recipe, asked, tell)
    if idle_devices():
        tell(idle_devices())
    _copy_recipe(asked)
    session: Json = {"started": now(), "devices": device_names(), "processes": processes()}
    began = time.monotonic()
    trainer = _train(prepared, asked, session)
    if trainer.is_world_process_zero():
        _finish(prepared, asked, session | {"ended": now(), "seconds": round(time.monotonic() - began, 1)})
    trainer.accelerator.wait_for_everyone()
    return asked.out


def _claim(recipe: TuneRecipe, asked: Asked) -> None:
    """Raise InputError when the folder holds something else than this recipe's training."""
    copy = asked.out / RECIPE
    if copy.is_file():
        changed = differences(read_tune_recipe(copy), recipe)
        if changed:
            message = f"this folder holds the training of another recipe ({', '.join(changed)}); choose another --out"
            raise InputError(copy, message)
    elif asked.out.is_dir() and any((asked.out / name).exists() for name in ("config.json", "recipe.json", "run.json")):
        raise InputError(asked.out, "this folder holds something else; choose another --out")


def differences(before: TuneRecipe, now_: TuneRecipe) -> list[str]:
    """The settings in which two recipes differ, but for those that do not change what is learned."""
    pairs = [(each.name, getattr(before, each.name), getattr(now_, each.name)) for each in fields(TuneRecipe)]
    return [name for name, one, other in pairs if one != other and name not in FREE]


def _copy_recipe(asked: Asked) -> None:
    """Keep the recipe in the result. Newer free keys replace older ones."""
    make_folder(asked.out)
    if is_first():
        write_atomic(asked.out / RECIPE, asked.recipe_file.read_bytes())


def prepare(recipe: TuneRecipe, asked: Asked, tell: Tell) -> Prepared:
    """Fetch, read and tokenize everything. Raises what ``fine_tune`` does."""
    require_precision(recipe)
    require_trackers(trackers(recipe, asked))
    accumulation(recipe, processes())
    provide(recipe, asked, tell)
    start = read_start(recipe.checkpoint)
    material = load_material(recipe, asked.root)
    for each in (*material.training_overlaps, *material.selection_overlaps):
        tell(str(each))
    if material.unchecked:
        tell(f"not checked for test sentences, their test sets are not here: {', '.join(material.unchecked)}")
    pairs = text_pairs(material, recipe.parsed_target, start.family.wrapping, recipe.seed)
    examples, cut = encode(pairs, start, recipe)
    for line in cut.told():
        tell(line)
    if not examples:
        raise UsageError("no sentence is left to train on")
    plan = calendar(recipe, updates_per_epoch(len(examples), recipe.batch_size))
    return Prepared(recipe, start, material, examples, cut, plan)


def trackers(recipe: TuneRecipe, asked: Asked) -> tuple[str, ...]:
    """The trackers of the command, or else of the recipe."""
    return asked.trackers or recipe.report_to


def provide(recipe: TuneRecipe, asked: Asked, tell: Tell) -> None:
    """Fetch the checkpoint and the data sets that are neither below the data root nor in the cache."""
    checkpoint = on_hub(recipe.checkpoint)
    splits = [(spec.name, str(spec.split)) for spec in recipe.sets] + [(name, "dev") for name in recipe.selection.dev]
    wanted: list[tuple[Entry, str]] = []
    for name, split in splits:
        entry = catalog().find_dataset(name)
        if entry is not None and not (asked.root is not None and split_file(asked.root / name, split).is_file()):
            wanted.append((entry, split))
    ensure(Needs((checkpoint,) if checkpoint else (), tuple(wanted)), tell, asked.offline)


def _train(prepared: Prepared, asked: Asked, session: Json) -> TuneTrainer:
    recipe, plan, state = prepared.recipe, prepared.plan, asked.out / "state"
    args = training_arguments(recipe, state, plan.steps, trackers(recipe, asked))
    with memory_advice(recipe), _tensorboard_in(asked.out):
        trainer = _trainer(prepared, args)
        resumed = states.last(state)
        done = states.step_of(resumed) if resumed else 0
        if trainer.is_world_process_zero():
            begin_session(asked.out, _about(recipe, prepared.start), session | {"from_step": done})
            states.cut_log(asked.out / LOG, done)
        session["from_step"] = done
        if not _is_over(prepared, resumed):
            live = processes() == 1
            with progress_bar(recipe.name, plan.steps, done, "steps", live) as advance:
                silent = advance if is_first() else (lambda count, note="": None)
                evaluates = trainer.evaluator is not None
                trainer.add_callback(Course(plan, evaluates, asked.out / LOG, silent))
                trainer.train(resume_from_checkpoint=str(resumed) if resumed else None)
    return trainer


@contextmanager
def _tensorboard_in(out: Path) -> Iterator[None]:
    """Let TensorBoard log into the result's folder, unless the environment says where."""
    ours = TENSORBOARD not in os.environ
    if ours:
        os.environ[TENSORBOARD] = str(out / "tensorboard")
    try:
        yield
    finally:
        if ours:
            os.environ.pop(TENSORBOARD, None)


def _trainer(prepared: Prepared, args: Any) -> TuneTrainer:
    recipe, start = prepared.recipe, prepared.start
    model = load_trainable(start, recipe)
    judge: Evaluator | None = None
    if prepared.material.selection:
        judge = evaluator(recipe, start, prepared.material.selection)
    return TuneTrainer(model, args, prepared.examples, recipe, Collator(start), prepared.plan, judge)


def _is_over(prepared: Prepared, resumed: Path | None) -> bool:
    """Whether the checkpoint to go on from is the last that there will be."""
    if resumed is None:
        return False
    found = states.evaluations(states.history(resumed))
    patience = prepared.recipe.selection.patience
    return states.step_of(resumed) >= prepared.plan.steps or states.out_of_patience(found, patience)


def _about(recipe: TuneRecipe, start: Start) -> Json:
    """The part of run.json that is known at the beginning."""
    versions = {name: version(name) for name in (*LIBRARIES, "accelerate", *(["peft"] if recipe.lora else []))}
    return {
        "version": 1,
        "name": recipe.name,
        "checkpoint": {
            "source": recipe.checkpoint,
            "revision": start.located.revision,
            "training_sets": list(start.training_sets),
        },
        "target": recipe.target,
        "seed": recipe.seed,
        "recipe": asdict(recipe),
        "versions": {"gner-bench": __version__, "python": platform.python_version(), **versions},
    }


def _finish(prepared: Prepared, asked: Asked, session: Json) -> None:
    trained = Trained(
        prepared.recipe,
        prepared.start,
        prepared.material,
        len(prepared.examples),
        prepared.cut,
        asked.out / "state",
    )
    write_result(trained, asked.out)
    finish(trained, asked.out, session)
