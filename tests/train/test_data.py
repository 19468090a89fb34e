"""What a fine-tuning recipe reads: limits, held-out sentences, and no peeking."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from gner_bench.answers.gner import parse_target
from gner_bench.data import Sentence
from gner_bench.errors import UsageError
from gner_bench.train.prepare import RecipeData, load_data, prompt_types, text_pairs
from gner_bench.train.recipe import PILE_NER, Recipe, Selection, TrainingSet


def write_set(root: Path, name: str, **splits: list[str]) -> None:
    """A data set whose sentences are one person each."""
    (root / name).mkdir(parents=True)
    (root / name / "label.txt").write_text("person\nplace\nyear\n", encoding="utf-8")
    for split, words in splits.items():
        text = "".join(f"{word}\tB-person\nleft\tO\n\n" for word in words)
        (root / name / f"{split}.txt").write_text(text, encoding="utf-8")


def recipe(**settings: Any) -> Recipe:
    return Recipe(**{"name": "r", "checkpoint": "c", "sets": (TrainingSet("films"),), "test": ("films",), **settings})


def words_of(loaded: RecipeData) -> list[str]:
    return [sentence.words[0] for data in loaded.training for sentence in data.dataset.sentences]


def test_a_limit_draws_with_the_seed_and_keeps_the_order(tmp_path: Path) -> None:
    write_set(tmp_path, "films", train=[f"w{i}" for i in range(50)], test=["z"])
    sets = (TrainingSet("films", limit=10),)
    first, again = (words_of(load_data(recipe(sets=sets), tmp_path)) for _ in range(2))
    other = words_of(load_data(recipe(sets=sets, seed=1), tmp_path))
    assert first == again == sorted(first, key=lambda word: int(word[1:]))
    assert len(first) == 10
    assert first != other


def test_every_nth_sentence_is_held_out_of_training(tmp_path: Path) -> None:
    write_set(tmp_path, "films", train=[f"w{i}" for i in range(9)], test=["z"])
    loaded = load_data(recipe(selection=Selection(holdout=3)), tmp_path)
    held = [sentence.words[0] for sentence in loaded.selection[0].sentences]
    assert held == ["w2", "w5", "w8"]
    assert words_of(loaded) == ["w0", "w1", "w3", "w4", "w6", "w7"]
    assert loaded.selection[0].split == "train-heldout"


def test_a_sentence_of_a_test_set_is_never_held_out(tmp_path: Path) -> None:
    write_set(tmp_path, "films", train=[f"w{i}" for i in range(9)], test=["w2", "w5"])
    loaded = load_data(recipe(selection=Selection(holdout=3)), tmp_path)
    assert [sentence.words[0] for sentence in loaded.selection[0].sentences] == ["w3", "w7"]
    assert words_of(loaded) == ["w0", "w1", "w2", "w4", "w5", "w6", "w8"]


def test_a_test_set_as_selection_data_is_refused(tmp_path: Path) -> None:
    write_set(tmp_path, "films", train=["a"], dev=["x", "Y", "u"], test=["y", "x", "z"])
    with pytest.raises(UsageError, match=r"2 of 3 sentences of films/dev are in films/test \(such as 0, 1\)"):
        load_data(recipe(selection=Selection(dev=("films",))), tmp_path)
    allowed = load_data(recipe(selection=Selection(dev=("films",), allow_leaks=True)), tmp_path)
    assert [str(each) for each in allowed.selection_overlaps] == ["2 of 3 sentences of films/dev are in films/test"]


def test_the_mit_dev_sets_are_refused(shared: Path) -> None:
    selection = Selection(dev=("mit-movie",))
    with pytest.raises(UsageError, match="200 of 200 sentences of mit-movie/dev are in mit-movie/test"):
        load_data(recipe(sets=(TrainingSet("ncbi"),), test=("mit-movie",), selection=selection), shared / "data/gner")


def test_test_sentences_in_training_are_told_and_not_dropped(tmp_path: Path) -> None:
    write_set(tmp_path, "films", train=["a", "b"], test=["b"])
    loaded = load_data(recipe(test=("films", "mit-movie")), tmp_path)
    assert [str(each) for each in loaded.training_overlaps] == ["1 of 2 sentences of films/train are in films/test"]
    assert words_of(loaded) == ["a", "b"]
    assert loaded.unchecked == ("mit-movie",)


def pile(root: Path) -> None:
    (root / PILE_NER).mkdir(parents=True)
    said = ["Text: Ann met Ann in Rome", "I've read this text.", "What describes person in the text?", '["Ann"]']
    said += ["What describes city in the text?", '["Rome", "Paris"]', "What describes year in the text?", "[]"]
    turns = [{"from": ("human", "gpt")[i % 2], "value": value} for i, value in enumerate(said)]
    record = json.dumps({"id": "7", "conversations": turns})
    (root / PILE_NER / "train.json").write_text(f"[{record}]", encoding="utf-8")


def test_passages_of_pile_ner_become_tagged_sentences_and_are_counted(tmp_path: Path) -> None:
    pile(tmp_path)
    data = load_data(recipe(sets=(TrainingSet(PILE_NER),), test=()), tmp_path).training[0]
    sentence = data.dataset.sentences[0]
    assert sentence.tags == ("B-person", "O", "B-person", "O", "B-city")
    assert (sentence.types or data.dataset.types) == ("person", "city", "year")
    assert data.placement is not None
    assert (data.placement.found, data.placement.several, data.placement.missing) == (2, 1, 1)


def test_pile_ner_in_the_cache_is_counted_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GNER_BENCH_HOME", str(tmp_path))
    pile(tmp_path / "files")
    for root in (None, tmp_path / "elsewhere"):
        data = load_data(recipe(sets=(TrainingSet(PILE_NER),), test=()), root).training[0]
        assert data.placement is not None
        assert data.placement.found == 2


def test_prompts_hold_the_types_of_the_sentence_and_negative_ones(tmp_path: Path) -> None:
    write_set(tmp_path, "films", train=["a"], test=["z"])
    sentence = Sentence("0", ("a",), ("B-person",))
    for limit, most in ((None, 3), (0, 1), (1, 2), (9, 3)):
        sets = (TrainingSet("films", negative_types=limit),)
        data = load_data(recipe(sets=sets), tmp_path).training[0]
        found = prompt_types(data, sentence, random.Random(0))
        assert "person" in found
        assert len(found) == len(set(found)) == most


def test_examples_depend_on_the_seed_alone(tmp_path: Path) -> None:
    write_set(tmp_path, "films", train=["a", "b", "c"], test=["z"])
    loaded = load_data(recipe(), tmp_path)
    target = parse_target("entities")
    pairs = list(text_pairs(loaded, target, "plain", 0))
    assert pairs == list(text_pairs(loaded, target, "plain", 0))
    assert pairs != list(text_pairs(loaded, target, "plain", 1))
    assert [answer for _, answer in pairs] == ["a(person)", "b(person)", "c(person)"]
    assert pairs[0][0].endswith("Sentence: a left")
