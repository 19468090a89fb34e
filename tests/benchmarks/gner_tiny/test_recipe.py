from __future__ import annotations

from pathlib import Path

import pytest
from gner_tiny.recipe import read_recipe

from gner_bench.answers.gner import parse_target
from gner_bench.errors import InputError

ROOT = Path(__file__).parents[3]
RECIPE = ROOT / "benchmarks/gner_tiny/recipe.toml"


def test_the_committed_recipe_reads_and_protects_every_test_set() -> None:
    recipe = read_recipe(RECIPE)
    assert recipe.name == "gner-tiny"
    assert "supervised" in recipe.note
    assert len(recipe.protected) == 7
    assert all("test" in splits.split("+") for splits in recipe.protected.values())
    assert not any(s.split == "test" or (s.name in recipe.protected and s.split != "train") for s in recipe.sets)
    assert recipe.steps == sum(stage.steps for stage in recipe.stages)


def test_the_ablation_protects_all_that_it_evaluates_and_knows_the_brackets_of_all_targets() -> None:
    recipe = read_recipe(ROOT / "benchmarks/gner_tiny/ablation.toml")
    seven = read_recipe(RECIPE).protected
    assert all("test" in recipe.protected[name].split("+") for name in [*seven, *(s.name for s in recipe.sets)])
    assert not {training_set.name for training_set in recipe.sets} & set(seven)
    assert {parse_target(name).scheme for name in ("entities", "full+bio", "full+bioes")} == set(recipe.schemes)
    assert [list(stage.mix) == ["copy"] for stage in recipe.stages] == [True, False]
    assert "copy" not in recipe.stages[1].mix


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("seed = 0", "sed = 0", "sed: unknown key; did you mean 'seed'"),
        ("seed = 0", "", "seed: is missing"),
        ("d_model = 256", 'd_model = "256"', "model.d_model: expected int, found '256'"),
        ('name = "MultiNERD"', 'nam = "MultiNERD"', r"sets\[8\].nam: unknown key"),
        ("mit-movie = 0.18", "mit-movies = 0.18", "unknown set 'mit-movies'; did you mean 'mit-movie'"),
        ("adafactor", "adam", "optimizer: unknown value 'adam'; did you mean 'adamw'"),
        ("seed = 0", 'seed = 0\ntarget = "bio"', "target: 'bio': expected entities, full, "),
        ("seed = 0", 'seed = 0\nschemes = ["plain"]', "schemes: the target full[+]bio is written in bio"),
        ("seed = 0", 'seed = 0\nschemes = ["bilou"]', "schemes.*'bilou'"),
        ("seed = 0", "seed = 1", "tokenizer: there is no file .*tokenizer.json"),
    ],
)
def test_a_wrong_key_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text(RECIPE.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError, match=message):
        read_recipe(path)
