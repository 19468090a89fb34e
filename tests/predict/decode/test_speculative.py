"""Drafted decoding writes what plain greedy decoding writes; constrained decoding writes the words it was given."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gner_bench.data import Sentence, read_dataset
from gner_bench.demo import CORPUS
from gner_bench.predict.checkpoint import Checkpoint, load_checkpoint
from gner_bench.predict.decode.batched import generate, use_protocol_settings
from gner_bench.predict.decode.constrained import ConstrainedDecoder, on_the_edge
from gner_bench.predict.decode.speculative import SpeculativeDecoder
from gner_bench.predict.generation import Generation
from gner_bench.predict.plan import Asking, Task, plan
from gner_bench.structure import structure

SETS = ("crossner_ai", "crossner_music", "mit-movie", "mit-restaurant")


@pytest.fixture(scope="module")
def demo() -> Checkpoint:
    return load_checkpoint("demo", device="cpu")


@pytest.fixture(scope="module")
def tasks() -> list[Task]:
    return [task for name in SETS for task in plan(read_dataset(CORPUS, name), "file", 0, Asking())[:4]]


@pytest.fixture(scope="module")
def alone(demo: Checkpoint, tasks: list[Task]) -> dict[Task, Generation]:
    """What plain greedy decoding writes for each sentence, one at a time."""
    use_protocol_settings(demo)
    return {task: generate(demo, [task.prompt])[0] for task in tasks}


def same(generation: Generation) -> Generation:
    """Without what may differ between decodings."""
    return replace(generation, passes=0)


@pytest.mark.parametrize("rows", [1, 3, 64])
def test_the_demonstration_writes_the_same(
    demo: Checkpoint, tasks: list[Task], alone: dict[Task, Generation], rows: int
) -> None:
    decoder = SpeculativeDecoder(demo, rows)
    generations = {task: same(generation) for task, generation in decoder(tasks)}
    assert generations == alone
    assert decoder.loop.counts.kept == sum(g.tokens + (g.finish == "stop") for g in alone.values())


def test_drafts_of_another_run_save_passes_and_change_nothing(
    demo: Checkpoint, tasks: list[Task], alone: dict[Task, Generation]
) -> None:
    own, wrong = (
        {task.key: text(g) for task, g in alone.items()} for text in (lambda g: g.text, lambda g: g.text[::-1])
    )
    passes = {}
    for name, hints in {"none": {}, "own": own, "wrong": wrong}.items():
        generations = dict(SpeculativeDecoder(demo, 1, hints)(tasks))
        assert {task: same(generation) for task, generation in generations.items()} == alone
        passes[name] = sum(generation.passes for generation in generations.values())
    assert passes["own"] < passes["none"] / 2


def test_half_precision_runs(tasks: list[Task]) -> None:
    """transformers keeps one layer of T5 in fp32 in fp16 models. Texts may differ where two tokens are near."""
    checkpoint = load_checkpoint("demo", dtype="fp16", device="cpu")
    use_protocol_settings(checkpoint)
    expected = {task: generate(checkpoint, [task.prompt])[0] for task in tasks[:4]}
    written = {task: same(generation) for task, generation in SpeculativeDecoder(checkpoint, 2)(tasks[:4])}
    assert sum(written[task] == expected[task] for task in expected) >= 2


def test_a_batch_of_drafts_needs_a_fraction_of_the_passes(demo: Checkpoint, tasks: list[Task]) -> None:
    generations = dict(SpeculativeDecoder(demo, 1)(tasks))
    assert sum(g.passes for g in generations.values()) < sum(g.tokens for g in generations.values()) / 4


@pytest.fixture(scope="module")
def random_t5(tmp_path_factory: pytest.TempPathFactory, demo: Checkpoint) -> Callable[[int], Checkpoint]:
    """The demonstration with weights disturbed so that it leaves the sentence in many ways."""

    @cache
    def build(seed: int) -> Checkpoint:
        torch.manual_seed(seed)
        loaded = load_checkpoint("demo", device="cpu")
        for parameter in loaded.model.parameters():
            parameter.data += torch.randn_like(parameter) * parameter.std() * 0.05 * (seed % 4)
        return loaded

    return build


WORD = st.sampled_from(
    [
        "did",
        "(O)",
        "(B-person)",
        ")",
        "(",
        "a(b",
        "Oslo",
        "Oslo",
        "\u3000",
        "東京",
        "{",
        "O",
        "I-x",
        "Fell",
        "'s",
        ",",
        "the",
    ]
)
SENTENCES = st.lists(st.lists(WORD, min_size=1, max_size=12), min_size=1, max_size=3)


def task_of(words: Sequence[str], index: int, types: tuple[str, ...] = ("person", "location")) -> Task:
    sentence = Sentence(str(index), tuple(words), ("O",) * len(words))
    return Task("news", "test", types, sentence, Asking())


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(SENTENCES, st.integers(0, 7), st.integers(1, 3))
def test_disturbed_models_and_adversarial_sentences(
    random_t5: Callable[[int], Checkpoint],
    short_outputs: Callable[[int], None],
    sentences: list[list[str]],
    seed: int,
    rows: int,
) -> None:
    short_outputs(60)
    checkpoint = random_t5(seed)
    use_protocol_settings(checkpoint)
    tasks = [task_of(words, index) for index, words in enumerate(sentences)]
    expected = {task: generate(checkpoint, [task.prompt])[0] for task in tasks}
    assert {task: same(generation) for task, generation in SpeculativeDecoder(checkpoint, rows)(tasks)} == expected


def test_a_sentence_of_400_words(demo: Checkpoint) -> None:
    words = [random.Random(i).choice(["the", "Oslo", "saw", "Ann", "in"]) for i in range(400)]
    task = task_of(words, 0)
    use_protocol_settings(demo)
    assert [same(g) for _, g in SpeculativeDecoder(demo, 2)([task])] == generate(demo, [task.prompt])


def constrained(
    checkpoint: Checkpoint, tasks: Sequence[Task], rows: int
) -> Iterator[tuple[Task, list[str], Generation]]:
    for task, generation in ConstrainedDecoder(checkpoint, rows)(tasks):
        structured = structure(task.sentence.words, frozenset(task.types), generation.text, None)
        yield task, list(structured.match.tags), generation


@pytest.mark.parametrize("rows", [1, 4])
def test_constrained_output_keeps_every_word_and_is_legal(demo: Checkpoint, tasks: list[Task], rows: int) -> None:
    seen = 0
    for task, tags, generation in constrained(demo, tasks, rows):
        before = "O"
        for tag in tags:
            assert tag == "O" or tag[2:] in task.types
            assert not tag.startswith("I-") or before[2:] == tag[2:]
            before = tag
        assert generation.finish == "stop"
        assert len(generation.confidence) == len(task.sentence.words)
        assert all(0 < p <= 1 for p in generation.confidence)
        assert "confidence" in generation.noted()
        seen += 1
    assert seen == len(tasks)


def test_constrained_decoding_agrees_with_greedy_where_that_is_sure(
    demo: Checkpoint, tasks: list[Task], alone: dict[Task, Generation]
) -> None:
    for task, tags, generation in constrained(demo, tasks, 4):
        if min(generation.confidence) > 0.9:
            greedy = structure(task.sentence.words, frozenset(task.types), alone[task].text, None)
            assert tags == list(greedy.match.tags)


def test_what_constrained_decoding_writes_does_not_depend_on_who_is_beside(
    demo: Checkpoint, tasks: list[Task], monkeypatch: pytest.MonkeyPatch
) -> None:
    def written(rows: int, some: Sequence[Task]) -> dict[Task, Generation]:
        return {task: replace(generation, passes=0) for task, _, generation in constrained(demo, some, rows)}

    tasks = tasks[::3]
    half = tasks[len(tasks) // 2 :]
    whole, other, rest = written(4, tasks), written(1, tasks), written(3, half)
    assert {task: g.noted() for task, g in whole.items()} == {task: g.noted() for task, g in other.items()}
    assert [whole[task].noted() for task in half] == [rest[task].noted() for task in half]
    # By itself, a sentence has the same confidences to the last bit whatever came before.
    monkeypatch.setattr("gner_bench.predict.decode.constrained.EDGE", 1.0)
    assert written(4, half) == {task: g for task, g in written(2, tasks[::-1]).items() if task in half}


@pytest.mark.parametrize(
    ("confidence", "edge"),
    [(1.0, False), (0.0, False), (0.5, False), (0.1235, True), (0.123509, True), (0.1236, False)],
)
def test_the_edge_between_two_values(confidence: float, edge: bool) -> None:
    assert on_the_edge(confidence) is edge


@settings(max_examples=25)
@given(st.lists(WORD, min_size=1, max_size=10))
def test_constrained_decoding_of_adversarial_sentences(demo: Checkpoint, words: list[str]) -> None:
    ((_, generation),) = ConstrainedDecoder(demo, 1)([task_of(words, 0)])
    assert generation.finish == "stop"
    assert len(generation.confidence) == len(words)
