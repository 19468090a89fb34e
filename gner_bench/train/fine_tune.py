"""Fine-tuning from a recipe to a checkpoint folder."""

from __future__ import annotations

import os
import platform
import time
from dataclasses import asdict, fields
from importlib.metadata import version
from pathlib import Path

from gner_bench import __version__
from gner_bench.documents.fields import Json
from gner_bench.documents.run import now
from gner_bench.errors import InputError
from gner_bench.files import make_folder, write_atomic, write_json
from gner_bench.messages import Say
from gner_bench.predict.engine import LIBRARIES
from gner_bench.predict.processes import is_first
from gner_bench.terminal import progress_bar
from gner_bench.train import state as states
from gner_bench.train.devices import device_names, idle_devices, memory_advice, processes, training_arguments
from gner_bench.train.prepare import Prepared, Request, prepare
from gner_bench.train.recipe import Recipe, read_recipe
from gner_bench.train.result import DONE, LOG, RECIPE, RUN, Trained, finish, read_run, write_result
from gner_bench.train.start import load_trainable
from gner_bench.train.trainer import FineTuneTrainer, PlanCallback, evaluator

FREE = frozenset({"note", "source", "report_to", "device_batch_size", "gradient_checkpointing"})
"""Keys of a recipe that may change while a training is under way: they do not change what is learned."""
TENSORBOARD = "TENSORBOARD_LOGGING_DIR"


def fine_tune(request: Request, say: Say) -> Path:
    """Train as the recipe says and return the checkpoint folder; a finished one is left as it is.

    Killed at any moment, the same call continues from the last checkpoint in ``out/state``. Raises InputError when the
    folder holds the training of another recipe, GnerBenchError for a lack of memory or disk, and as ``prepare`` does.
    """
    recipe, out = read_recipe(request.recipe_file), request.out
    if (copy := out / RECIPE).is_file():
        before = read_recipe(copy)
        names = [field.name for field in fields(Recipe) if field.name not in FREE]
        other = [name for name in names if getattr(before, name) != getattr(recipe, name)]
        if other:
            message = f"this folder holds the training of another recipe ({', '.join(other)}); choose another --out"
            raise InputError(copy, message)
    elif any((out / name).exists() for name in ("config.json", RECIPE, RUN)):
        raise InputError(out, "this folder holds something else; choose another --out")
    if (out / DONE).exists():
        return out
    prepared = prepare(recipe, request, say)
    if warning := idle_devices():
        say(warning)
    make_folder(out)
    if is_first():  # newer values of keys that may change replace older ones
        write_atomic(out / RECIPE, request.recipe_file.read_bytes())
    session: Json = {"started": now(), "devices": device_names(), "processes": processes()}
    began = time.monotonic()
    ours = TENSORBOARD not in os.environ  # which would say where TensorBoard logs
    os.environ.setdefault(TENSORBOARD, str(out / "tensorboard"))
    try:
        with memory_advice(recipe):
            trainer = _train(prepared, request, session)
    finally:
        if ours:
            os.environ.pop(TENSORBOARD, None)
    if trainer.is_world_process_zero():
        seconds = round(time.monotonic() - began, 1)
        last, evaluations = states.last_step(out / "state"), states.saved_evaluations(out / "state")
        best = states.best(evaluations)
        trained = Trained(prepared, out / "state", last, evaluations, best, best.step if best else last)
        write_result(trained, out)
        finish(trained, out, session | {"ended": now(), "seconds": seconds})
    trainer.accelerator.wait_for_everyone()
    return out


def _train(prepared: Prepared, request: Request, session: Json) -> FineTuneTrainer:
    """Train from the last saved state to the end, and note in ``session`` from which step."""
    recipe, start, plan = prepared.recipe, prepared.start, prepared.plan
    out, state = request.out, request.out / "state"
    args = training_arguments(recipe, state, plan.steps, request.trackers or recipe.report_to)
    model, selection = load_trainable(start, recipe), prepared.data.selection
    trainer = FineTuneTrainer(model, args, prepared, evaluator(recipe, start, selection) if selection else None)
    done, evaluations = states.last_step(state), states.saved_evaluations(state)
    session["from_step"] = done
    if trainer.is_world_process_zero():
        libraries = (*LIBRARIES, "accelerate", *(["peft"] if recipe.lora else []))
        versions = {"gner-bench": __version__, "python": platform.python_version()}
        training_sets = list(start.training_sets)
        run = {
            "version": 1,
            "name": recipe.name,
            "checkpoint": {"source": recipe.checkpoint, "revision": start.revision, "training_sets": training_sets},
            "target": recipe.target,
            "seed": recipe.seed,
            "recipe": asdict(recipe),
            "versions": versions | {name: version(name) for name in libraries},
            "sessions": [*read_run(out).get("sessions", []), session],
            "status": "running",
        }
        write_json(out / RUN, run)
        states.cut_log(out / LOG, done)
    if done < plan.steps and not states.out_of_patience(evaluations, recipe.selection.patience):
        with progress_bar(recipe.name, plan.steps, done, "steps", live=processes() == 1) as advance:
            silent = advance if is_first() else (lambda count, note="": None)
            trainer.add_callback(PlanCallback(plan, bool(selection), out / LOG, silent))
            trainer.train(resume_from_checkpoint=str(state / f"checkpoint-{done}") if done else None)
    return trainer
