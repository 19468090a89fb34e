"""LoRA adapters on top of a checkpoint: what peft itself would generate, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM

from gner_bench.errors import InputError
from gner_bench.predict.adapter import open_adapter
from gner_bench.predict.backend import SystemOptions
from gner_bench.predict.checkpoint import load_checkpoint
from gner_bench.predict.decode.batched import generate, use_protocol_settings
from gner_bench.predict.engine import run_prediction
from gner_bench.predict.folder import open_folder
from gner_bench.predict.options import Options

pytestmark = pytest.mark.slow


@pytest.fixture
def adapter(tiny_qwen: Path, tmp_path: Path) -> Path:
    """A LoRA adapter of the tiny checkpoint whose weights are not zero, as peft saves it."""
    torch.manual_seed(1)
    model = AutoModelForCausalLM.from_pretrained(tiny_qwen)
    config = LoraConfig(r=4, target_modules=["q_proj", "v_proj"], init_lora_weights=False, task_type="CAUSAL_LM")
    get_peft_model(model, config).save_pretrained(tmp_path / "lora")
    return tmp_path / "lora"


def changed(adapter: Path, **changes: Any) -> Path:
    path = adapter / "adapter_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), **changes}), encoding="utf-8")
    return adapter


def test_a_merged_adapter_writes_what_peft_writes_unmerged(tiny_qwen: Path, adapter: Path) -> None:
    prompts = ["did george clooney make", "hi", "show me"]
    merged = load_checkpoint(str(tiny_qwen), device="cpu", adapter=str(adapter))
    plain = load_checkpoint(str(tiny_qwen), device="cpu")
    unmerged = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(tiny_qwen), adapter).eval()
    texts = []
    for checkpoint in (merged, plain):
        use_protocol_settings(checkpoint)
        texts.append([generate(checkpoint, [text])[0].text[:40] for text in prompts])
    for text, written in zip(prompts, texts[0], strict=True):
        ids = torch.tensor([merged.prompt_ids([text])[0][0]])
        output = unmerged.generate(input_ids=ids, do_sample=False, max_new_tokens=60)[0, ids.shape[1] :]
        assert merged.text(output.tolist())[:40] == written
    assert texts[0] != texts[1]
    assert merged.name == f"{tiny_qwen.name}+lora"
    assert {"adapter/adapter_model.safetensors", "adapter/adapter_config.json"} < set(merged.files)


def test_the_adapter_is_in_run_json_and_another_one_is_another_run(
    tiny_qwen: Path, adapter: Path, corpus: Path, tmp_path: Path
) -> None:
    options = Options(corpus, tmp_path / "run", ("mit-movie",))
    asked: dict[str, Any] = {"format": "entities", "max_new_tokens": 5, "device": "cpu"}
    run_prediction(SystemOptions(str(tiny_qwen), adapter=str(adapter), **asked), options, print)
    document = json.loads((tmp_path / "run/run.json").read_text(encoding="utf-8"))
    assert document["settings"]["adapter"] == str(adapter)
    assert len(document["model"]["files"]["adapter/adapter_model.safetensors"]) == 64
    with pytest.raises(InputError, match=r"other weights; adapter .*, not none"):
        run_prediction(SystemOptions(str(tiny_qwen), **asked), options, print)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda a: (a / "adapter_config.json").unlink(), "is no folder of an adapter: no adapter_config.json"),
        (lambda a: (a / "adapter_model.safetensors").unlink(), "its weights are not in .*: they are missing"),
        (
            lambda a: (a / "adapter_model.safetensors").rename(a / "adapter_model.bin"),
            r"they are pickled \(adapter_model\.bin\)",
        ),
        (lambda a: changed(a, peft_type="IA3"), "peft_type: expected LORA, found 'IA3'"),
        (lambda a: changed(a, megatron_config={"a": 1}, megatron_core="os"), "megatron_config: has a module of Python"),
        (lambda a: changed(a, target_modules=["q_proj", "k_proj", "v_proj"]), "its weights are not all there"),
        (lambda a: changed(a, r=8), "cannot be put on this checkpoint"),
        (lambda a: (a / "adapter_model.safetensors").write_bytes(b"x"), "cannot be put on this checkpoint"),
        (lambda a: changed(a, r="four"), "r: expected int, found str"),
    ],
)
def test_an_adapter_that_is_none_or_does_not_fit_is_one_line(
    tiny_qwen: Path, adapter: Path, spoil: Callable[[Path], Any], reason: str
) -> None:
    spoil(adapter)
    with pytest.raises(InputError, match=reason) as caught:
        load_checkpoint(str(tiny_qwen), device="cpu", adapter=str(adapter))
    assert "\n" not in str(caught.value)


def test_an_adapter_of_another_base_is_refused_on_one_of_the_hub_and_warned_of_on_a_folder(
    tiny_qwen: Path, adapter: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from dataclasses import replace

    base = open_folder(str(tiny_qwen))
    assert open_adapter(str(adapter), str(tiny_qwen), base).rank == 4
    assert capsys.readouterr().err == ""
    changed(adapter, base_model_name_or_path="internlm/internlm2-7b")
    open_adapter(str(adapter), str(tiny_qwen), base)
    assert "is an adapter of 'internlm/internlm2-7b', not of" in capsys.readouterr().err
    hub = replace(base, revision="0" * 40, name="Qwen2-7B")
    with pytest.raises(InputError, match="base_model_name_or_path: is an adapter of 'internlm/internlm2-7b'"):
        open_adapter(str(adapter), "Qwen/Qwen2-7B", hub)
    changed(adapter, base_model_name_or_path="/mnt/models/qwen2-7b/")
    open_adapter(str(adapter), "Qwen/Qwen2-7B", hub)
