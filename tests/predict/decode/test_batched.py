from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from gner_bench.answers.gner import prompt
from gner_bench.data import read_dataset
from gner_bench.demo import CHECKPOINT, CORPUS
from gner_bench.errors import GnerBenchError
from gner_bench.predict.checkpoint import Checkpoint, load_checkpoint
from gner_bench.predict.decode.batched import generate, use_protocol_settings

SETS = ("crossner_ai", "mit-movie")


@pytest.fixture(scope="module")
def embedded() -> Checkpoint:
    checkpoint = load_checkpoint(str(CHECKPOINT), dtype="fp32", device="cpu")
    use_protocol_settings(checkpoint)
    return checkpoint


def demo_prompts() -> list[str]:
    datasets = [read_dataset(CORPUS, name) for name in SETS]
    return [prompt(sentence.words, dataset.types) for dataset in datasets for sentence in dataset.sentences]


def test_batches_give_what_generate_gives_one_at_a_time(embedded: Checkpoint) -> None:
    prompts = demo_prompts()[::6]
    alone = []
    for text in prompts:
        ids = embedded.tokenizer(text, return_tensors="pt", truncation=True, max_length=640)["input_ids"]
        output = embedded.model.generate(input_ids=ids, do_sample=False, max_new_tokens=640)[0]
        alone.append(embedded.tokenizer.decode(output, skip_special_tokens=True, clean_up_tokenization_spaces=False))
    assert [generation.text for generation in generate(embedded, prompts)] == alone


def test_settings_of_the_checkpoint_that_the_protocol_fixes_do_not_apply(
    tiny_t5: Path, short_outputs: Callable[[int], None]
) -> None:
    short_outputs(12)
    plain, spoilt = load_checkpoint(str(tiny_t5), device="cpu"), load_checkpoint(str(tiny_t5), device="cpu")
    for name, value in {"repetition_penalty": 3.0, "no_repeat_ngram_size": 1, "num_beams": 3, "max_length": 4}.items():
        setattr(spoilt.model.generation_config, name, value)
    texts = []
    for checkpoint in (plain, spoilt):
        use_protocol_settings(checkpoint)
        texts.append([generation.text for generation in generate(checkpoint, ["hi", "did george clooney"])])
    assert texts[0] == texts[1]
    assert spoilt.model.generation_config.eos_token_id == plain.model.generation_config.eos_token_id == 1


def test_beams_are_used_when_asked_for(tiny_t5: Path, short_outputs: Callable[[int], None]) -> None:
    short_outputs(12)
    checkpoint = load_checkpoint(str(tiny_t5), device="cpu")
    use_protocol_settings(checkpoint, num_beams=4)
    ids = checkpoint.tokenizer("hi", return_tensors="pt")["input_ids"]
    output = checkpoint.model.generate(input_ids=ids, num_beams=4, do_sample=False, max_new_tokens=12)[0]
    expected = checkpoint.tokenizer.decode(output, skip_special_tokens=True, clean_up_tokenization_spaces=False)
    assert generate(checkpoint, ["hi"])[0].text == expected


def test_an_output_at_the_limit_says_so(tiny_t5: Path, short_outputs: Callable[[int], None]) -> None:
    short_outputs(7)
    checkpoint = load_checkpoint(str(tiny_t5), device="cpu")
    use_protocol_settings(checkpoint)
    generation = generate(checkpoint, ["hi"])[0]
    assert (generation.tokens, generation.finish, generation.input_cut) == (7, "length", False)


def test_a_prompt_over_the_limit_is_cut_and_says_so(embedded: Checkpoint) -> None:
    words = ["word"] * 700
    assert generate(embedded, [prompt(words, ["person"])])[0].input_cut


def test_the_end_token_is_neither_counted_nor_printed(embedded: Checkpoint) -> None:
    generation = generate(embedded, [prompt(["hello", "there"], ["person"])])[0]
    assert generation.finish == "stop"
    assert "</s>" not in generation.text
    assert generation.tokens == len(embedded.tokenizer(generation.text)["input_ids"]) - 1


def test_a_prompt_too_large_for_memory_is_one_line(embedded: Checkpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(**_: torch.Tensor) -> torch.Tensor:
        raise torch.cuda.OutOfMemoryError

    monkeypatch.setattr(embedded.model, "generate", full)
    with pytest.raises(GnerBenchError, match="out of memory with a single prompt"):
        generate(embedded, demo_prompts()[:3])


def test_a_batch_too_large_for_memory_is_halved(embedded: Checkpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    prompts = demo_prompts()[:5]
    expected = generate(embedded, prompts)
    original, sizes = embedded.model.generate, []

    def scarce(**inputs: torch.Tensor) -> torch.Tensor:
        sizes.append(len(inputs["input_ids"]))
        if len(inputs["input_ids"]) > 2:
            raise torch.cuda.OutOfMemoryError
        output: torch.Tensor = original(**inputs)
        return output

    monkeypatch.setattr(embedded.model, "generate", scarce)
    assert generate(embedded, prompts) == expected
    assert sizes[0] == 5
    assert max(sizes[2:]) <= 3
