"""The folder of a finished fine-tuning: a checkpoint that predict and transformers take as it is, and what it is."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from safetensors import SafetensorError

from gner_bench.errors import GnerBenchError, InputError
from gner_bench.files import write_atomic, write_json
from gner_bench.predict.checkpoint import file_hashes
from gner_bench.records import Json
from gner_bench.train.tune import state as states
from gner_bench.train.tune.encoding import Cut
from gner_bench.train.tune.material import Material, TrainingData
from gner_bench.train.tune.recipe import TuneRecipe
from gner_bench.train.tune.start import Start, with_merged_adapters

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


@dataclass(frozen=True)
class Trained:
    """A training that has come to its end. ``examples`` were trained on, ``state`` is the folder of its checkpoints."""

    recipe: TuneRecipe
    start: Start
    material: Material
    examples: int
    cut: Cut
    state: Path

    @property
    def last_step(self) -> int:
        found = states.last(self.state)
        return states.step_of(found) if found else 0

    @property
    def evaluated(self) -> list[states.Evaluated]:
        found = states.last(self.state)
        return states.evaluations(states.history(found)) if found else []

    @property
    def best(self) -> states.Evaluated | None:
        return states.best(self.evaluated)

    @property
    def best_step(self) -> int:
        """The step whose weights are the result: the best by evaluation, or the last without any."""
        return self.best.step if self.best else self.last_step


def write_result(trained: Trained, out: Path) -> None:
    """Write weights, configuration, tokenizer and generation settings to ``out``, and remove the state folder.

    Raises GnerBenchError when they cannot be written; the state is then still there.
    """
    try:
        _write_weights(trained, out)
        _write_settings(trained.start, out)
    except (OSError, RuntimeError, SafetensorError) as error:
        why = states.reason(error, out)
        raise GnerBenchError(f"{out}: the result cannot be saved ({why}); the same command tries again") from None


def _write_weights(trained: Trained, out: Path) -> None:
    folder = trained.state / f"checkpoint-{trained.best_step}"
    if trained.recipe.lora is not None:
        merged = trained.state / "merged"
        shutil.rmtree(merged, ignore_errors=True)
        with_merged_adapters(trained.start, trained.recipe, folder).save_pretrained(merged)
        folder = merged
    found = sorted({*folder.glob("*.safetensors"), *folder.glob("*.safetensors.index.json")})
    if not found:
        raise InputError(folder, "holds no weights (no *.safetensors file)")
    for path in found:
        _link(path, out / path.name)


def _link(source: Path, target: Path) -> None:
    """Give a file a second name, or a copy where the disk has no links; under its final name only when whole."""
    aside = target.with_name(f".{target.name}.tmp")
    aside.unlink(missing_ok=True)
    try:
        os.link(source, aside)
    except OSError:
        shutil.copyfile(source, aside)
    shutil.copymode(target.parent / RECIPE, aside)
    aside.replace(target)
    aside.unlink(missing_ok=True)  # where both were names of one file, replacing does nothing


def _write_settings(start: Start, out: Path) -> None:
    """The configuration as the starting checkpoint has it, not as transformers would write it anew: that calls every T5
    tied. The tokenizer byte for byte, so that signatures name the same one."""
    config = json.loads((start.folder / "config.json").read_text(encoding="utf-8"))
    config.pop("torch_dtype", None)
    config["dtype"] = _dtype(out)
    write_json(out / "config.json", config)
    for name in ("generation_config.json", *TOKENIZER_FILES):
        if (start.folder / name).is_file():
            write_atomic(out / name, (start.folder / name).read_bytes())


def _dtype(out: Path) -> str:
    """The number format of most of the weights in ``out``."""
    from safetensors import safe_open

    names = {"F32": "float32", "BF16": "bfloat16", "F16": "float16"}
    sizes: dict[str, int] = {}
    for path in out.glob("*.safetensors"):
        with safe_open(path, "pt") as file:
            for key in file.keys():  # noqa: SIM118
                part = file.get_slice(key)
                kind = names.get(part.get_dtype(), "float32")
                sizes[kind] = sizes.get(kind, 0) + _product(part.get_shape())
    return max(sizes, key=lambda kind: sizes[kind])


def _product(shape: Iterable[int]) -> int:
    total = 1
    for size in shape:
        total *= size
    return total


def finish(trained: Trained, out: Path, session: Json) -> None:
    """Write the scores of the best checkpoint, the model card, run.json and, last of all, training.json."""
    from gner_bench.train.tune.card import card

    chosen = trained.state / f"scores-{trained.best_step}.json"
    scores = json.loads(chosen.read_text(encoding="utf-8")) if trained.best else None
    if scores is not None:
        write_json(out / SCORES, scores)
    run = end_session(out, session) | outcome(trained)
    write_json(out / RUN, run | {"status": "done"})
    write_atomic(out / "README.md", card(trained, run, scores, (out / RECIPE).read_text(encoding="utf-8")))
    write_json(out / DONE, training_facts(trained))
    shutil.rmtree(trained.state, ignore_errors=True)


def training_facts(trained: Trained) -> Json:
    """What training.json says: predict and score warn by it where a figure is not zero-shot."""
    recipe, inherited = trained.recipe, trained.start.training_sets
    own = {_name(data): {"sentences": len(data.dataset.sentences)} for data in trained.material.training}
    return {
        "name": recipe.name,
        "note": recipe.note,
        "target": recipe.target,
        "training_sets": {**{name: {"trained_before_as": recipe.checkpoint} for name in inherited}, **own},
        "steps": trained.best_step,
    }


def _name(data: TrainingData) -> str:
    return f"{data.dataset.name}/{data.dataset.split}"


def outcome(trained: Trained) -> Json:
    """The part of run.json that is known at the end."""
    material, best = trained.material, trained.best
    return {
        "started_from": file_hashes(trained.start.folder),
        "examples": {"trained_on": trained.examples, **asdict(trained.cut)},
        "data": {
            "training": {_name(data): training_data(data) for data in material.training},
            "selection": {
                f"{d.name}/{d.split}": {"sentences": len(d.sentences), "content_hash": d.content_hash}
                for d in material.selection
            },
            "training_in_test": [
                asdict(each) | {"sentences": list(each.sentences)} for each in material.training_overlaps
            ],
            "selection_in_test": [
                asdict(each) | {"sentences": list(each.sentences)} for each in material.selection_overlaps
            ],
            "tests_not_there": list(material.unchecked),
        },
        "steps": trained.last_step,
        "best": asdict(best) if best else None,
        "evaluations": [asdict(each) for each in trained.evaluated],
    }


def training_data(data: TrainingData) -> Json:
    """What run.json says of a training set."""
    dataset = data.dataset
    return {
        "sentences": len(dataset.sentences),
        "content_hash": dataset.content_hash,
        "source": dataset.source,
        "repaired_tags": dataset.repaired,
        "mentions": asdict(data.placement) if data.placement else None,
    }


def read_run(out: Path) -> Json:
    """The run.json of ``out``, empty where there is none. Raises InputError when it is not one."""
    path = out / RUN
    try:
        found = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    except ValueError:
        found = None
    if not isinstance(found, dict) or not isinstance(found.get("sessions", []), list):
        raise InputError(path, "is not the run.json of a training; choose another --out")
    return found


def begin_session(out: Path, about: Json, session: Json) -> None:
    """Note in run.json that a process has begun or goes on."""
    before = read_run(out)
    write_json(out / RUN, about | {"sessions": [*before.get("sessions", []), session], "status": "running"})


def end_session(out: Path, session: Json) -> Json:
    """The run.json whose last session is ``session``, which has ended."""
    found = read_run(out)
    return found | {"sessions": [*found.get("sessions", [])[:-1], session]}
