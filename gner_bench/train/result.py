"""The folder of a finished fine-tuning: a checkpoint that predict and transformers take as it is, and its record."""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from dataclasses import asdict, dataclass
from math import prod
from pathlib import Path

from safetensors import SafetensorError

from gner_bench.documents.fields import Json
from gner_bench.errors import GnerBenchError, InputError
from gner_bench.files import write_atomic, write_json
from gner_bench.predict.checkpoint import file_hashes
from gner_bench.train import state as states
from gner_bench.train.prepare import Prepared
from gner_bench.train.start import load_saved

RECIPE, LOG, RUN, SCORES, DONE = "recipe.toml", "log.jsonl", "run.json", "selection_scores.json", "training.json"
TOKENIZER_FILES = (
    "tokenizer.json",
    "tokenizer_config.json",
    "tokenizer.model",
    "spiece.model",
    "special_tokens_map.json",
    "added_tokens.json",
    "chat_template.jinja",
)
DTYPE_NAMES = {"F32": "float32", "BF16": "bfloat16", "F16": "float16"}


@dataclass(frozen=True)
class Trained:
    """A training that has come to its end. ``state`` is the folder of its checkpoints; the result are the weights of
    ``best_step``, the best by evaluation, or the last without any."""

    prepared: Prepared
    state: Path
    last_step: int
    evaluations: list[states.Evaluation]
    best: states.Evaluation | None
    best_step: int

    @classmethod
    def of(cls, prepared: Prepared, state: Path) -> Trained:
        last, evaluations = states.last_step(state), states.saved_evaluations(state)
        best = states.best(evaluations)
        return cls(prepared, state, last, evaluations, best, best.step if best else last)


def write_result(trained: Trained, out: Path) -> None:
    """Write weights, configuration, tokenizer and generation settings to ``out``; the state folder stays.

    The files of the best weights get a second name, or are copied where the disk has no links; each has its final name
    only when whole. Raises GnerBenchError when something cannot be written.
    """
    recipe, start = trained.prepared.recipe, trained.prepared.start
    folder = trained.state / f"checkpoint-{trained.best_step}"
    try:
        if recipe.lora is not None:
            merged = trained.state / "merged"
            shutil.rmtree(merged, ignore_errors=True)
            load_saved(start, recipe, folder).save_pretrained(merged)
            folder = merged
        sources = sorted({*folder.glob("*.safetensors"), *folder.glob("*.safetensors.index.json")})
        if not sources:
            raise InputError(folder, "holds no weights (no *.safetensors file)")
        for source in sources:
            aside = out / f".{source.name}.tmp"
            aside.unlink(missing_ok=True)
            try:
                os.link(source, aside)
            except OSError:
                shutil.copyfile(source, aside)
            shutil.copymode(out / RECIPE, aside)  # safetensors makes files that only their owner can read
            aside.replace(out / source.name)
            aside.unlink(missing_ok=True)  # where both were names of one file, replacing does nothing
        # As the starting checkpoint has it, not as transformers would write it anew: that calls every T5 tied.
        config = json.loads((start.folder / "config.json").read_text(encoding="utf-8"))
        config.pop("torch_dtype", None)
        write_json(out / "config.json", config | {"dtype": _dtype(out)})
        # Byte for byte, so that signatures name the same tokenizer.
        for name in ("generation_config.json", *TOKENIZER_FILES):
            if (start.folder / name).is_file():
                write_atomic(out / name, (start.folder / name).read_bytes())
    except (OSError, RuntimeError, SafetensorError) as error:
        why = states.reason(error, out)
        raise GnerBenchError(f"{out}: the result cannot be saved ({why}); the same command tries again") from None


def _dtype(folder: Path) -> str:
    """The number format of most weights in a folder."""
    from safetensors import safe_open

    weights: Counter[str] = Counter()
    for path in folder.glob("*.safetensors"):
        with safe_open(path, "pt") as file:
            for key in file.keys():  # noqa: SIM118
                part = file.get_slice(key)
                weights[DTYPE_NAMES.get(part.get_dtype(), "float32")] += prod(part.get_shape())
    return max(weights, key=lambda dtype: weights[dtype])


def outcome(trained: Trained) -> Json:
    """The part of run.json that is known at the end."""
    prepared, data, best = trained.prepared, trained.prepared.data, trained.best
    training, selection = {}, {}
    for part in data.training:
        training[part.name] = {
            "sentences": len(part.dataset.sentences),
            "content_hash": part.dataset.content_hash,
            "source": part.dataset.source,
            "repaired_tags": part.dataset.repaired,
            "mentions": asdict(part.placement) if part.placement else None,
        }
    for dataset in data.selection:
        facts = {"sentences": len(dataset.sentences), "content_hash": dataset.content_hash}
        selection[f"{dataset.name}/{dataset.split}"] = facts
    return {
        "started_from": file_hashes(prepared.start.folder),
        "examples": {"trained_on": len(prepared.examples), **asdict(prepared.cut)},
        "data": {
            "training": training,
            "selection": selection,
            "training_in_test": [asdict(overlap) for overlap in data.training_overlaps],
            "selection_in_test": [asdict(overlap) for overlap in data.selection_overlaps],
            "tests_not_there": list(data.unchecked),
        },
        "steps": trained.last_step,
        "best": asdict(best) if best else None,
        "evaluations": [asdict(evaluation) for evaluation in trained.evaluations],
    }


def read_run(out: Path) -> Json:
    """The run.json of ``out``, empty where there is none. Raises InputError when it is not one."""
    path = out / RUN
    try:
        run = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    except ValueError:
        run = None
    if not isinstance(run, dict) or not isinstance(run.get("sessions", []), list):
        raise InputError(path, "is not the run.json of a training; choose another --out")
    return run
