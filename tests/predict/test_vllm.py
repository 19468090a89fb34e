"""The vLLM backend against a module with vLLM's documented names and arguments, and our drafter as its proposer."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from gner_bench.answers import ANSWERS, AnswerFormat
from gner_bench.answers.gner import prompt, tagged_text
from gner_bench.cli import main
from gner_bench.data import read_dataset
from gner_bench.documents.record import read_records
from gner_bench.errors import GnerBenchError, UsageError
from gner_bench.predict.backend import SystemOptions
from gner_bench.predict.backends import vllm
from gner_bench.predict.backends.vllm_drafter import PATH, Proposer
from gner_bench.predict.checkpoint import load_checkpoint
from gner_bench.predict.engine import run_prediction
from gner_bench.predict.options import Options

from .vllm_standin import install, speculate

pytestmark = pytest.mark.slow


def test_without_vllm_it_is_one_line_with_what_to_do(corpus: Path, tiny_qwen: Path, tmp_path: Path) -> None:
    assert "vllm" not in sys.modules
    arguments = ["--model", str(tiny_qwen), "--data", str(corpus), "--out", str(tmp_path / "run")]
    result = CliRunner().invoke(main, ["predict", "--backend", "vllm", *arguments])
    assert result.exit_code == 2
    assert result.stderr == "Error: vllm is not installed; pip install 'gner-bench[vllm]'\n"


def test_it_writes_what_the_local_backend_writes(
    tiny_qwen: Path, corpus: Path, tmp_path: Path, each_type: AnswerFormat, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = install(monkeypatch)
    monkeypatch.setattr(vllm, "CHUNK", 4)
    system = SystemOptions(str(tiny_qwen), format="each-type")
    runs = {}
    for backend in ("local", "vllm"):
        options = Options(corpus, tmp_path / backend, ("mit-movie",))
        records = list(read_records(run_prediction(replace(system, backend=backend), options, print)))
        counted = [(record.generation["tokens"], record.generation["finish"]) for record in records]
        runs[backend] = [(r.prompt, r.prediction, counts) for r, counts in zip(records, counted, strict=True)]
    assert runs["local"] == runs["vllm"]
    started, *calls = engine.asked
    assert (started["trust_remote_code"], started["load_format"], started["enable_prefix_caching"]) == (
        False,
        "safetensors",
        True,
    )
    assert [call["prompts"] for call in calls] == [4, 2]
    assert {sampling.max_tokens for call in calls for sampling in call["sampling"]} == {9}
    document = json.loads((tmp_path / "vllm/run.json").read_text(encoding="utf-8"))
    assert document["settings"]["backend"] == "vllm"
    assert document["model"]["vllm"] == "0.33.0"
    assert document["statistics"]["speculative"] == "none"


def test_a_schema_stop_strings_an_adapter_and_several_gpus_are_handed_on(
    tiny_qwen: Path, corpus: Path, tmp_path: Path, each_type: AnswerFormat, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gner_bench.predict.adapter import Adapter

    engine = install(monkeypatch)
    schema = {"type": "array"}
    monkeypatch.setitem(ANSWERS._loaded, "each-type", replace(each_type, schema=lambda types: schema))
    adapter = Adapter("lora", tmp_path, {"adapter/a": "0" * 64}, 8)
    monkeypatch.setattr(vllm, "open_adapter", lambda *_: adapter)
    system = SystemOptions(
        str(tiny_qwen), "vllm", "each-type", adapter=str(tmp_path), tensor_parallel=4, stop=("a", "e"), dtype="bf16"
    )
    options = Options(corpus, tmp_path / "run", ("mit-movie",))
    records = list(read_records(run_prediction(system, options, print)))
    started, call = engine.asked
    assert (started["tensor_parallel_size"], started["dtype"]) == (4, "bfloat16")
    assert (started["enable_lora"], started["max_lora_rank"]) == (True, 8)
    assert (call["lora"].lora_name, call["lora"].lora_int_id, call["lora"].lora_path) == ("lora", 1, str(tmp_path))
    assert call["sampling"][0].structured_outputs.json == schema
    assert call["sampling"][0].stop == ["a", "e"]
    assert not [answer for record in records for answer in json.loads(record.prediction) if {"a", "e"} & set(answer)]


@pytest.mark.parametrize(
    ("methods", "taken", "warnings"),
    [(("custom_class", "ngram"), "our drafter", 0), (("ngram",), "ngram", 1), ((), "none", 2)],
)
def test_our_drafter_then_ngram_then_none(
    tiny_llama: Path,
    corpus: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    methods: tuple[str, ...],
    taken: str,
    warnings: int,
) -> None:
    engine = install(monkeypatch, methods)
    backend = vllm.make(SystemOptions(str(tiny_llama), "vllm"), Options(corpus, tmp_path))
    assert backend.statistics() == {"speculative": taken, "tensor_parallel": 1}
    assert [line.count("the answers are the same") for line in capsys.readouterr().err.splitlines()] == [1] * warnings
    first = engine.asked[0]["speculative_config"]
    assert (first["method"], first["model"]) == ("custom_class", PATH)
    assert engine.asked[0]["max_model_len"] == 1280
    assert (backend.wrapping, backend.settings["max_total_tokens"]) == ("inst", 1280)


def test_an_engine_that_does_not_start_is_one_line(tiny_qwen: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = install(monkeypatch)

    def broken(self: object, **_: object) -> None:
        raise RuntimeError("Engine core initialization failed.\nSee root cause above.")

    monkeypatch.setattr(engine, "__init__", broken)
    with pytest.raises(GnerBenchError, match=r"vLLM does not start with .*: Engine core initialization failed\.$"):
        vllm.make(SystemOptions(str(tiny_qwen), "vllm"), Options(None, Path()))


def test_an_encoder_decoder_is_refused(tiny_t5: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch)
    with pytest.raises(UsageError, match="vLLM runs no encoder-decoder checkpoints such as tiny; use --backend local"):
        vllm.make(SystemOptions(str(tiny_t5), "vllm"), Options(None, Path()))


def test_our_drafter_takes_few_passes_for_gners_text(tiny_llama: Path, shared: Path) -> None:
    """Outputs are GNER's text of real sentences with their gold tags; rows change places when one of them ends."""
    checkpoint = load_checkpoint(str(tiny_llama), device="cpu")
    end = checkpoint.tokenizer.eos_token_id
    data = read_dataset(shared / "data/gner", "crossner_ai", "test")
    prompts, outputs = [], []
    for sentence in data.sentences[:12]:
        prompts.append(checkpoint.prompt_ids([prompt(sentence.words, data.types, "inst")])[0][0])
        text = tagged_text(sentence.words, sentence.tags)
        outputs.append([*checkpoint.tokenizer(text, add_special_tokens=False)["input_ids"], end])
    config = SimpleNamespace(
        model_config=SimpleNamespace(model=str(tiny_llama)),
        speculative_config=SimpleNamespace(num_speculative_tokens=32),
    )
    passes = speculate(Proposer(config), prompts, outputs)
    steps = sum(map(len, outputs)) / 2  # two rows without drafts
    assert passes < steps / 4


def test_prompts_that_are_none_of_gners_get_no_drafts(tiny_llama: Path) -> None:
    checkpoint = load_checkpoint(str(tiny_llama), device="cpu")
    ids = checkpoint.tokenizer("Tell me about Oslo")["input_ids"]
    config = SimpleNamespace(
        model_config=SimpleNamespace(model=str(tiny_llama)),
        speculative_config=SimpleNamespace(num_speculative_tokens=8),
    )
    assert speculate(Proposer(config), [ids], [[5, 6, 7, 2]]) == 4
