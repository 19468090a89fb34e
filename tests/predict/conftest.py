from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from gner_tiny.model import export
from gner_tiny.tokenizer import train_tokenizer
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
    T5Config,
    T5ForConditionalGeneration,
)

from gner_bench.answers import ANSWERS, AnswerFormat, Question, answer_format
from gner_bench.catalog import catalog
from gner_bench.predict.checkpoint import Checkpoint

CORPUS = """\
did	O
george	B-actor
clooney	I-actor
make	O
a	O
musical	B-genre

hi	O

show	O
me	O
penélope	B-actor
cruz	I-actor
"""


@pytest.fixture(scope="session")
def tiny_t5(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A T5 checkpoint with random weights, which writes nonsense up to the limit."""
    folder = tmp_path_factory.mktemp("tiny-t5")
    tokenizer = train_tokenizer([" did george clooney make a musical", "actor", "genre"] * 3, 320)
    torch.manual_seed(0)
    config = T5Config(
        vocab_size=tokenizer.get_vocab_size(),
        d_model=16,
        d_kv=8,
        d_ff=16,
        num_layers=1,
        num_heads=2,
        pad_token_id=0,
        eos_token_id=1,
        decoder_start_token_id=0,
    )
    export(T5ForConditionalGeneration(config), tokenizer, folder, {"name": "tiny", "note": "random"})
    return folder


@pytest.fixture(scope="session")
def tiny_llama(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A LLaMA checkpoint with random weights and the real SentencePiece model."""
    folder = tmp_path_factory.mktemp("tiny-llama")
    torch.manual_seed(0)
    config = LlamaConfig(
        hidden_size=16, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2, max_position_embeddings=2048
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    shutil.copyfile(shared / "tokenizers/llama/tokenizer.model", folder / "tokenizer.model")
    (folder / "tokenizer_config.json").write_text('{"tokenizer_class": "LlamaTokenizer"}', encoding="utf-8")
    return folder


CHAT = (
    "{{ bos_token }}{% for message in messages %}<|{{ message.role }}|>{{ message.content }}{{ eos_token }}{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
SIZES: dict[str, Any] = {
    "hidden_size": 32,
    "intermediate_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 512,
    "initializer_range": 0.5,
}
Build = Callable[..., Path]


@pytest.fixture(scope="session")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Builds a decoder-only checkpoint with random weights and a chat template, as public general models have them."""
    raw = train_tokenizer([" did george clooney make a musical", "actor", "genre"] * 3, 320)
    special = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>"}

    def built(kind: str = "qwen2", template: str | None = CHAT, **sizes: Any) -> Path:
        folder = tmp_path_factory.mktemp(kind)
        tokenizer = PreTrainedTokenizerFast(tokenizer_object=raw, chat_template=template, **special)  # type: ignore[no-untyped-call]
        torch.manual_seed(0)
        ids = {"vocab_size": len(tokenizer), "eos_token_id": tokenizer.eos_token_id, "bos_token_id": None}
        model = AutoModelForCausalLM.from_config(AutoConfig.for_model(kind, **{**SIZES, **ids, **sizes}))
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        return folder

    return built


@pytest.fixture(scope="session")
def tiny_qwen(build: Build) -> Path:
    return build()


def per_type(question: Question) -> list[str]:
    """A question for each type, as UniversalNER asks; what is asked about comes first."""
    return [f"Text: {' '.join(question.words)}\nWhat describes {kind} in the text?" for kind in question.types]


@pytest.fixture
def each_type(monkeypatch: pytest.MonkeyPatch) -> AnswerFormat:
    """An answer format with several asks a sentence, registered under its name."""
    format = replace(answer_format("uniner"), name="each-type", ask=per_type, wrapping=None, max_new_tokens=9)
    monkeypatch.setitem(ANSWERS._loaded, format.name, format)
    return format


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Two data sets of three short sentences."""
    for name in ("mit-movie", "other"):
        folder = tmp_path / "data" / name
        folder.mkdir(parents=True)
        (folder / "label.txt").write_text("actor\ngenre\n", encoding="utf-8")
        (folder / "test.txt").write_text(CORPUS, encoding="utf-8")
    return tmp_path / "data"


@pytest.fixture
def short_outputs(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Lowers the length limits of both families."""

    def limit(tokens: int) -> None:
        limits: dict[str, Any] = {"t5": {"max_new_tokens": tokens}, "llama": {"max_total_tokens": tokens}}
        families = {family.name: replace(family, **limits[family.name]) for family in catalog().family}
        monkeypatch.setattr(
            Checkpoint, "family", property(lambda self: families["t5" if self.encoder_decoder else "llama"])
        )

    return limit
