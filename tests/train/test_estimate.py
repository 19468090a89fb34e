"""What --dry-run says."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from gner_bench.errors import UsageError
from gner_bench.train import estimate
from gner_bench.train.estimate import activations, estimated_memory, weight_shapes
from gner_bench.train.prepare import Prepared, Request, prepare
from gner_bench.train.recipe import read_recipe
from gner_bench.train.start import load_trainable, read_start

MODULES = {"tiny_t5": ["q", "wi_0"], "tiny_llama": ["q_proj", "down_proj"]}
Prepare = Callable[..., Prepared]


@pytest.fixture
def prepared(recipe_file: Callable[..., Path], films: Path, tmp_path: Path) -> Prepare:
    def build(**changes: Any) -> Prepared:
        path = recipe_file(**changes)
        return prepare(read_recipe(path), Request(path, films, tmp_path / "out"), lambda _: None)

    return build


def test_the_lines_count_what_there_is(prepared: Prepare) -> None:
    found = prepared(steps=None, epochs=2)
    lines = estimate.estimate(found, None)
    tokens = sum(example.tokens for example in found.examples)
    assert lines["sentences"] == "14 (films/train 14); all fit the limits"
    assert lines["batch"] == "4 = 2 x 1 device(s) x 2 accumulation steps"
    assert lines["updates"] == "8 (4 an epoch, 2.00 epochs)"
    assert lines["evaluations"] == "4 of 1 sentences"
    assert lines["tokens"].startswith(f"{tokens:,} an epoch, measured: prompts of ")
    assert "an estimate" in lines["memory"]
    assert "from 2 parts of a batch timed on one device" in lines["time"]


@pytest.mark.parametrize("checkpoint", MODULES)
def test_weights_are_counted_from_the_files(request: pytest.FixtureRequest, checkpoint: str, prepared: Prepare) -> None:
    folder = request.getfixturevalue(checkpoint)
    start = read_start(str(folder))
    for lora in (None, {"r": 3, "modules": MODULES[checkpoint]}):
        found = prepared(checkpoint=str(folder), lora=lora)
        model = load_trainable(start, found.recipe)
        trained = sum(each.numel() for each in model.parameters() if each.requires_grad)
        shapes = weight_shapes(start)
        assert sum(map(prod, shapes.values())) == sum(
            each.numel() for name, each in model.named_parameters() if "lora_" not in name
        )
        memory = estimated_memory(found)
        assert (memory["gradients"], memory["optimizer"]) == (4 * trained, 8 * trained)


def test_activations_shrink_with_checkpointing_and_smaller_parts(prepared: Prepare) -> None:
    whole = activations(prepared(device_batch_size=4))
    assert activations(prepared(device_batch_size=2)) < whole
    assert activations(prepared(device_batch_size=4, precision="bf16")) < whole


def test_what_does_not_fit_is_not_timed(prepared: Prepare, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("psutil.virtual_memory", lambda: SimpleNamespace(available=1000))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert "not measured: 0.0 GB are free here" in estimate.estimate(prepared(), None)["time"]


@pytest.fixture
def nothing_fetched(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GNER_BENCH_HOME", str(tmp_path / "home"))


@pytest.mark.parametrize(
    ("checkpoint", "weights"),
    [
        ("google/flan-t5-base", 247_577_856),
        ("google/flan-t5-large", 783_150_080),
        ("GNER-T5-xl", 2_849_757_184),
        ("dyyyyyyyy/GNER-T5-xxl", 11_135_332_352),
        ("yahma/llama-7b-hf", 6_738_415_616),
    ],
)
def test_a_checkpoint_that_is_not_here_is_planned_by_its_shape(
    recipe_file: Callable[..., Path], films: Path, tmp_path: Path, nothing_fetched: None, checkpoint: str, weights: int
) -> None:
    """The numbers of weights are those that the hub shows for these checkpoints."""
    path = recipe_file(checkpoint=checkpoint, target="full+bio")
    request = Request(path, films, tmp_path / "out", offline=True)
    planned = prepare(read_recipe(path), request, lambda _: None, plan_only=True)
    assert sum(map(prod, weight_shapes(planned.start).values())) == weights
    lines = estimate.estimate(planned, None)
    assert "by the catalogue: it is not here" in lines["recipe"]
    assert "estimated from the lengths of texts" in lines["tokens"]
    assert lines["time"] == "not measured: the checkpoint is not here"
    assert not (tmp_path / "home").exists()


def test_data_that_are_not_here_are_counted_by_the_catalogue(
    recipe_file: Callable[..., Path], tmp_path: Path, nothing_fetched: None
) -> None:
    path = recipe_file(checkpoint="google/flan-t5-base", sets=[{"name": "Pile-NER-type"}], selection={}, batch_size=4)
    said: list[str] = []
    planned = prepare(read_recipe(path), Request(path, None, tmp_path / "out"), said.append, plan_only=True)
    assert planned.absent == {"Pile-NER-type/train": 45_889}
    assert any("Pile-NER-type/train is not here: at most 45,889 sentences" in line for line in said)
    assert estimate.estimate(planned, None)["padding"] == "not counted: data are not here"


def test_a_checkpoint_of_unknown_shape_is_named(
    recipe_file: Callable[..., Path], films: Path, tmp_path: Path, nothing_fetched: None
) -> None:
    path = recipe_file(checkpoint="someone/else")
    with pytest.raises(UsageError, match="else: is not in the cache and not of a known shape"):
        prepare(read_recipe(path), Request(path, films, tmp_path / "out"), lambda _: None, plan_only=True)


def test_a_trial_that_runs_out_of_memory_says_so(prepared: Prepare, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise MemoryError

    monkeypatch.setattr("gner_bench.train.estimate.load_trainable", full)
    assert "the trial ran out of memory" in estimate.estimate(prepared(), None)["time"]
