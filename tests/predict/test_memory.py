"""The arithmetic of memory against the tensors that passes of the five shapes make, without memory behind them."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM, T5Config, T5ForConditionalGeneration

from gner_bench.errors import GnerBenchError
from gner_bench.predict import memory
from gner_bench.predict.backends.local import rows_for
from gner_bench.predict.checkpoint import Checkpoint, load_checkpoint
from gner_bench.predict.decode.graphs import Graphs
from gner_bench.predict.decode.llama import LlamaSteps
from gner_bench.predict.decode.passes import PassSizes
from gner_bench.predict.decode.t5 import T5Steps
from gner_bench.predict.memory import GRAPH, longest_pass, memory_of, most_rows, require_weights_fit, shape_of
from gner_bench.predict.options import Options

from .decode.gpu import Gpu

LAYERS = 2
"""Of the models here: what passes make on their way is the same for any number."""
T5 = {
    "t5-base": (768, 2048, 12),
    "t5-large": (1024, 2816, 16),
    "t5-xl": (2048, 5120, 32),
    "t5-xxl": (4096, 10240, 64),
}


def model_of(name: str) -> Any:
    """The shape in bf16 with few layers, on the device that holds no numbers."""
    with torch.device("meta"):
        if name == "llama-7b":
            llama = LlamaConfig(num_hidden_layers=LAYERS, hidden_size=4096, intermediate_size=11008)
            return LlamaForCausalLM._from_config(llama, dtype=torch.bfloat16).eval()
        width, inner, heads = T5[name]
        sizes = {"d_model": width, "d_kv": 64, "d_ff": inner, "num_heads": heads, "num_layers": LAYERS}
        t5 = T5Config(vocab_size=32128, feed_forward_proj="gated-gelu", decoder_start_token_id=0, **sizes)
        return T5ForConditionalGeneration._from_config(t5, dtype=torch.bfloat16).eval()


@pytest.mark.parametrize("name", [*T5, "llama-7b"])
def test_what_decoding_takes_is_what_the_arithmetic_says(name: str) -> None:
    rows, source, output = 16, 200, 320
    model, prompt = model_of(name), [5] * source
    steps: Any = (LlamaSteps if name == "llama-7b" else T5Steps)(model, rows)
    steps.run = run = Graphs(PassSizes(rows, 0.97, lambda rows: 30), None)
    steps.plan([(source, output)])
    tokens = longest_pass(rows)
    shape = shape_of(model.config, sum(parameter.numel() for parameter in model.parameters()))
    said = memory_of(rows=rows, source=source, output=output, tokens=tokens, graphs=0, **shape)
    with Gpu() as gpu:
        prepared = steps.prepare([prompt] * rows)
        prompts = gpu.peak
        for row, each in enumerate(prepared):
            steps.admit(row, each)
        del prepared, each
        starts = [(source if name == "llama-7b" else 0) + output - tokens] * rows
        steps.step(torch.zeros(rows, 1, dtype=torch.int64), starts)  # which makes the caches
        gpu.peak, held = 0, gpu.used
        logits = steps.step(torch.zeros(rows, tokens, dtype=torch.int64), starts)
        assert logits.numel() == rows * tokens * model.config.vocab_size
        passes = gpu.peak - held
    assert not run.recording
    assert 0.9 * said.cache <= held <= 1.1 * said.cache
    assert 0.5 * said.passes <= passes <= 1.1 * said.passes
    assert 0.4 * said.prompts <= prompts <= 1.1 * said.prompts
    assert said.weights == 2 * shape["parameters"]


def xxl(rows: int, graphs: int = 0) -> memory.Memory:
    shape = {"layers": 24, "heads": 64, "kv_heads": 64, "head_size": 64, "width": 4096, "inner": 10240}
    return memory_of(
        parameters=11_135_000_000,
        vocabulary=32128,
        encoder_decoder=True,
        rows=rows,
        source=640,
        output=640,
        tokens=longest_pass(rows),
        graphs=graphs,
        **shape,
    )


def test_the_largest_model_by_hand() -> None:
    """T5-xxl: two bytes a weight; 24 layers x 2 x 64 heads x 64 x 2 bytes = 393,216 bytes for each token cached."""
    assert xxl(1).weights == 22_270_000_000
    assert xxl(1).cache == 1280 * 393_216
    assert xxl(64).cache == 64 * 1280 * 393_216
    assert xxl(64).graphs == 0
    assert xxl(64, 24).graphs == 24 * GRAPH + 2 * 64 * 64 * 32128 * 2
    assert str(xxl(64)).startswith("weights 22.3 GB, cache 32.2 GB, prompts")
    assert xxl(64).total == sum(xxl(64))


def test_the_most_rows_fit_and_one_more_does_not() -> None:
    shape = shape_of(model_of("t5-base").config, 0)
    needs = {"source": 640, "output": 640, "itemsize": 2}
    for free in (10**8, 10**9, 10**10):
        rows = most_rows(free, **needs, **shape)

        def need(rows: int) -> int:
            return memory_of(rows=rows, tokens=longest_pass(rows), graphs=0, **needs, **shape).total

        assert rows == 0 or need(rows) <= 0.9 * free
        assert rows == 256 or need(rows + 1) > 0.9 * free
    assert most_rows(10**6, **needs, **shape) == 0


@pytest.fixture(scope="module")
def demo() -> Checkpoint:
    return load_checkpoint("demo", device="cpu")


def test_rows_are_those_that_fit_what_is_free(demo: Checkpoint, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    options = Options(None, tmp_path)
    assert rows_for(demo, options) == 8  # on a CPU
    rows = []
    for free in (10**12, 3 * 10**9, 10**9):
        monkeypatch.setattr("gner_bench.predict.backends.local.free_bytes", lambda devices, free=free: free)
        rows.append(rows_for(demo, options))
    assert rows[0] == 256
    assert rows == sorted(rows, reverse=True)
    assert rows_for(demo, Options(None, tmp_path, batch_size=300)) == 300  # tried, and halved when it does not fit
    assert rows_for(demo, Options(None, tmp_path, batch_tokens=5000)) == 4


def test_a_checkpoint_of_which_no_sentence_fits_is_refused_with_the_numbers(
    demo: Checkpoint, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.setattr("gner_bench.predict.backends.local.free_bytes", lambda devices: 10**8)
    for options in (Options(None, tmp_path), Options(None, tmp_path, batch_size=1)):
        with pytest.raises(GnerBenchError) as refused:
            rows_for(demo, options)
        for part in ("fp32 does not fit: 0.1 GB of cpu are free", "one sentence of 640 + 640 tokens takes"):
            assert part in str(refused.value)
        for part in ("weights ", "cache ", "graphs ", "--dtype bf16", "--device map", "a GPU with"):
            assert part in str(refused.value)


def test_weights_that_do_not_fit_are_refused_before_they_are_moved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "free_bytes", lambda devices: 24 * 10**9)
    gpu = torch.device("cuda:0")
    require_weights_fit("xxl", "bf16", 22_270_000_000, gpu)
    with pytest.raises(GnerBenchError) as refused:
        require_weights_fit("xxl", "fp32", 44_540_000_000, gpu)
    assert str(refused.value) == (
        "xxl in fp32 does not fit: the weights take 44.5 GB, and 24.0 GB of cuda:0 are free; try --dtype bf16, which"
        " halves it, --device map, which uses all GPUs and the main memory, or a GPU with 49.5 GB"
    )


def test_free_memory_is_that_of_the_fullest_device(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, cpu = torch.device("cuda:0"), torch.device("cuda:1"), torch.device("cpu")
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: ({first: 30, second: 8}[device], 80))
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda device: 5)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda device: 3)
    assert memory.free_bytes([first]) == 32
    # Three quarters of the layers are on the first: its 32 bytes are for those, so 42 for all; the second's 10 for 40.
    assert memory.free_bytes([first, first, first, second]) == 40
    assert memory.free_bytes([first, cpu]) is None
    assert memory.free_bytes([cpu]) is None
