from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from gner_tiny.model import export
from gner_tiny.tokenizer import train_tokenizer
from tokenizers import Tokenizer, processors
from transformers import LlamaConfig, LlamaForCausalLM, T5Config, T5ForConditionalGeneration

from gner_bench.predict.checkpoint import Checkpoint
from gner_bench.scoring.scores import Scores
from gner_bench.train import trainer as trainers
from gner_bench.train.fine_tune import fine_tune
from gner_bench.train.prepare import Request
from gner_bench.train.trainer import FineTuneTrainer

from .folders import SHORT, forward

TOKENIZER = train_tokenizer([" did george clooney make a musical", "actor", "genre"] * 3, 320)
RECIPE: dict[str, Any] = {
    "name": "mine",
    "steps": 4,
    "batch_size": 4,
    "device_batch_size": 2,
    "learning_rate": 1e-2,
    "precision": "fp32",
    "test": ["films"],
    "sets": [{"name": "films"}],
    "selection": {"holdout": 10, "every_steps": 2},
}


def _untied(config: T5Config) -> T5ForConditionalGeneration:
    """As Flan-T5 and GNER-T5 are: an output layer of its own, and outputs that are not scaled."""
    model = T5ForConditionalGeneration(config)
    model.lm_head.weight = torch.nn.Parameter(torch.randn_like(model.lm_head.weight))
    model.config.tie_word_embeddings = False
    model.all_tied_weights_keys.pop("lm_head.weight")
    return model


@pytest.fixture(scope="session")
def tiny_t5(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A T5 with random weights and dropout, its configuration written as transformers 4 wrote it."""
    folder = tmp_path_factory.mktemp("start") / "tiny-t5"
    torch.manual_seed(0)
    config = T5Config(
        vocab_size=TOKENIZER.get_vocab_size(),
        d_model=16,
        d_kv=8,
        d_ff=16,
        num_layers=1,
        num_heads=2,
        pad_token_id=0,
        eos_token_id=1,
        decoder_start_token_id=0,
        feed_forward_proj="gated-gelu",
    )
    export(_untied(config), TOKENIZER, folder, {"name": "tiny", "training_sets": ["news"]})
    written = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    del written["scale_decoder_outputs"]
    (folder / "config.json").write_text(json.dumps({**written, "tie_word_embeddings": False}), encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def tiny_llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A LLaMA with random weights, whose tokenizer adds no end token, as LLaMA's own."""
    folder = tmp_path_factory.mktemp("start") / "tiny-llama"
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=TOKENIZER.get_vocab_size(),
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        max_position_embeddings=2048,
        bos_token_id=None,
        eos_token_id=1,
    )
    tokenizer = Tokenizer.from_str(TOKENIZER.to_str())
    tokenizer.post_processor = processors.TemplateProcessing(single="$A")
    export(LlamaForCausalLM(config), tokenizer, folder, {"name": "tiny"})  # type: ignore[arg-type]
    return folder


@pytest.fixture
def films(tmp_path: Path) -> Path:
    """A data root with one set: 15 sentences of three to seven words, the first of which is in its test split."""
    folder = tmp_path / "data/films"
    folder.mkdir(parents=True)
    (folder / "label.txt").write_text("actor\ngenre\n", encoding="utf-8")
    sentences = [[f"w{i}", *["hi"] * (i % 5), "ann", "lee"] for i in range(15)]
    for split, chosen in (("train", sentences), ("test", [sentences[0], ["z", "ann", "lee"]])):
        tagged = [[*("O" for _ in words[:-2]), "B-actor", "I-actor"] for words in chosen]
        pairs = (zip(words, tags, strict=True) for words, tags in zip(chosen, tagged, strict=True))
        text = "".join("".join(f"{word}\t{tag}\n" for word, tag in pair) + "\n" for pair in pairs)
        (folder / f"{split}.txt").write_text(text, encoding="utf-8")
    return tmp_path / "data"


def toml(table: dict[str, Any], name: str = "") -> str:
    """A TOML document of plain values, tables and arrays of tables."""
    plain = [f"{key} = {json.dumps(value)}" for key, value in table.items() if not _is_table(value)]
    text = "\n".join(plain) + "\n"
    for key, value in table.items():
        path = f"{name}.{key}" if name else key
        if isinstance(value, dict):
            text += f"[{path}]\n{toml(value, path)}"
        elif _is_table(value):
            text += "".join(f"[[{path}]]\n{toml(each, path)}" for each in value)
    return text


def _is_table(value: Any) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and bool(value) and isinstance(value[0], dict))


@pytest.fixture
def short_outputs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lowers the length limits of evaluations."""
    monkeypatch.setattr(Checkpoint, "family", SHORT)


RecipeFile = Callable[..., Path]
FineTuned = Callable[..., Path]


@pytest.fixture
def recipe_file(tmp_path: Path, tiny_t5: Path) -> RecipeFile:
    """Writes a recipe that fine-tunes the tiny T5; keywords replace its keys, None leaves one out."""

    def write(**changes: Any) -> Path:
        table = {"checkpoint": str(tiny_t5), **RECIPE, **changes}
        path = tmp_path / "recipe.toml"
        path.write_text(toml({key: value for key, value in table.items() if value is not None}), encoding="utf-8")
        return path

    return write


@pytest.fixture
def fine_tuned(tmp_path: Path, films: Path, recipe_file: RecipeFile) -> FineTuned:
    """Fine-tunes into the folder ``out`` as a recipe with these changes says."""

    def run(out: str = "out", told: list[str] | None = None, **changes: Any) -> Path:
        heard: list[str] = [] if told is None else told
        return fine_tune(Request(recipe_file(**changes), films, tmp_path / out), heard.append)

    return run


@pytest.fixture
def logits(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[torch.Tensor]]:
    """The logits of the model in training for fixed tokens, at each evaluation."""
    found: list[torch.Tensor] = []
    scores = FineTuneTrainer._scores

    def watched(self: FineTuneTrainer) -> Any:
        with trainers.decodable(self.model) as model:
            found.append(forward(model))
        return scores(self)

    monkeypatch.setattr(FineTuneTrainer, "_scores", watched)
    return found


@pytest.fixture
def f1_of_evaluations(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Lets evaluations have these mean F1, one after another."""

    def give(*values: float) -> None:
        remaining = iter(values)
        monkeypatch.setattr(Scores, "f1", property(lambda _: next(remaining)))

    return give
