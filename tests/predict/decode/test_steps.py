"""The step models give the logits that transformers gives, wherever their rows stand."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import LlamaConfig, LlamaForCausalLM, T5Config, T5ForConditionalGeneration

from gner_bench.predict.decode.graphs import Graphs
from gner_bench.predict.decode.llama import LlamaSteps
from gner_bench.predict.decode.passes import PassSizes
from gner_bench.predict.decode.steps import StepModel
from gner_bench.predict.decode.t5 import T5Steps

from .gpu import Gpu

VOCABULARY = 50
TOLERANCE = {"rtol": 1e-4, "atol": 1e-4}


@cache
def tiny_t5(**changes: Any) -> T5ForConditionalGeneration:
    torch.manual_seed(0)
    config = T5Config(
        vocab_size=VOCABULARY,
        d_model=16,
        d_kv=8,
        d_ff=16,
        num_layers=2,
        num_heads=2,
        decoder_start_token_id=0,
        relative_attention_num_buckets=8,
        relative_attention_max_distance=20,
        **changes,
    )
    return T5ForConditionalGeneration(config).eval()


@cache
def tiny_llama(**changes: Any) -> LlamaForCausalLM:
    torch.manual_seed(0)
    settings = {"num_attention_heads": 4, "num_key_value_heads": 2, "num_hidden_layers": 2, **changes}
    return LlamaForCausalLM(LlamaConfig(vocab_size=VOCABULARY, hidden_size=16, intermediate_size=24, **settings)).eval()


def expected(model: Any, prompt: list[int], output: list[int]) -> torch.Tensor:
    """Logits after each token of ``output``, the first of which stands before anything is generated."""
    with torch.inference_mode():
        if model.config.is_encoder_decoder:
            plain = model(input_ids=torch.tensor([prompt]), decoder_input_ids=torch.tensor([output])).logits
        else:
            plain = model(input_ids=torch.tensor([[*prompt[:-1], *output]])).logits[:, len(prompt) - 1 :]
    logits: torch.Tensor = plain[0]
    return logits


def random_walk(model: Any, steps: StepModel, prompts: list[list[int]], rng: random.Random) -> None:
    """Let rows advance by random numbers of tokens, with wrong tokens behind those that count, and compare logits."""
    prepared = steps.prepare(prompts)
    for row, each in enumerate(prepared):
        steps.admit(row, each)
    outputs = [[p.last, *(rng.randrange(VOCABULARY) for _ in range(12 * 9))] for p in prepared]
    truth = [expected(model, prompt, output) for prompt, output in zip(prompts, outputs, strict=True)]
    done = [0] * len(prompts)
    for _ in range(12):
        count = rng.randint(1, 9)
        right = [rng.randint(1, count) for _ in prompts]
        tokens = [
            [*output[d : d + r], *(rng.randrange(VOCABULARY) for _ in range(count - r))]
            for output, d, r in zip(outputs, done, right, strict=True)
        ]
        logits = steps.step(torch.tensor(tokens), [p.start + d for p, d in zip(prepared, done, strict=True)])
        for row, count_right in enumerate(right):
            torch.testing.assert_close(
                logits[row, :count_right], truth[row][done[row] : done[row] + count_right], **TOLERANCE
            )
            done[row] += count_right


def prompts_of(rng: random.Random, count: int, start: list[int] | None = None) -> list[list[int]]:
    return [[*(start or []), *(rng.randrange(3, VOCABULARY) for _ in range(rng.randint(2, 40)))] for _ in range(count)]


def recorded(steps: StepModel, planned: bool = False) -> StepModel:
    """Passes that are recorded on a stand-in for a GPU and replayed, on caches that grow or do not."""
    steps.run = Graphs(PassSizes(4, 0.97, lambda rows: 7), Gpu())
    if planned:
        steps.plan([(45, 215)])
    return steps


MODELS: dict[str, Callable[[], tuple[Any, Callable[[Any], StepModel]]]] = {
    "t5": lambda: (tiny_t5(), lambda model: T5Steps(model, 4)),
    "t5 gated and tied": lambda: (tiny_t5(feed_forward_proj="gated-gelu"), lambda model: T5Steps(model, 4)),
    "llama": lambda: (tiny_llama(), lambda model: LlamaSteps(model, 4)),
    "llama without groups": lambda: (tiny_llama(num_key_value_heads=4), lambda model: LlamaSteps(model, 4)),
    "llama, shared beginning": lambda: (tiny_llama(), lambda model: LlamaSteps(model, 4, [7, 8, 9])),
}
RECORDED: dict[str, Callable[[], tuple[Any, Callable[[Any], StepModel]]]] = {
    "t5 recorded": lambda: (tiny_t5(), lambda model: recorded(T5Steps(model, 4))),
    "t5 recorded and planned": lambda: (tiny_t5(), lambda model: recorded(T5Steps(model, 4), True)),
    "llama recorded": lambda: (tiny_llama(), lambda model: recorded(LlamaSteps(model, 4))),
    "llama recorded and planned": lambda: (tiny_llama(), lambda model: recorded(LlamaSteps(model, 4), True)),
}


@pytest.mark.parametrize("name", MODELS)
@settings(max_examples=20)
@given(seed=st.integers(0, 2**32))
def test_rows_at_places_of_their_own_get_the_logits_of_transformers(name: str, seed: int) -> None:
    model, steps = MODELS[name]()
    rng = random.Random(seed)
    random_walk(model, steps(model), prompts_of(rng, rng.randint(1, 4), [7, 8, 9]), rng)


@pytest.mark.parametrize("name", RECORDED)
@pytest.mark.parametrize("seed", [0, 1])
def test_recorded_passes_give_the_logits_of_transformers(name: str, seed: int) -> None:
    model, steps = RECORDED[name]()
    rng = random.Random(seed)
    random_walk(model, steps(model), prompts_of(rng, rng.randint(1, 4), [7, 8, 9]), rng)


def test_an_untied_head_is_used() -> None:
    model = tiny_t5.__wrapped__()
    model.lm_head.weight = torch.nn.Parameter(torch.randn_like(model.lm_head.weight))
    random_walk(model, T5Steps(model, 2), prompts_of(random.Random(1), 2), random.Random(1))


@pytest.mark.parametrize("name", [*MODELS, *RECORDED])
def test_a_moved_row_goes_on_as_it_was(name: str) -> None:
    model, build = (MODELS | RECORDED)[name]()
    steps, prompt, output = build(model), [7, 8, 9, 20, 21, 1], [5, 6, 7, 8]
    prepared = steps.prepare([[9, 9, 9, 9], prompt])
    for row, each in enumerate(prepared):
        steps.admit(row, each)
    start, last = prepared[1].start, prepared[1].last
    steps.step(torch.tensor([[1, 2, 3], [last, *output[:2]]]), [prepared[0].start, start])
    steps.move(1, 0)
    logits = steps.step(torch.tensor([output[2:]]), [start + 3])
    torch.testing.assert_close(logits[0], expected(model, prompt, [last, *output])[3:], **TOLERANCE)


def test_prompts_that_do_not_share_the_beginning_are_read_whole() -> None:
    model = tiny_llama()
    rng = random.Random(2)
    random_walk(model, LlamaSteps(model, 4, [7, 8, 9]), [*prompts_of(rng, 2, [7, 8, 9]), [4, 5], [7]], rng)
