from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from gner_bench.cli import main
from gner_bench.data import Sentence
from gner_bench.documents.record import read_records
from gner_bench.errors import UsageError
from gner_bench.predict.checkpoint import Checkpoint, load_checkpoint
from gner_bench.predict.decode.batched import generate, use_protocol_settings
from gner_bench.predict.decode.constrained import ConstrainedDecoder
from gner_bench.predict.decode.speculative import SpeculativeDecoder
from gner_bench.predict.plan import Asking, Task
from gner_bench.structure import parse_generation


@pytest.fixture
def checkpoint(tiny_llama: Path) -> Checkpoint:
    loaded = load_checkpoint(str(tiny_llama), device="cpu")
    use_protocol_settings(loaded)
    return loaded


def test_predict_score_and_report(
    tiny_llama: Path, corpus: Path, tmp_path: Path, short_outputs: Callable[[int], None], undrawn: None
) -> None:
    short_outputs(300)
    run = ["predict", "--model", str(tiny_llama), "--data", str(corpus), "--out", str(tmp_path / "run")]
    score = ["score", str(tmp_path / "run"), "--json", "--out", str(tmp_path / "scores.json")]
    report = ["report", str(tmp_path / "scores.json"), "--out", str(tmp_path / "report")]
    for command in (run, score, report):
        result = CliRunner().invoke(main, command, catch_exceptions=False)
        assert result.exit_code == 0, result.output
    record = next(read_records(tmp_path / "run/predictions.jsonl"))
    line = json.loads((tmp_path / "run/predictions.jsonl").read_text(encoding="utf-8").splitlines()[0])
    prompt = line["instance"]["instruction_inputs"]
    assert prompt.startswith("[INST] Please analyze")
    assert prompt.endswith("a musical [/INST]")
    assert "[/INST]" not in record.prediction
    assert (tmp_path / "run/tokenizer.model").exists()
    assert "tok:9e556afd" in json.loads((tmp_path / "scores.json").read_text(encoding="utf-8"))["signature"]
    assert (tmp_path / "report/report.md").exists()


def test_padding_on_the_left_changes_nothing(checkpoint: Checkpoint, short_outputs: Callable[[int], None]) -> None:
    short_outputs(40)
    prompts = ["[INST] a rather longer prompt than the other one [/INST]", "[INST] hi [/INST]"]
    together = [generation.text for generation in generate(checkpoint, prompts)]
    assert together == [generate(checkpoint, [prompt])[0].text for prompt in prompts]


def test_the_limit_counts_prompt_and_output_of_each_row(
    checkpoint: Checkpoint, short_outputs: Callable[[int], None]
) -> None:
    short_outputs(30)
    prompts = ["hi", "a rather longer prompt than the other one"]
    lengths = [len(ids) for ids in checkpoint.tokenizer(prompts)["input_ids"]]
    assert [g.tokens + n for g, n in zip(generate(checkpoint, prompts), lengths, strict=True)] == [30, 30]


@pytest.mark.parametrize("rows", [1, 3])
def test_drafted_decoding_writes_the_same(
    checkpoint: Checkpoint, short_outputs: Callable[[int], None], rows: int
) -> None:
    short_outputs(230)
    tasks = [
        Task(
            "news",
            "test",
            ("person", "place"),
            Sentence(str(index), words, ("O",) * len(words)),
            Asking(wrapping="inst"),
        )
        for index, words in enumerate([("Ann", "saw", "Oslo"), ("hi",), ("a",) * 30, ("(O)", "東京", "\u3000")])
    ]
    expected = {task: generate(checkpoint, [task.prompt])[0] for task in tasks}
    generations = dict(SpeculativeDecoder(checkpoint, rows)(tasks))
    assert {task: replace(generation, passes=0) for task, generation in generations.items()} == expected


def test_constrained_decoding_of_a_decoder_only_checkpoint(checkpoint: Checkpoint) -> None:
    task = Task("news", "test", ("person",), Sentence("0", ("Ann", "saw", "Oslo"), ("O",) * 3), Asking(wrapping="inst"))
    ((_, generation),) = ConstrainedDecoder(checkpoint, 2)([task])
    assert [word for word, _ in parse_generation(generation.text)] == ["Ann", "saw", "Oslo"]
    assert len(generation.confidence) == 3


@pytest.mark.parametrize("decoder", [SpeculativeDecoder, ConstrainedDecoder])
def test_other_decoder_only_models_are_refused_by_name(tiny_qwen: Path, decoder: Callable[..., object]) -> None:
    """Whose windows, norms or biases the loop has not, so that it would write something else."""
    with pytest.raises(UsageError, match=r"T5 and LLaMA, and .* is a qwen2 checkpoint; --decoding greedy"):
        decoder(load_checkpoint(str(tiny_qwen), device="cpu"), 2)
