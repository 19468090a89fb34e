"""The vLLM backend against a module with vLLM's documented names and arguments, and our drafter as its proposer."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import engines
import numpy as np
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
from gner_bench.predict.decode.draft import SentenceDraft
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


@pytest.mark.parametrize(("methods", "taken", "warnings"), [(("custom_class",), "our drafter", 0), ((), "none", 1)])
def test_our_drafter_or_none(
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
    first, last = engine.asked[0], engine.asked[-1]
    assert first["speculative_config"] == {"method": "custom_class", "model": PATH, "num_speculative_tokens": 32}
    # vLLM asks for no drafts while a sequence and a draft may pass max_model_len; the limit of an output is max_tokens.
    assert first["max_model_len"] == 1280 + 64
    assert last["max_model_len"] == (1344 if methods else 1280)
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


def configured(model: Path, tokens: int, longest: int = 1344) -> SimpleNamespace:
    return SimpleNamespace(
        model_config=SimpleNamespace(model=str(model), max_model_len=longest),
        speculative_config=SimpleNamespace(num_speculative_tokens=tokens),
    )


@pytest.fixture(scope="module")
def asked(tiny_llama: Path, shared: Path) -> tuple[list[list[int]], list[list[int]]]:
    """Prompts of real sentences, the first of them twice, and GNER's text with their gold tags as outputs."""
    checkpoint = load_checkpoint(str(tiny_llama), device="cpu")
    end = checkpoint.tokenizer.eos_token_id
    data = read_dataset(shared / "data/gner", "crossner_ai", "test")
    prompts, outputs = [], []
    for sentence in [data.sentences[0], *data.sentences[:12]]:
        prompts.append(checkpoint.prompt_ids([prompt(sentence.words, data.types, "inst")])[0][0])
        text = tagged_text(sentence.words, sentence.tags)
        outputs.append([*checkpoint.tokenizer(text, add_special_tokens=False)["input_ids"], end])
    return prompts, outputs


def test_our_drafter_takes_few_passes_for_gners_text(
    tiny_llama: Path, asked: tuple[list[list[int]], list[list[int]]]
) -> None:
    """Rows change places when one of them ends."""
    prompts, outputs = asked
    proposer = Proposer(configured(tiny_llama, 32))
    passes = speculate(proposer, prompts, outputs)
    steps = sum(map(len, outputs)) / 2  # two rows without drafts
    assert passes < steps / 4
    assert proposer.open == []


def test_a_draft_goes_on_after_steps_without_drafts(
    tiny_llama: Path, asked: tuple[list[list[int]], list[list[int]]]
) -> None:
    """vLLM skips the drafter, for all rows, while one of them comes close to the longest sequence.

    A step without drafts writes one token in a row; the first pass after five of them goes on where the text is.
    """
    prompts, outputs = asked
    every = speculate(Proposer(configured(tiny_llama, 32)), prompts, outputs)
    proposer = Proposer(configured(tiny_llama, 32))
    fewer = speculate(proposer, prompts, outputs, skipped=range(2, 7))
    assert proposer.open == []
    assert fewer <= every + 5


def test_no_draft_is_longer_than_the_engine_takes(
    tiny_llama: Path, asked: tuple[list[list[int]], list[list[int]]]
) -> None:
    prompts, outputs = (part[:1] for part in asked)
    proposer = Proposer(configured(tiny_llama, 32, longest=len(prompts[0]) + 10))
    counts = np.array([len(prompts[0]) + 1])
    ids = np.array([[*prompts[0], *outputs[0]]])
    assert len(proposer.propose([outputs[0][:1]], counts, ids)[0]) == 8


def test_an_error_of_the_drafter_ends_no_run(
    tiny_llama: Path,
    asked: tuple[list[list[int]], list[list[int]]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    prompts, outputs = (part[:2] for part in asked)

    def broken(self: object, most: int) -> list[int]:
        raise IndexError("list index out of range")

    monkeypatch.setattr(SentenceDraft, "propose", broken)
    assert speculate(Proposer(configured(tiny_llama, 32)), prompts, outputs) == max(map(len, outputs))
    warnings = capsys.readouterr().err.splitlines()
    assert len(warnings) == 2
    assert all("its text is the same" in line for line in warnings)


def test_prompts_that_are_none_of_gners_get_no_drafts(tiny_llama: Path) -> None:
    checkpoint = load_checkpoint(str(tiny_llama), device="cpu")
    ids = checkpoint.tokenizer("Tell me about Oslo")["input_ids"]
    assert speculate(Proposer(configured(tiny_llama, 8)), [ids], [[5, 6, 7, 2]]) == 4


def test_engines_side_by_side(
    tiny_llama: Path, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """benchmarks/engines.py: a random checkpoint writes the same nonsense in all of them; nothing is run twice."""
    engine = install(monkeypatch)

    def predict(words: Sequence[str]) -> int:
        return CliRunner().invoke(main, ["-q", "predict", *words, "--max-new-tokens", "4"]).exit_code

    monkeypatch.setattr(engines, "predict", predict)
    words = ["--model", str(tiny_llama), "--data", str(corpus), "--datasets", "mit-movie", "--limit", "2"]
    words += ["--dtype", "fp32", "--out", str(tmp_path / "engines")]
    engines.main(words)
    rows = [line.split(" | ") for line in capsys.readouterr().out.splitlines()[2:]]
    assert [row[:3] for row in rows] == [
        ["| `generate`", "none", "2"],
        ["| our loop", "our drafter", "2"],
        ["| vLLM", "none", "2"],
        ["| vLLM, our drafter", "our drafter", "2"],
    ]
    assert {row[-1] for row in rows} == {"0 |"}
    asked = len(engine.asked)
    engines.main(words)
    again = [line.split(" | ") for line in capsys.readouterr().out.splitlines()[2:]]
    assert len(engine.asked) == asked
    assert [row[5] for row in again] == [""] * 4
