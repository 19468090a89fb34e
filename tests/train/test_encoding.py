"""Token ids of examples: prompts as at prediction, loss on answers alone, limits that count what they cut."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from gner_bench.answers.answer import Wrapping
from gner_bench.answers.gner import prompt, tagged_text
from gner_bench.predict.checkpoint import load_checkpoint
from gner_bench.predict.folder import CheckpointFolder
from gner_bench.train.batches import IGNORED, Collator, Cut, Example, encode
from gner_bench.train.recipe import Recipe, TrainingSet
from gner_bench.train.start import read_start

RECIPE = Recipe("r", "c", (TrainingSet("films"),))
WORDS = ["did", "george", "clooney", "make", "a", "musical"]
TAGS = ["O", "B-actor", "I-actor", "O", "O", "B-genre"]


def pair(wrapping: Wrapping, times: int = 1) -> tuple[str, str]:
    return prompt(WORDS * times, ["actor"], wrapping), tagged_text(WORDS * times, TAGS * times)


@pytest.fixture(params=["tiny_t5", "tiny_llama"])
def start(request: pytest.FixtureRequest) -> CheckpointFolder:
    return read_start(str(request.getfixturevalue(request.param)))


def one(start: CheckpointFolder, recipe: Recipe = RECIPE, times: int = 1) -> tuple[Example, Cut]:
    examples, cut = encode([pair(start.wrapping, times)], start, recipe)
    return examples[0], cut


def test_prompts_are_tokenized_as_at_prediction(start: CheckpointFolder) -> None:
    checkpoint = load_checkpoint(str(start.folder), device="cpu")
    for times in (1, 60) if start.encoder_decoder else (1,):
        expected, _, _ = checkpoint.prompt_ids([pair(start.wrapping, times)[0]])[0]
        assert one(start, times=times)[0].prompt.tolist() == expected


def test_an_answer_is_the_tagged_text_and_the_end_token(start: CheckpointFolder) -> None:
    example, cut = one(start)
    assert example.answer[-1] == start.tokenizer.eos_token_id
    assert start.tokenizer.decode(example.answer[:-1]) == tagged_text(WORDS, TAGS)
    assert cut == Cut()


def test_only_answers_have_labels(start: CheckpointFolder) -> None:
    short, long = one(start)[0], one(start, times=3)[0]
    batch = Collator(start)([short, long])
    for row, example in enumerate((short, long)):
        labels = batch["labels"][row]
        assert labels[labels != IGNORED].tolist() == list(example.answer)
        seen = batch["input_ids"][row][batch["attention_mask"][row] == 1].tolist()
        assert seen == [*example.prompt, *([] if start.encoder_decoder else example.answer)]
    if start.encoder_decoder:
        assert batch["decoder_input_ids"][1].tolist() == [0, *long.answer[:-1]]
    else:
        place = len(short.prompt)
        assert batch["labels"][0][place] == batch["input_ids"][0][place] == short.answer[0]


def test_what_exceeds_the_limits_of_an_encoder_decoder_is_cut_and_counted(tiny_t5: Path) -> None:
    start = read_start(str(tiny_t5))
    whole, _ = one(start)
    example, cut = one(start, replace(RECIPE, max_input_tokens=9, max_new_tokens=7))
    assert example.prompt.tolist() == [*whole.prompt[:8], whole.prompt[-1]]
    assert example.answer.tolist() == [*whole.answer[:6], whole.answer[-1]]
    assert (cut.prompts, cut.answers, cut.dropped) == (1, 1, 0)
    assert cut.lines() == ["1 prompts were cut at the input limit", "1 answers did not fit and were cut"]


def test_prompt_and_answer_share_the_limit_of_a_decoder_only_model(tiny_llama: Path) -> None:
    start = read_start(str(tiny_llama))
    whole, _ = one(start)
    exact, cut = one(start, replace(RECIPE, max_total_tokens=whole.tokens))
    assert (exact, cut) == (whole, Cut())
    shorter, cut = one(start, replace(RECIPE, max_total_tokens=whole.tokens - 1))
    assert shorter.tokens == whole.tokens - 1
    assert (shorter.answer[-1], cut.answers) == (1, 1)
    examples, cut = encode([pair("inst")], start, replace(RECIPE, max_total_tokens=len(whole.prompt) + 1))
    assert (examples, cut.dropped) == ([], 1)


def test_prompt_and_answer_together_are_what_the_llama_tokenizer_makes_of_the_whole_text(shared: Path) -> None:
    """The paper's script tokenizes prompt, space and answer as one text (released script, preprocess_function)."""
    from transformers import LlamaTokenizer

    tokenizer = LlamaTokenizer.from_pretrained(shared / "tokenizers/llama")
    asked, answer = pair("inst")
    apart = tokenizer(asked)["input_ids"] + tokenizer(answer, add_special_tokens=False)["input_ids"]
    assert tokenizer(f"{asked} {answer}")["input_ids"] == apart


def test_fillers_have_no_labels(start: CheckpointFolder) -> None:
    collator = Collator(start)
    example = one(start)[0]
    alone = collator([collator.filler, collator.filler])
    assert torch.all(alone["labels"] == IGNORED)
    assert alone["attention_mask"].sum() == 2
    both = collator([example, collator.filler])
    assert (both["labels"] != IGNORED).sum() == len(example.answer)
