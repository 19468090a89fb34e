"""Fine-tuning from a recipe to a checkpoint folder."""

from __future__ import annotations

import json
import os
import platform
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from importlib.metadata import version
from pathlib import Path

from gner_bench import __version__
from gner_bench.catalog import catalog
from gner_bench.data.gner_layout import split_file
from gner_bench.errors import InputError, UsageError
from gner_bench.fetch.locate import on_hub
from gner_bench.fetch.need import Needs, ensure
from gner_bench.files import make_folder, write_atomic, write_json
from gner_bench.predict.processes import is_first
from gner_bench.predict.run_record import LIBRARIES, now
from gner_bench.records import Json
from gner_bench.terminal import progress_bar
from gner_bench.train import state as states
from gner_bench.train.batches import Collator, Cut, Example, encode, updates_per_epoch
from gner_bench.train.card import card
from gner_bench.train.data import RecipeData, load_data, text_pairs
from gner_bench.train.devices import (
    accumulation,
    device_names,
    idle_devices,
    memory_advice,
    processes,
    require_precision,
    require_trackers,
    training_arguments,
)
from gner_bench.train.evaluation import evaluator
from gner_bench.train.recipe import Recipe, read_recipe
from gner_bench.train.result import (
    DONE,
    LOG,
    RECIPE,
    RUN,
    SCORES,
    Trained,
    begin_session,
    end_session,
    outcome,
    training_facts,
    write_result,
)
from gner_bench.train.start import Start, load_trainable, read_start
from gner_bench.train.trainer import FineTuneTrainer, PlanCallback, UpdatePlan, scores_file, update_plan

Notify = Callable[[str], None]
FREE = frozenset({"note", "source", "report_to", "device_batch_size", "gradient_checkpointing"})
"""Keys of a recipe that may change while a training is under way: they do not change what is learned."""
TENSORBOARD = "TENSORBOARD_LOGGING_DIR"


@dataclass(frozen=True)
class Request:
    """What the command is given beside the recipe. ``root`` is the data root, None for the cache."""

    recipe_file: Path
    root: Path | None
    out: Path
    trackers: tuple[str, ...] = ()
    offline: bool = False


@dataclass(frozen=True)
class Prepared:
    """What training needs, read and checked."""

    recipe: Recipe
    start: Start
    data: RecipeData
    examples: list[Example]
    cut: Cut
    plan: UpdatePlan


def fine_tune(request: Request, notify: Notify) -> Path:
    """Train as the recipe says and return the checkpoint folder; a finished one is left as it is.

    Killed at any moment, the same call continues from the last checkpoint in ``out/state``. Raises InputError when the
    folder holds the training of another recipe, UsageError for what cannot be done on these devices or would select on
    test sentences, GnerBenchError for a lack of memory or disk, and what readers of data and checkpoints raise.
    """
    recipe, out = read_recipe(request.recipe_file), request.out
    _refuse_other_folder(recipe, out)
    if (out / DONE).exists():
        return out
    prepared = prepare(recipe, request, notify)
    if idle_devices():
        notify(idle_devices())
    make_folder(out)
    if is_first():  # newer values of keys that may change replace older ones
        write_atomic(out / RECIPE, request.recipe_file.read_bytes())
    session: Json = {"started": now(), "devices": device_names(), "processes": processes()}
    began = time.monotonic()
    trainer = _train(prepared, request, session)
    if trainer.is_world_process_zero():
        seconds = round(time.monotonic() - began, 1)
        trained = Trained(recipe, prepared.start, prepared.data, len(prepared.examples), prepared.cut, out / "state")
        write_result(trained, out)
        finish(trained, out, session | {"ended": now(), "seconds": seconds})
    trainer.accelerator.wait_for_everyone()
    return out


def _refuse_other_folder(recipe: Recipe, out: Path) -> None:
    """Raise InputError when the folder holds something else than this recipe's training."""
    copy = out / RECIPE
    if copy.is_file():
        before = read_recipe(copy)
        names = [field.name for field in fields(Recipe) if field.name not in FREE]
        other = [name for name in names if getattr(before, name) != getattr(recipe, name)]
        if other:
            message = f"this folder holds the training of another recipe ({', '.join(other)}); choose another --out"
            raise InputError(copy, message)
    elif out.is_dir() and any((out / name).exists() for name in ("config.json", RECIPE, RUN)):
        raise InputError(out, "this folder holds something else; choose another --out")


def prepare(recipe: Recipe, request: Request, notify: Notify) -> Prepared:
    """Fetch, read and tokenize everything. Raises what ``fine_tune`` does."""
    require_precision(recipe)
    require_trackers(request.trackers or recipe.report_to)
    accumulation(recipe, processes())
    _fetch(recipe, request, notify)
    start = read_start(recipe.checkpoint)
    data = load_data(recipe, request.root)
    for overlap in (*data.training_overlaps, *data.selection_overlaps):
        notify(str(overlap))
    if data.unchecked:
        notify(f"not checked for test sentences, their test sets are not here: {', '.join(data.unchecked)}")
    pairs = text_pairs(data, recipe.parsed_target, start.family.wrapping, recipe.seed)
    examples, cut = encode(pairs, start, recipe)
    for line in cut.lines():
        notify(line)
    if not examples:
        raise UsageError("no sentence is left to train on")
    plan = update_plan(recipe, updates_per_epoch(len(examples), recipe.batch_size))
    return Prepared(recipe, start, data, examples, cut, plan)


def _fetch(recipe: Recipe, request: Request, notify: Notify) -> None:
    """Fetch the checkpoint and the data sets that are neither below the data root nor in the cache."""
    checkpoint = on_hub(recipe.checkpoint)
    splits = [(spec.name, spec.split) for spec in recipe.sets] + [(name, "dev") for name in recipe.selection.dev]
    wanted = []
    for name, split in splits:
        entry = catalog().find_dataset(name)
        if entry is not None and not (request.root is not None and split_file(request.root / name, split).is_file()):
            wanted.append((entry, split))
    ensure(Needs((checkpoint,) if checkpoint else (), tuple(wanted)), notify, request.offline)


def _train(prepared: Prepared, request: Request, session: Json) -> FineTuneTrainer:
    """Train from the last saved state to the end, and note in ``session`` from which step."""
    recipe, start, plan = prepared.recipe, prepared.start, prepared.plan
    state, log = request.out / "state", request.out / LOG
    args = training_arguments(recipe, state, plan.steps, request.trackers or recipe.report_to)
    with memory_advice(recipe), _tensorboard_in(request.out):
        model, selection = load_trainable(start, recipe), prepared.data.selection
        scorer = evaluator(recipe, start, selection) if selection else None
        trainer = FineTuneTrainer(model, args, prepared.examples, recipe, Collator(start), plan, scorer)
        resumed = states.last(state)
        done = states.step_of(resumed) if resumed else 0
        if trainer.is_world_process_zero():
            begin_session(request.out, _about(recipe, start), session | {"from_step": done})
            states.cut_log(log, done)
        session["from_step"] = done
        evaluations = states.evaluations(states.history(resumed)) if resumed else []
        if done < plan.steps and not states.out_of_patience(evaluations, recipe.selection.patience):
            with progress_bar(recipe.name, plan.steps, done, "steps", live=processes() == 1) as advance:
                silent = advance if is_first() else (lambda count, note="": None)
                trainer.add_callback(PlanCallback(plan, scorer is not None, log, silent))
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


def _about(recipe: Recipe, start: Start) -> Json:
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


def finish(trained: Trained, out: Path, session: Json) -> None:
    """Write the scores of the best checkpoint, run.json, the model card and, last of all, training.json; then remove
    the state folder."""
    scores = None
    if trained.best:
        scores = json.loads(scores_file(trained.state, trained.best_step).read_text(encoding="utf-8"))
        write_json(out / SCORES, scores)
    run = end_session(out, session) | outcome(trained)
    write_json(out / RUN, run | {"status": "done"})
    write_atomic(out / "README.md", card(trained, run, scores, (out / RECIPE).read_text(encoding="utf-8")))
    write_json(out / DONE, training_facts(trained))
    shutil.rmtree(trained.state, ignore_errors=True)
