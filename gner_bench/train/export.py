"""A trained model as a checkpoint folder that ``transformers`` and ``predict`` read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from transformers import PreTrainedTokenizerFast, T5ForConditionalGeneration

from gner_bench.files import write_json
from gner_bench.train.tokenizer import END, PAD, UNKNOWN


def export(model: T5ForConditionalGeneration, tokenizer: Tokenizer, out: Path, facts: dict[str, Any]) -> None:
    """Write bf16 weights, configuration and tokenizer to ``out``, and last ``facts`` as training.json."""
    narrow: Any = model.to(torch.bfloat16)  # type: ignore[arg-type]
    narrow.save_pretrained(out)
    PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer,
        pad_token=PAD,
        eos_token=END,
        unk_token=UNKNOWN,
        clean_up_tokenization_spaces=False,
    ).save_pretrained(out)
    write_json(out / "training.json", facts)
