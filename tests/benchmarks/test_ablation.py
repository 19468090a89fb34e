from __future__ import annotations

import random
import sys
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import ablation
import ablation_tables
import pytest
from gner_tiny.tokenizer import train_tokenizer
from hypothesis import given
from hypothesis import strategies as st

from gner_bench.answers.gner import parse_target
from gner_bench.data import Dataset, Sentence
from gner_bench.documents.scores import System
from gner_bench.predict.plan import Asking, plan
from gner_bench.scoring.counting import score
from gner_bench.scoring.predictions import Origin, Prediction
from gner_bench.scoring.scores import Scores
from gner_bench.structure import structure

TYPES = ("person", "place")
WORDS = st.lists(st.sampled_from(["Ann", "Oslo", "saw", "the", "(", "O"]), min_size=1, max_size=6)


@st.composite
def tagged(draw: st.DrawFn) -> tuple[list[str], list[str]]:
    """Words with tags in which no two entities touch, so that every target tells them apart."""
    words: list[str] = []
    tags: list[str] = []
    for kind in draw(st.lists(st.sampled_from(["", *TYPES]), min_size=1, max_size=4)):
        mention = draw(st.lists(st.sampled_from(["Ann", "Lee", "Oslo"]), min_size=1, max_size=3)) if kind else []
        words += [*mention, f"w{len(words)}"]
        tags += [*(f"{'I' if index else 'B'}-{kind}" for index in range(len(mention))), "O"]
    return words, tags


@given(tagged(), st.sampled_from(["full", "full+bio", "full+bioes"]))
def test_the_right_text_of_all_words_gives_the_tags_back(sentence: tuple[list[str], list[str]], target: str) -> None:
    words, tags = sentence
    text = parse_target(target).perfect(words, tags)
    assert structure(words, TYPES, text, None, parse_target(target)).match.tags == tags


@pytest.mark.parametrize("target", ["entities", "context:1"])
def test_the_right_text_of_few_words_gives_the_tags_back(target: str) -> None:
    words, tags = ["in", "New", "York", "Ann", "sang"], ["O", "B-place", "I-place", "B-person", "O"]
    text = parse_target(target).perfect(words, tags)
    assert structure(words, TYPES, text, None, parse_target(target)).match.tags == tags


@given(WORDS, st.lists(st.tuples(WORDS, st.sampled_from(["O", "B-person", "I-place", "B-other"])), max_size=4))
def test_the_gner_target_is_structured_as_everywhere(words: list[str], parts: list[tuple[list[str], str]]) -> None:
    text = " ".join(f"{' '.join(some)}({label})" for some, label in parts)
    expected = structure(words, TYPES, text).match.tags
    assert structure(words, TYPES, text, None, parse_target("full+bio")).match.tags == expected


def dataset(size: int) -> Dataset:
    sentences = tuple(Sentence(str(index), (f"w{index}",), ("O",)) for index in range(size))
    return Dataset("news", "test", TYPES, sentences)


def test_sentences_are_drawn_from_the_whole_set_always_the_same() -> None:
    drawn = [int(sentence.id) for sentence in ablation.sampled(dataset(500), 20).sentences]
    assert len(drawn) == len(set(drawn)) == 20
    assert drawn == sorted(drawn)
    assert max(drawn) > 250
    assert ablation.sampled(dataset(500), 20) == ablation.sampled(dataset(500), 20)
    assert len(ablation.sampled(dataset(5), 20).sentences) == 5


@given(st.lists(st.sampled_from(["Ann", "Oslo", "xyzzy"]), min_size=1, max_size=6), st.integers())
def test_no_right_answer_is_cut(words: list[str], seed: int) -> None:
    tags = [f"B-{kind}" if kind else "O" for kind in random.Random(seed).choices([*TYPES, ""], k=len(words))]
    sentence = Sentence("0", tuple(words), tuple(tags))
    task = plan(Dataset("news", "test", TYPES, (sentence,)), "file", 0, Asking())[0]
    checkpoint: Any = SimpleNamespace(
        tokenizer=lambda texts: {"input_ids": [each.ids for each in TOKENIZER.encode_batch(texts)]}
    )
    for target in ablation.TARGETS:
        answer = TOKENIZER.encode(parse_target(target).perfect(words, tags))
        assert len(answer.ids) <= ablation.longest_answer(checkpoint, task)


TOKENIZER = train_tokenizer([" Ann Oslo person place"] * 3, 320, schemes=("bio", "plain", "bioes"))


class Guesses:
    """Ten sentences, ``Ann(person) saw Oslo(place)``, each with the same predicted tags."""

    def __init__(self, predicted: Sequence[str]) -> None:
        self.predicted = tuple(predicted)

    @property
    def origin(self) -> Origin:
        return Origin((), System("guesses"))

    def __iter__(self) -> Any:
        for id in range(10):
            gold = ("B-person", "O", "B-place")
            yield Prediction("news", "test", str(id), TYPES, ("Ann", "saw", "Oslo"), gold, self.predicted)


def group() -> dict[str, Scores]:
    wrong = ["B-place", "B-place", "O"]  # a wrong type, a spurious entity, a missed one
    return {"entities": score(Guesses(wrong)), "full+bio": score(Guesses(["B-person", "O", "B-place"]))}


def test_errors_are_for_100_gold_entities() -> None:
    assert ablation_tables.errors(group()["entities"]) == {"unlabeled": 50.0, "noisy": 100.0, "boundary": 0.0}


def test_the_table_compares_each_target_with_gner() -> None:
    best = {**group(), "entities": score(Guesses(["B-person", "O", "O"]))}
    lines = ablation_tables.summary(group(), best).splitlines()
    entities, gner = ([cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:])
    assert entities[:3] == ["entities", "0.0 [0.0, 43.4]", "-100.0 [-100.0, -100.0]"]
    assert 0 < float(entities[3]) < 0.05
    assert entities[4] == "66.7"
    assert entities[9:] == ["50.0", "100.0", "0.0"]
    assert gner[:5] == ["full+bio", "100.0 [83.9, 100.0]", "", "", "100.0"]
    assert {len(line.split("|")) for line in lines} == {len(lines[0].split("|"))}


def test_several_seeds_end_in_their_mean() -> None:
    other = {**group(), "entities": score(Guesses(["B-person", "O", "O"]))}
    text = ablation_tables.document({0: {"zero-shot": group()}, 1: {"zero-shot": other}}, {"zero-shot": group()})
    assert "### Seed 1, zero-shot: mean over 1 data sets, 10 sentences" in text
    assert "| entities | 33.3 (0.0 to 66.7) | 33.3 (0.0 to 66.7) |" in text


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in (*ablation.ZERO_SHOT, "news"):
        folder = tmp_path / "data" / name
        folder.mkdir(parents=True)
        (folder / "label.txt").write_text("actor\n", encoding="utf-8")
        for split, count in (("train", 12), ("test", 3)):
            text = "".join(f"{split}{i}\tO\nann\tB-actor\nlee\tI-actor\n\n" for i in range(count))
            (folder / f"{split}.txt").write_text(text, encoding="utf-8")
    return tmp_path / "data"


RECIPE = """
name = "micro"
note = "a test"
seed = 0
optimizer = "adamw"
learning_rate = 1e-3
warmup_steps = 1
tokens_per_batch = 120
copying = "words"
schemes = ["bio", "plain", "bioes"]
model = {d_model = 16, d_ff = 16, d_kv = 8, heads = 2, encoder_layers = 1, decoder_layers = 1, vocabulary = 320}
sets = [{name = "news"}]
stages = [{steps = 1, mix = {copy = 1.0}}, {steps = 1, mix = {news = 1.0}}]
validation = {}
protected = {news = "test"}
"""


def test_the_whole_goes_on_where_it_was_killed(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "recipe.toml").write_text(RECIPE, encoding="utf-8")
    options = ["--recipe", str(tmp_path / "recipe.toml"), "--data", str(root), "--out", str(tmp_path / "out")]
    figure = ["--figure", str(tmp_path / "figures/ablation"), "--limit", "2"]
    monkeypatch.setattr(sys, "argv", ["ablation.py", *options, *figure])
    monkeypatch.setattr(ablation, "ZERO_SHOT", ablation.ZERO_SHOT[:3])
    decode, decoded = ablation.decode, 0

    def dying(*arguments: Any) -> Any:
        nonlocal decoded
        decoded += 1
        if decoded == 12:
            raise KeyboardInterrupt
        return decode(*arguments)

    monkeypatch.setattr(ablation, "decode", dying)
    with pytest.raises(KeyboardInterrupt):
        ablation.main()
    ablation.main()
    assert decoded == 1 + len(ablation.TARGETS) * 4
    printed = capsys.readouterr().out
    assert "zero-shot: mean over 3 data sets, 6 sentences" in printed
    assert "supervised: mean over 1 data sets, 2 sentences" in printed
    assert {path.suffix for path in (tmp_path / "figures").iterdir()} == {".png", ".svg"}
    ablation.main()
    assert capsys.readouterr().out == printed
    assert decoded == 1 + len(ablation.TARGETS) * 4


def test_right_answers_show_what_a_target_cannot_say(tmp_path: Path) -> None:
    words, labels = ["Ann", "Lee", "met", "Ann"], ["B-person", "B-person", "O", "O"]
    record = {"dataset": "news", "split": "test", "label_list": list(TYPES), "prediction": ""}
    line = ablation_tables.json_line({**record, "instance": {"id": "0", "words": words, "labels": labels}})
    path = tmp_path / "news-1.jsonl"
    path.write_text(line, encoding="utf-8")
    tokenizer: Any = lambda words: list(words)  # noqa: E731
    tokenizer.fingerprint = ""
    found = {}
    for target in ("full", "full+bio"):
        written = ablation.Written([path], parse_target(target), tokenizer, perfect=True)
        found[target] = next(iter(written)).predicted
    assert found == {"full": ("B-person", "I-person", "O", "O"), "full+bio": tuple(labels)}
