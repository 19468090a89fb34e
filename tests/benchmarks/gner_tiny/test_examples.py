from __future__ import annotations

import dataclasses
import random
from pathlib import Path
from typing import Any

import pytest
import torch
from gner_tiny.examples import Drawn, Pool, Source, batches, draw, exchange_mentions, load_pool, prompt_types
from gner_tiny.recipe import ModelShape, Recipe, Stage, TrainingSet
from gner_tiny.tokenizer import train_tokenizer
from hypothesis import given
from hypothesis import strategies as st

from gner_bench.answers.gner import GNER, Target, parse_target
from gner_bench.data import Sentence
from gner_bench.structure import parse_generation

MENTIONS = {"x": [("Ann",), ("New", "York", "City")], "y": [("b", "c")]}


@st.composite
def sentences(draw: st.DrawFn) -> Sentence:
    words: list[str] = []
    tags: list[str] = []
    for kind in draw(st.lists(st.sampled_from(["O", "x", "y"]), max_size=6)):
        if kind == "O":
            words.append("w")
            tags.append("O")
        else:
            words += (mention := draw(st.sampled_from(MENTIONS[kind])))
            tags += [f"B-{kind}", *[f"I-{kind}"] * (len(mention) - 1)]
    return Sentence("0", tuple(words), tuple(tags))


@given(sentences(), st.floats(0, 1), st.integers())
def test_exchanging_mentions_keeps_the_types_and_the_words_between(sentence: Sentence, share: float, seed: int) -> None:
    words, tags = exchange_mentions(sentence, MENTIONS, share, random.Random(seed))
    assert len(words) == len(tags)
    assert [t for t in tags if not t.startswith("I-")] == [t for t in sentence.tags if not t.startswith("I-")]
    assert [w for w, t in zip(words, tags, strict=True) if t == "O"] == ["w"] * sentence.tags.count("O")
    if share == 0:
        assert (tuple(words), tuple(tags)) == (sentence.words, sentence.tags)


def pool(target: str = "full+bio", copying: Target | None = GNER) -> Pool:
    sentences = tuple(Sentence(str(i), (f"word{i}", "Ann"), ("O", "B-x")) for i in range(5))
    source = Source(TrainingSet("a", absent_types=1), ("x", "y", "z"), sentences, ())
    return Pool({"a": source}, MENTIONS, ["one", "two", "two"], ["one", "two"], parse_target(target), copying)


def test_every_sentence_of_a_set_is_drawn_once_an_epoch() -> None:
    drawn = Drawn()
    texts = [each.target for each in draw(pool(), drawn, {"a": 1.0}, 10, seed=0)]
    assert sorted(texts[:5]) == sorted(texts[5:]) == [f"word{i}(O) Ann(B-x)" for i in range(5)]
    assert drawn.counts == {"a": 10}


def test_what_is_drawn_depends_on_position_and_seed_alone() -> None:
    mix = {"a": 0.5, "copy": 0.5}
    whole = draw(pool(), Drawn(), mix, 4, seed=3)
    again = draw(pool(), Drawn(), mix, 4, seed=3)
    assert whole == again
    assert draw(pool(), Drawn({"a": 2, "copy": 2}), mix, 4, seed=3) != whole


def test_copying_examples_hold_no_entity() -> None:
    for asked, target, _ in draw(pool(), Drawn(copy_length=7), {"copy": 1.0}, 20, seed=0):
        pairs = parse_generation(target)
        assert 2 <= len(pairs) <= 7
        assert {label for _, label in pairs} == {"O"}
        assert asked.endswith("Sentence: " + " ".join(word for word, _ in pairs))


def test_an_example_asks_the_same_for_every_target_and_answers_in_its_words() -> None:
    answers = {}
    for target in ("entities", "context:1", "full", "full+bio", "full+bioes"):
        asked, answers[target], measured = draw(pool(target), Drawn(), {"a": 1.0}, 1, seed=0)[0]
        gner = draw(pool(), Drawn(), {"a": 1.0}, 1, seed=0)[0]
        assert (asked, measured) == (gner.prompt, gner.target)
    word = answers["full"].split("(")[0]
    assert answers == {
        "entities": "Ann(x)",
        "context:1": f"{word}(O) Ann(x)",
        "full": f"{word}(O) Ann(x)",
        "full+bio": f"{word}(O) Ann(B-x)",
        "full+bioes": f"{word}(O) Ann(S-x)",
    }


@pytest.mark.parametrize(("copying", "expected"), [("target", ""), ("words", "the sentence")])
def test_copying_is_the_target_or_the_bare_words(recipe: Recipe, tmp_path: Path, copying: Any, expected: str) -> None:
    changed = dataclasses.replace(recipe, target="entities", copying=copying)
    asked, target, _ = draw(load_pool(changed, tmp_path), Drawn(), {"copy": 1.0}, 1, seed=0)[0]
    assert target == (expected and asked.rpartition("Sentence: ")[2])


def test_batches_hold_the_same_sentences_whatever_the_target() -> None:
    tokenizer = train_tokenizer([" word1 Ann"] * 3, 320, schemes=("bio", "plain", "bioes"))
    made = {}
    for target in ("entities", "full+bio"):
        examples = draw(pool(target), Drawn(), {"a": 1.0}, 25, seed=0)
        made[target] = batches(examples, tokenizer, 120, random.Random(0))
    assert len(made["full+bio"]) > 3
    for one, other in zip(*made.values(), strict=True):
        assert torch.equal(one.prompts, other.prompts)
        assert one.targets.shape[1] < other.targets.shape[1]


def test_no_batch_is_larger_than_asked_for() -> None:
    tokenizer = train_tokenizer([" word1 Ann"] * 3, 320)
    made = batches(draw(pool(), Drawn(), {"a": 1.0}, 25, seed=0), tokenizer, 120, random.Random(0))
    assert sum(len(each.prompts) for each in made) == 25
    assert all(each.prompts.numel() + each.targets.numel() <= 120 for each in made)


def test_a_prompt_holds_the_types_of_its_sentence_and_few_others() -> None:
    kinds = [prompt_types(pool().sources["a"], ["B-y", "I-y"], random.Random(seed)) for seed in range(20)]
    assert all("y" in kind and len(kind) == 2 for kind in kinds)
    assert len({tuple(kind) for kind in kinds}) == 4


@pytest.fixture
def recipe(tmp_path: Path) -> Recipe:
    for split, words in {"train": ["secret", "open", "late"], "test": ["Secret"]}.items():
        folder = tmp_path / "a"
        folder.mkdir(exist_ok=True)
        (folder / "label.txt").write_text("PER\n", encoding="utf-8")
        (folder / f"{split}.txt").write_text("".join(f"{word}\tB-PER\n\n" for word in words), encoding="utf-8")
    return Recipe(
        name="r",
        note="",
        seed=0,
        optimizer="adamw",
        learning_rate=1e-3,
        warmup_steps=1,
        tokens_per_batch=100,
        model=ModelShape(16, 16, 8, 2, 1, 1, 300),
        sets=(TrainingSet("a", holdout=1, renamed={"PER": "person"}),),
        stages=(Stage(1, {"a": 1.0}),),
        protected={"a": "test"},
        validation={},
    )


def test_protected_sentences_are_left_out_whatever_their_case(recipe: Recipe, tmp_path: Path) -> None:
    source = load_pool(recipe, tmp_path).sources["a"]
    assert [sentence.words for sentence in source.sentences] == [("open",)]
    assert [sentence.words for sentence in source.held_out] == [("late",)]


def test_types_get_the_names_that_prompts_use(recipe: Recipe, tmp_path: Path) -> None:
    source = load_pool(recipe, tmp_path).sources["a"]
    assert source.types == ("person",)
    assert source.sentences[0].tags == ("B-person",)
