from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from gner_tiny.model import export
from gner_tiny.tokenizer import train_tokenizer
from transformers import T5Config, T5ForConditionalGeneration

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
