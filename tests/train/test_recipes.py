"""The recipes and launch configurations that come with the project."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from accelerate.commands.config.config_args import load_config_from_file
from accelerate.utils.deepspeed import HfDeepSpeedConfig

from gner_bench.catalog import catalog
from gner_bench.errors import InputError, UsageError
from gner_bench.fetch.checkpoint import on_hub
from gner_bench.train.devices import accumulation
from gner_bench.train.recipe import RECIPES, Recipe, read_recipe, recipe_file

RECIPE_FILES = sorted(RECIPES.glob("*.toml"))
PAPER = {"gner-t5-base": 12, "gner-t5-large": 10, "gner-t5-xl": 10, "gner-t5-xxl": 6, "gner-llama-7b": 3}
"""Epochs of the recipes that follow the paper's task adaptation."""


def read(name: str) -> Recipe:
    return read_recipe(RECIPES / f"{name}.toml")


@pytest.mark.parametrize("path", RECIPE_FILES, ids=lambda path: path.stem)
def test_every_recipe_names_known_data_and_divides_on_up_to_eight_devices(path: Path) -> None:
    recipe = read_recipe(path)
    assert all(catalog().find_dataset(spec.name) for spec in recipe.sets)
    assert on_hub(recipe.checkpoint) is not None
    assert all(accumulation(recipe, devices) for devices in (1, 2, 4, 8))
    assert recipe.source
    assert not recipe.selection.allow_leaks
    assert recipe.selection.holdout


def test_the_names_of_files_and_recipes_agree() -> None:
    assert {*PAPER} <= {path.stem for path in RECIPE_FILES}
    assert all(path.stem.startswith(read_recipe(path).name) for path in RECIPE_FILES)


@pytest.mark.parametrize("name", PAPER)
def test_the_recipes_of_the_paper(name: str) -> None:
    recipe = read(name)
    assert (recipe.epochs, recipe.batch_size, [spec.name for spec in recipe.sets]) == (
        PAPER[name],
        256,
        ["Pile-NER-type"],
    )
    assert recipe.lora is None
    if "llama" in name:
        assert (recipe.schedule, recipe.warmup_ratio, recipe.learning_rate) == ("cosine", 0.04, 2e-5)
        assert recipe.max_total_tokens == 1280
    else:
        assert (recipe.schedule, recipe.warmup_ratio, recipe.learning_rate) == ("constant", 0.0, 5e-5)
        assert (recipe.max_input_tokens, recipe.max_new_tokens) == (640, 640)


@pytest.mark.parametrize("name", ["gner-t5-base-supervised", "gner-llama-7b-supervised"])
def test_the_supervised_recipes_take_ten_thousand_sentences_of_each_set(name: str) -> None:
    recipe = read(name)
    assert {spec.name for spec in recipe.sets} == {entry.name for entry in catalog().group("supervised")}
    assert all(spec.limit == 10_000 for spec in recipe.sets)
    assert recipe.test == ("supervised",)
    assert catalog().find_model(recipe.checkpoint) is not None


@pytest.mark.parametrize(
    ("file", "kind"),
    [
        ("multi-gpu", "MULTI_GPU"),
        ("fsdp-t5", "FSDP"),
        ("fsdp-llama", "FSDP"),
        ("deepspeed-zero2", "DEEPSPEED"),
        ("deepspeed-zero3", "DEEPSPEED"),
    ],
)
def test_accelerate_reads_the_launch_configurations(file: str, kind: str) -> None:
    config = load_config_from_file(str(RECIPES / f"accelerate/{file}.yaml"))
    assert config.distributed_type == kind
    if kind == "FSDP":
        assert config.fsdp_config["fsdp_state_dict_type"] == "FULL_STATE_DICT"
    if kind == "DEEPSPEED":
        named = RECIPES.parent / config.deepspeed_config["deepspeed_config_file"]
        assert HfDeepSpeedConfig(str(named)).is_zero3() == ("3" in file)


def test_deepspeed_leaves_the_batch_to_the_recipe_and_saves_whole_weights() -> None:
    for stage in (2, 3):
        found = json.loads((RECIPES / f"deepspeed/zero{stage}.json").read_text(encoding="utf-8"))
        assert found["zero_optimization"]["stage"] == stage
        assert {found[key] for key in ("train_batch_size", "gradient_accumulation_steps", "gradient_clipping")} == {
            "auto"
        }
    assert found["zero_optimization"]["stage3_gather_16bit_weights_on_model_save"] is True


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("learning_rate = 0", "learning_rate: must be above 0"),
        ("warmup_ratio = 1.0", "warmup_ratio: must be from 0 to below 1"),
        ("steps = -1", "steps: must be 0"),
        ("selection.holdout = 1", "selection.holdout: must be 0, or at least 2"),
        ("lora.r = 0", "lora.r: must be at least 1"),
        ("epochs = 0", "epochs: neither epochs nor steps"),
        ("batchsize = 4", "batchsize: unknown key; did you mean 'batch_size'"),
        ('target = "ful"', "target: 'ful': expected"),
        ('schedule = "linea"', "schedule: unknown value 'linea'; did you mean 'linear'"),
    ],
)
def test_what_a_recipe_cannot_mean_is_refused_by_key(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "r.toml"
    path.write_text(f'name = "r"\ncheckpoint = "c"\n{line}\n[[sets]]\nname = "films"\n', encoding="utf-8")
    with pytest.raises(InputError) as refused:
        read_recipe(path)
    assert str(refused.value).startswith(f"{path}: {message}")


def test_a_recipe_is_named_or_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert recipe_file(Path("gner-t5-base")) == RECIPES / "gner-t5-base.toml"
    monkeypatch.chdir(tmp_path)
    for own in (Path("mine.toml"), Path("folder/mine"), Path("gner-t5-xl")):
        own.parent.mkdir(exist_ok=True)
        own.write_text("", encoding="utf-8")
        assert recipe_file(own) == own
    with pytest.raises(UsageError, match=r"^gner-t5-bse: is no file and no recipe of the package; did you"):
        recipe_file(Path("gner-t5-bse"))
