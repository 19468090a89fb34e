"""Whole trainings of tiny checkpoints: what comes out, what is logged, what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSeq2SeqLM

from gner_bench.cli import main
from gner_bench.errors import GnerBenchError, UsageError
from gner_bench.predict.checkpoint import load_checkpoint
from gner_bench.train.batches import Collator
from gner_bench.train.prepare import Request, prepare
from gner_bench.train.recipe import read_recipe
from gner_bench.train.start import load_plain

from .folders import FILES, LORA, forward, log, read, without_dropout

pytestmark = pytest.mark.usefixtures("short_outputs")
FineTuned = Callable[..., Path]


@pytest.mark.parametrize(
    ("family", "lora"), [("t5", None), ("llama", None), ("t5", LORA["t5"]), ("llama", LORA["llama"])]
)
def test_what_is_saved_loads_to_the_logits_that_were_evaluated(
    request: pytest.FixtureRequest, fine_tuned: FineTuned, logits: list[torch.Tensor], family: str, lora: Any
) -> None:
    start: Path = request.getfixturevalue(f"tiny_{family}")
    out = fine_tuned(checkpoint=str(start), lora=lora)
    loader = AutoModelForSeq2SeqLM if family == "t5" else AutoModelForCausalLM
    best = read(out / "run.json")["best"]["step"] // 2 - 1
    for loaded in (loader.from_pretrained(out), load_checkpoint(str(out), device="cpu").model):
        assert torch.allclose(forward(loaded), logits[best], atol=1e-6 if lora else 0)
    moved = (forward(loader.from_pretrained(start, dtype=torch.float32)) - logits[best]).abs().max()
    assert moved > 1e-4


def test_the_result_is_a_checkpoint_folder_as_it_started(
    fine_tuned: FineTuned, tiny_t5: Path, run_predict: Callable[..., Any]
) -> None:
    out = fine_tuned()
    assert {path.name for path in out.iterdir()} == FILES
    before, after = read(tiny_t5 / "config.json"), read(out / "config.json")
    assert after == before | {"dtype": "float32"}
    assert after["tie_word_embeddings"] is False
    assert (out / "tokenizer.json").read_bytes() == (tiny_t5 / "tokenizer.json").read_bytes()
    facts = read(out / "training.json")
    assert (facts["name"], facts["target"]) == ("mine", "full+bio")
    assert list(facts["training_sets"]) == ["news", "films/train"]
    assert load_checkpoint(str(out), device="cpu").training_sets == ("news", "films/train")
    assert run_predict(out).exists()


@pytest.fixture
def run_predict(films: Path, tmp_path: Path) -> Callable[[Path], Path]:
    """Predicts one sentence with a checkpoint folder, by the command."""
    from click.testing import CliRunner

    def predict(folder: Path) -> Path:
        arguments = ["predict", "--model", str(folder), "--data", str(films), "--limit", "1"]
        result = CliRunner().invoke(main, [*arguments, "--out", str(tmp_path / "run")])
        assert result.exit_code == 0, result.output
        return tmp_path / "run/predictions.jsonl"

    return predict


def test_run_json_says_what_was_trained_on(fine_tuned: FineTuned, tiny_t5: Path) -> None:
    told: list[str] = []
    document = read(fine_tuned(told=told) / "run.json")
    assert (document["status"], document["seed"], document["steps"]) == ("done", 42, 4)
    assert document["checkpoint"] == {"source": str(tiny_t5), "revision": None, "training_sets": ["news"]}
    assert len(document["started_from"]["model.safetensors"]) == 64
    assert document["examples"] == {"trained_on": 14, "prompts": 0, "answers": 0, "dropped": 0}
    assert document["data"]["training"]["films/train"]["sentences"] == 14
    assert len(document["data"]["selection"]["films/train-heldout"]["content_hash"]) == 64
    assert document["data"]["training_in_test"] == [
        {"data": "films/train", "test": "films", "sentences": ["0"], "total": 14}
    ]
    assert told == ["1 of 14 sentences of films/train are in films/test"]
    session = document["sessions"][0]
    assert (session["from_step"], session["processes"]) == (0, 1)
    assert session["seconds"] > 0
    assert {"torch", "transformers", "accelerate"} <= set(document["versions"])


def test_the_log_holds_every_update_and_evaluation(fine_tuned: FineTuned) -> None:
    out = fine_tuned(schedule="linear", warmup_ratio=0.5)
    assert [step for step, _ in log(out, "loss")] == [1, 2, 3, 4]
    assert [step for step, _ in log(out, "eval_f1")] == [2, 4]
    assert [round(rate, 6) for _, rate in log(out, "learning_rate")] == [0.0, 0.005, 0.01, 0.005]


def test_the_loss_falls(fine_tuned: FineTuned) -> None:
    losses = [loss for _, loss in log(fine_tuned(steps=12, selection={"holdout": 10, "every_steps": 12}), "loss")]
    assert losses[-1] < 0.9 * losses[0]


@pytest.mark.parametrize("family", ["t5", "llama"])
def test_the_loss_is_the_mean_over_the_answer_tokens_of_a_batch(
    request: pytest.FixtureRequest,
    fine_tuned: FineTuned,
    films: Path,
    recipe_file: Callable[..., Path],
    family: str,
    tmp_path: Path,
) -> None:
    """As the model itself finds it for the whole batch; the training takes five sentences at a time, and fillers."""
    start = without_dropout(request.getfixturevalue(f"tiny_{family}"), tmp_path / "start")
    settings = {"checkpoint": str(start), "steps": 1, "batch_size": 20, "device_batch_size": 5}
    path = recipe_file(**settings)
    prepared = prepare(read_recipe(path), Request(path, films, tmp_path), lambda _: None)
    model = load_plain(prepared.start, prepared.recipe).eval()
    with torch.no_grad():
        expected = model(**Collator(prepared.start)(prepared.examples)).loss.item()
    assert log(fine_tuned(**settings), "loss") == [(1, pytest.approx(expected, abs=1e-5))]


def test_the_division_of_a_batch_changes_no_loss(fine_tuned: FineTuned, tiny_llama: Path) -> None:
    runs = [
        fine_tuned(out, checkpoint=str(tiny_llama), device_batch_size=size, gradient_checkpointing=size == 1)
        for out, size in (("a", 4), ("b", 1))
    ]
    first, second = ([loss for _, loss in log(out, "loss")] for out in runs)
    assert first == pytest.approx(second, abs=1e-5)


def test_the_best_checkpoint_is_kept_and_patience_ends_the_training(
    fine_tuned: FineTuned, f1_of_evaluations: Callable[..., None], logits: list[torch.Tensor]
) -> None:
    f1_of_evaluations(0.1, 0.5, 0.5, 0.3)
    out = fine_tuned(steps=20, selection={"holdout": 10, "every_steps": 1, "patience": 2})
    assert [f1 for _, f1 in log(out, "eval_f1")] == [0.1, 0.5, 0.5, 0.3]
    document = read(out / "run.json")
    assert document["best"] == {"step": 2, "f1": 0.5}
    assert document["steps"] == 4
    assert torch.equal(forward(AutoModelForSeq2SeqLM.from_pretrained(out)), logits[1])


def test_without_selection_data_the_last_weights_are_the_result(fine_tuned: FineTuned) -> None:
    out = fine_tuned(selection=None)
    assert {path.name for path in out.iterdir()} == FILES - {"selection_scores.json"}
    assert read(out / "run.json")["best"] is None
    assert "after the last update" in (out / "README.md").read_text(encoding="utf-8")


def test_a_loss_that_is_no_number_ends_the_training(fine_tuned: FineTuned) -> None:
    with pytest.raises(GnerBenchError, match="the loss of step 2 is not a number"):
        fine_tuned(learning_rate=1e30, max_grad_norm=0.0)


def test_selecting_on_test_sentences_is_refused_before_anything_is_written(
    fine_tuned: FineTuned, tmp_path: Path, films: Path
) -> None:
    (films / "films/dev.txt").write_text((films / "films/test.txt").read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.raises(UsageError, match="selecting on test sentences: 2 of 2 sentences of films/dev"):
        fine_tuned(selection={"dev": ["films"]})
    assert not (tmp_path / "out").exists()
    card = fine_tuned(selection={"dev": ["films"], "allow_leaks": True}) / "README.md"
    assert "**selected on test sentences**, as the recipe allows: 2 of 2" in card.read_text(encoding="utf-8")


@pytest.mark.parametrize("family", ["t5", "llama"])
def test_adapters_train_with_gradient_checkpointing_in_16_bits(
    request: pytest.FixtureRequest, fine_tuned: FineTuned, family: str
) -> None:
    start = str(request.getfixturevalue(f"tiny_{family}"))
    selection = {"holdout": 10, "every_steps": 20}
    settings = {"precision": "bf16", "gradient_checkpointing": True, "steps": 20, "learning_rate": 0.05}
    out = fine_tuned(checkpoint=start, lora=LORA[family], selection=selection, **settings)
    losses = [loss for _, loss in log(out, "loss")]
    assert sum(losses[-5:]) < sum(losses[:5]) - 0.02
    assert read(out / "config.json")["dtype"] == "bfloat16"
    assert AutoConfig.from_pretrained(out).dtype == torch.bfloat16


@pytest.mark.parametrize("target", ["entities", "full+bioes"])
def test_other_targets_are_trained_and_scored(fine_tuned: FineTuned, target: str) -> None:
    out = fine_tuned(target=target, steps=2)
    assert read(out / "training.json")["target"] == target
    assert f"match:hierarchical-1/{target}" in (out / "README.md").read_text(encoding="utf-8")


def test_lora_on_layers_that_are_not_there_is_refused(fine_tuned: FineTuned) -> None:
    with pytest.raises(UsageError, match=r"lora.modules: the model has no layer 'q_proj'; known: k, lm_head, o, q, v"):
        fine_tuned(lora={"modules": ["q_proj"]})
