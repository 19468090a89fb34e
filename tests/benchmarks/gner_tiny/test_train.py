from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from gner_tiny import train as scratch
from gner_tiny.recipe import ModelShape, Recipe, Stage, TrainingSet

from gner_bench.errors import InputError
from gner_bench.predict import engine
from gner_bench.predict.backends.local import local_backend
from gner_bench.predict.checkpoint import load_checkpoint
from gner_bench.predict.inputs import select
from gner_bench.predict.options import Limit, Options

RECIPE = Recipe(
    name="micro",
    note="a test",
    seed=1,
    optimizer="adafactor",
    learning_rate=1e-2,
    warmup_steps=2,
    tokens_per_batch=120,
    model=ModelShape(16, 16, 8, 2, 1, 1, 320, neighbour_bias=3.0),
    sets=(TrainingSet("a", holdout=2, replace=0.5),),
    stages=(Stage(6, {"copy": 1.0}, copy_words=5), Stage(8, {"a": 0.7, "copy": 0.3})),
    protected={"a": "test"},
    validation={"a": "test"},
    validate_every=4,
)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(scratch, "EXAMPLES_PER_DRAW", 12)
    folder = tmp_path / "data/a"
    folder.mkdir(parents=True)
    (folder / "label.txt").write_text("actor\ngenre\n", encoding="utf-8")
    for split, count in (("train", 12), ("test", 2)):
        text = "".join(f"{split}{i}\tO\nann\tB-actor\nlee\tI-actor\n\n" for i in range(count))
        (folder / f"{split}.txt").write_text(text, encoding="utf-8")
    return tmp_path / "data"


def test_the_result_is_a_checkpoint_that_predict_takes(root: Path, tmp_path: Path) -> None:
    folder = scratch.train(RECIPE, root, tmp_path / "checkpoint")
    facts = json.loads((folder / "training.json").read_text(encoding="utf-8"))
    assert (facts["name"], facts["note"], facts["steps"]) == ("micro", "a test", 14)
    assert facts["training_sets"]["a/train"]["sentences"] == 10
    assert sorted(path.name for path in folder.iterdir()) == [
        "config.json",
        "generation_config.json",
        "log.jsonl",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
        "training.json",
    ]
    options = Options(root, tmp_path / "run", limit=Limit(1, 1))
    backend = local_backend(load_checkpoint(str(folder), device="cpu"), options)
    assert engine.predict(backend, select(options), options).exists()


def test_a_recipe_may_name_its_tokenizer(root: Path, tmp_path: Path) -> None:
    first = scratch.train(RECIPE, root, tmp_path / "first")
    recipe = dataclasses.replace(RECIPE, seed=2, tokenizer=str(first / "tokenizer.json"))
    second = scratch.train(recipe, root, tmp_path / "second")
    assert (second / "tokenizer.json").read_bytes() == (first / "tokenizer.json").read_bytes()
    assert json.loads((second / "training.json").read_text())["recipe"]["tokenizer"] == "tokenizer.json"


def test_training_goes_on_from_a_base_with_its_tokenizer(root: Path, tmp_path: Path) -> None:
    copying = dataclasses.replace(RECIPE, stages=RECIPE.stages[:1], copying="words", schemes=("bio", "plain"))
    base = scratch.train(copying, root, tmp_path / "base")
    recipe = dataclasses.replace(copying, target="entities", learning_rate=1e-12, stages=(Stage(1, {"a": 1.0}),))
    folder = scratch.train(recipe, root, tmp_path / "entities", base)
    facts = json.loads((folder / "training.json").read_text(encoding="utf-8"))
    assert (facts["target"], facts["base"]) == ("entities", "base")
    assert json.loads((base / "training.json").read_text(encoding="utf-8"))["target"] == "full+bio"
    assert (folder / "model.safetensors").read_bytes() == (base / "model.safetensors").read_bytes()
    assert (folder / "tokenizer.json").read_bytes() == (base / "tokenizer.json").read_bytes()


def test_a_killed_training_ends_with_the_same_weights(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = scratch.train(RECIPE, root, tmp_path / "whole")
    update, updates = scratch._update, 0

    def dying(*arguments: Any) -> None:
        nonlocal updates
        updates += 1
        if updates in (7, 14):
            raise KeyboardInterrupt
        update(*arguments)

    monkeypatch.setattr(scratch, "_update", dying)
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            scratch.train(RECIPE, root, tmp_path / "cut")
    scratch.train(RECIPE, root, tmp_path / "cut")
    assert updates > RECIPE.steps
    assert (tmp_path / "cut/model.safetensors").read_bytes() == (whole / "model.safetensors").read_bytes()


def test_a_finished_checkpoint_is_left_alone(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = scratch.train(RECIPE, root, tmp_path / "checkpoint")
    monkeypatch.setattr(scratch, "_update", lambda *_: pytest.fail("trained again"))
    assert scratch.train(RECIPE, root, folder) == folder


def test_another_recipe_in_one_folder_is_refused(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(scratch, "_update", stop)
    with pytest.raises(KeyboardInterrupt):
        scratch.train(RECIPE, root, tmp_path / "checkpoint")
    with pytest.raises(InputError, match="holds the training of another recipe"):
        scratch.train(dataclasses.replace(RECIPE, seed=2), root, tmp_path / "checkpoint")


def test_a_fine_tuning_is_not_taken_for_one_from_scratch(root: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "recipe.toml").touch()
    (out / "training.json").touch()
    with pytest.raises(InputError, match="this folder holds a fine-tuning"):
        scratch.train(RECIPE, root, out)


def test_what_was_logged_after_the_saved_state_is_logged_once(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = scratch.train(RECIPE, root, tmp_path / "whole")
    with monkeypatch.context() as patch:
        patch.setattr(scratch, "_save", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            scratch.train(RECIPE, root, tmp_path / "cut")
    scratch.train(RECIPE, root, tmp_path / "cut")
    assert (tmp_path / "cut/log.jsonl").read_text() == (whole / "log.jsonl").read_text()
