"""Decoding and scoring a model in training."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from gner_bench.answers.gner import GNER, parse_target
from gner_bench.data import Dataset, Sentence
from gner_bench.predict.folder import CheckpointFolder
from gner_bench.predict.generation import Generation
from gner_bench.train.recipe import Lora, Recipe, TrainingSet
from gner_bench.train.start import load_trainable, read_start
from gner_bench.train.trainer import Evaluator, decodable, evaluator

RECIPE = Recipe("r", "c", (TrainingSet("films"),), precision="fp32")
SENTENCES = (
    Sentence("0", ("did", "ann", "lee", "sing"), ("O", "B-actor", "I-actor", "O")),
    Sentence("1", ("ann", "lee", "bob"), ("B-actor", "I-actor", "B-genre")),
    Sentence("2", ("so", "it", "goes"), ("O", "O", "O")),
)
FILMS = Dataset("films", "dev", ("actor", "genre"), SENTENCES)


def evaluator_of(start: CheckpointFolder, target: str = "full+bio") -> Evaluator:
    return evaluator(replace(RECIPE, target=target), start, [FILMS])


@pytest.mark.parametrize("target", ["entities", "context:1", "full", "full+bio", "full+bioes"])
def test_a_perfect_output_of_every_target_scores_one(tiny_t5: Path, target: str) -> None:
    found = evaluator_of(read_start(str(tiny_t5)), target)
    texts = {t.key: parse_target(target).perfect(t.sentence.words, t.sentence.tags) for t in found.tasks}
    scores = found.score({key: Generation(text, 1, "stop") for key, text in texts.items()})
    assert scores.f1 == pytest.approx(1, abs=1e-9)
    assert scores.origin.structuring == ("hierarchical-1" if target == "full+bio" else f"hierarchical-1/{target}")


def test_the_mean_is_over_sets_and_sets_of_one_name_are_told_apart(tiny_t5: Path) -> None:
    found = evaluator(RECIPE, read_start(str(tiny_t5)), [FILMS, replace(FILMS, split="train-heldout")])
    right = {task.key: GNER.perfect(task.sentence.words, task.sentence.tags) for task in found.tasks}
    texts = {key: text if "heldout" in key[1] else "nothing(O)" for key, text in right.items()}
    scores = found.score({key: Generation(text, 1, "stop") for key, text in texts.items()})
    assert {name: round(part.f1, 6) for name, part in scores.sets.items()} == {"films/dev": 0, "films/train-heldout": 1}
    assert scores.f1 == pytest.approx(0.5, abs=1e-9)


@pytest.mark.parametrize("checkpoint", ["tiny_t5", "tiny_llama"])
@pytest.mark.parametrize("target", ["full+bio", "full"])
def test_decoding_leaves_the_model_as_it_was(
    request: pytest.FixtureRequest, checkpoint: str, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = read_start(str(request.getfixturevalue(checkpoint)))
    recipe = replace(RECIPE, target=target)
    model = load_trainable(start, recipe).train()
    storages = {name: each.data_ptr() for name, each in model.named_parameters()}
    settings, state = model.generation_config, torch.random.get_rng_state()
    with decodable(model) as inner:
        assert not inner.training
        torch.rand(1)
        generations = evaluator(recipe, start, [FILMS]).decode(inner)
    assert set(generations) == {("films", "dev", id) for id in "012"}
    assert model.training
    assert {name: each.data_ptr() for name, each in model.named_parameters()} == storages
    assert model.generation_config is settings
    assert torch.equal(torch.random.get_rng_state(), state)


@pytest.mark.parametrize(
    ("checkpoint", "modules"), [("tiny_t5", ("q", "v", "wi_0")), ("tiny_llama", ("q_proj", "down_proj"))]
)
def test_adapters_are_decoded_with_and_taken_out_again(
    request: pytest.FixtureRequest, checkpoint: str, modules: tuple[str, ...]
) -> None:
    start = read_start(str(request.getfixturevalue(checkpoint)))
    model = load_trainable(start, replace(RECIPE, lora=Lora(r=2, modules=modules))).eval()
    for name, each in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(each)
    before = {name: each.detach().clone() for name, each in model.named_parameters()}
    found, merged = evaluator_of(start), deepcopy(model).merge_and_unload()
    with model.disable_adapter():
        without = found.decode(deepcopy(model.get_base_model()))
    with decodable(model) as inner:
        generations = found.decode(inner)
    assert generations == found.decode(merged)
    assert generations != without
    assert all(torch.equal(each, before[name]) for name, each in model.named_parameters())
    ids = {"input_ids": torch.tensor([[5, 6, 7]])}
    ids |= {"decoder_input_ids": torch.tensor([[0, 8]])} if start.encoder_decoder else {}
    with torch.no_grad():
        assert torch.allclose(model(**ids).logits, merged(**ids).logits, atol=1e-5)


@pytest.mark.parametrize("checkpoint", ["tiny_t5", "tiny_llama"])
def test_an_output_layer_of_its_own_is_never_tied(request: pytest.FixtureRequest, checkpoint: str) -> None:
    model = load_trainable(read_start(str(request.getfixturevalue(checkpoint))), RECIPE)
    head = model.lm_head.weight.detach().clone()
    model.tie_weights()
    assert torch.equal(model.lm_head.weight, head)
    assert not torch.equal(model.get_input_embeddings().weight, head)
