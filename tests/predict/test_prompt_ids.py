from __future__ import annotations

import json
from pathlib import Path

from transformers import AutoTokenizer


def test_real_prompts_get_the_token_ids_that_the_public_checkpoints_saw(shared: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(shared / "tokenizers/t5")
    lines = (shared / "predictions/gner-t5-base.dev700.jsonl").read_text(encoding="utf-8").splitlines()
    for record in map(json.loads, lines):
        assert tokenizer(record["instance"]["instruction_inputs"])["input_ids"] == record["input_ids"]
