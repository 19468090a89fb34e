from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gner_bench.answers.answer import ordered_types
from gner_bench.answers.gner import prompt, tagged_text

TYPES = st.lists(st.text(), unique=True, max_size=12)
SEEDS = st.integers(0, 2**32)
PROMPT = """\
Please analyze the sentence provided, identifying the type of entity for each word on a token-by-token basis.
Output format is: word_1(label_1), word_2(label_2), ...
We'll use the BIO-format to label the entities, where:
1. B- (Begin) indicates the start of a named entity.
2. I- (Inside) is used for words within a named entity but are not the first word.
3. O (Outside) denotes words that are not part of a named entity.

Use the specific entity tags: person, place and O.
Sentence: Ann saw Oslo"""
FIVE_TYPES = ["person", "place", "product", "field", "metric"]


@pytest.fixture(scope="module")
def published(shared: Path) -> list[dict[str, Any]]:
    """The records of the authors' own prompts."""
    with (shared / "predictions" / "gner-t5-base.dev700.jsonl").open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def test_the_prompt_to_the_letter() -> None:
    assert prompt(["Ann", "saw", "Oslo"], ["person", "place"]) == PROMPT


def test_decoder_only_checkpoints_get_the_instruction_markers() -> None:
    plain = prompt(["Ann"], ["person"])
    assert prompt(["Ann"], ["person"], "inst") == f"[INST] {plain} [/INST]"


def test_prompts_equal_the_published_ones(published: list[dict[str, Any]]) -> None:
    assert len(published) == 700
    for record in published:
        instance = record["instance"]
        assert prompt(instance["words"], record["label_list"]) == instance["instruction_inputs"]


def test_targets_equal_the_published_ones(published: list[dict[str, Any]]) -> None:
    for record in published:
        instance = record["instance"]
        assert tagged_text(instance["words"], instance["labels"]) == instance["prompt_labels"]


def test_a_target_needs_a_tag_for_each_word() -> None:
    with pytest.raises(ValueError, match="shorter"):
        tagged_text(["Ann", "ran"], ["O"])


@given(TYPES, SEEDS, st.text())
def test_file_order_keeps_the_types_as_they_stand(types: list[str], seed: int, key: str) -> None:
    assert ordered_types(types, "file", seed, key) == types


@given(TYPES, SEEDS, st.text())
def test_shuffled_types_are_a_permutation(types: list[str], seed: int, key: str) -> None:
    assert sorted(ordered_types(types, "shuffled", seed, key)) == sorted(types)


@given(TYPES, SEEDS, st.text())
def test_the_shuffle_depends_on_seed_and_key_alone(types: list[str], seed: int, key: str) -> None:
    numbers = [str(number) for number in range(len(types))]
    order = ordered_types(numbers, "shuffled", seed, key)
    assert ordered_types(types, "shuffled", seed, key) == [types[int(number)] for number in order]


def test_other_seeds_and_other_keys_shuffle_otherwise() -> None:
    by_seed = {tuple(ordered_types(FIVE_TYPES, "shuffled", seed, "0")) for seed in range(20)}
    by_key = {tuple(ordered_types(FIVE_TYPES, "shuffled", 0, str(key))) for key in range(20)}
    assert len(by_seed) > 10
    assert len(by_key) > 10


def test_a_seed_and_a_key_always_give_the_same_order() -> None:
    order = ordered_types(FIVE_TYPES, "shuffled", 0, "crossner_ai/test/0")
    assert order == ["product", "person", "metric", "field", "place"]
