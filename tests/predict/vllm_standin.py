"""Stands for vLLM 0.33.0, which cannot run here: names and arguments of its source that are used, and no others.

Answers are those of a checkpoint on this machine, one prompt at a time. With a custom proposer its drafts are checked
as vLLM's worker checks them: rows of token ids, of which the proposer sees no more than ``propose`` is given.
"""

from __future__ import annotations

import sys
from collections.abc import Container
from dataclasses import dataclass, replace
from importlib import import_module
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from gner_bench.predict.checkpoint import load_checkpoint
from gner_bench.predict.decode.batched import use_protocol_settings

METHODS = ("custom_class",)


@dataclass(kw_only=True)
class StructuredOutputsParams:
    json: Any = None
    regex: str | None = None
    choice: list[str] | None = None
    grammar: str | None = None


@dataclass(kw_only=True)
class SamplingParams:
    temperature: float = 1.0
    max_tokens: int | None = 16
    stop: str | list[str] | None = None
    stop_token_ids: list[int] | None = None
    structured_outputs: StructuredOutputsParams | None = None


@dataclass
class LoRARequest:
    lora_name: str
    lora_int_id: int
    lora_path: str = ""


@dataclass(kw_only=True)
class CompletionOutput:
    index: int
    text: str
    token_ids: list[int]
    finish_reason: str | None
    stop_reason: int | str | None


class LLM:
    """``asked`` keeps the arguments of engines and calls; ``methods`` are those of speculative decoding it takes."""

    asked: list[dict[str, Any]]
    methods: tuple[str, ...]
    passes: int

    def __init__(
        self,
        model: str,
        *,
        tokenizer: str | None = None,
        trust_remote_code: bool = False,
        tensor_parallel_size: int = 1,
        dtype: str = "auto",
        seed: int = 0,
        load_format: str = "auto",
        max_model_len: int | None = None,
        enable_prefix_caching: bool | None = None,
        enable_lora: bool = False,
        max_lora_rank: int = 16,
        speculative_config: dict[str, Any] | None = None,
    ) -> None:
        type(self).asked.append({name: value for name, value in locals().items() if name != "self"})
        method = (speculative_config or {}).get("method")
        if method is not None and method not in type(self).methods:
            raise ValueError(f"1 validation error for SpeculativeConfig\nmethod: no {method}")
        self.checkpoint = replace(load_checkpoint(model, "fp32", "cpu"), format="list", wrapping="plain")
        use_protocol_settings(self.checkpoint)
        self.proposer = None
        if method == "custom_class":
            assert speculative_config is not None
            module, _, name = speculative_config["model"].rpartition(".")
            config = SimpleNamespace(
                model_config=SimpleNamespace(model=model, max_model_len=max_model_len),
                speculative_config=SimpleNamespace(**speculative_config),
            )
            self.proposer = getattr(import_module(module), name)(config)

    def generate(
        self,
        prompts: list[dict[str, list[int]]],
        sampling_params: list[SamplingParams],
        *,
        use_tqdm: bool = True,
        lora_request: LoRARequest | None = None,
    ) -> list[Any]:
        assert len(prompts) == len(sampling_params)
        type(self).asked.append({"sampling": sampling_params, "lora": lora_request, "prompts": len(prompts)})
        return [self._answer(*pair) for pair in zip(prompts, sampling_params, strict=True)]

    def _answer(self, prompt: dict[str, list[int]], sampling: SamplingParams) -> Any:
        (ids,) = prompt.values()
        assert list(prompt) == ["prompt_token_ids"]
        assert sampling.temperature == 0
        checkpoint = replace(self.checkpoint, max_new_tokens=sampling.max_tokens)
        output = checkpoint.model.generate(input_ids=torch.tensor([ids]), max_new_tokens=sampling.max_tokens)
        tokens = output[0, len(ids) :].tolist()
        stopped = tokens[-1] in checkpoint.end_tokens
        text, stop = checkpoint.text(tokens), None
        for mark in sampling.stop or ():
            if mark in text:
                text, stop, stopped = text.partition(mark)[0], mark, True
        reason = "stop" if stopped else "length"
        answer = CompletionOutput(index=0, text=text, token_ids=tokens, finish_reason=reason, stop_reason=stop)
        return SimpleNamespace(outputs=[answer], prompt_token_ids=ids)


def speculate(
    proposer: Any, prompts: list[list[int]], outputs: list[list[int]], rows: int = 2, skipped: Container[int] = ()
) -> int:
    """Let a model that writes ``outputs`` after ``prompts`` check what is proposed; returns the number of passes.

    As in vLLM, a request that ends gives its row to the last one, and every draft is checked up to its first mistake.
    After the ``skipped`` passes nobody is asked for drafts.
    """
    waiting, passes = list(zip(prompts, outputs, strict=True)), 0
    batch: list[tuple[list[int], list[int], int, list[int]]] = []  # prompt, output, tokens written, draft
    while waiting or batch:
        while waiting and len(batch) < rows:
            batch.append((*waiting.pop(0), 0, []))
        passes += 1
        sampled = []
        for row, (prompt, output, written, draft) in enumerate(batch):
            kept = 0
            while kept < len(draft) and draft[kept] == output[written + kept] and written + kept + 1 < len(output):
                kept += 1
            sampled.append(output[written : written + kept + 1])
            batch[row] = (prompt, output, written + kept + 1, draft)
        longest = max(len(prompt) + len(output) for prompt, output, _, _ in batch) + 1
        ids, counts = np.zeros((rows, longest), dtype=np.int32), np.zeros(rows, dtype=np.int32)
        for row, (prompt, output, written, _) in enumerate(batch):
            counts[row] = len(prompt) + written
            ids[row, : counts[row]] = prompt + output[:written]
        asked = passes not in skipped
        drafts = proposer.propose(sampled, counts, ids, slot_mappings=None) if asked else [[] for _ in batch]
        assert len(drafts) == len(batch)
        batch = [(*entry[:3], draft) for entry, draft in zip(batch, drafts, strict=True)]
        for row in reversed(range(len(batch))):
            if batch[row][2] == len(batch[row][1]):
                last = batch.pop()
                if row < len(batch):
                    batch[row] = last
    return passes


def install(monkeypatch: pytest.MonkeyPatch, methods: tuple[str, ...] = METHODS) -> type[LLM]:
    """Let ``import vllm`` find this module's names; returns the class of engines that it will make."""
    engine = type("LLM", (LLM,), {"asked": [], "methods": methods})
    names = {
        "vllm": {"LLM": engine, "SamplingParams": SamplingParams, "__version__": "0.33.0"},
        "vllm.sampling_params": {"StructuredOutputsParams": StructuredOutputsParams},
        "vllm.lora": {},
        "vllm.lora.request": {"LoRARequest": LoRARequest},
    }
    for name, attributes in names.items():
        module = ModuleType(name)
        vars(module).update(attributes)
        monkeypatch.setitem(sys.modules, name, module)
    return engine
