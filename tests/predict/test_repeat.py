from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gner_bench.errors import UsageError
from gner_bench.predict.backend import SystemOptions
from gner_bench.predict.options import Options, Shard
from gner_bench.predict.repeat import Repeat, parse_repeats, repeat, require_batches

OPTIONS = Options(data=None, out=Path("runs/base"), batch_tokens=4096)


def test_batch_sizes_with_and_without_a_number_format() -> None:
    assert parse_repeats("8,32,bf16:8,8") == (Repeat(8), Repeat(32), Repeat(8, "bf16"))


@pytest.mark.parametrize("text", ["", "0", "8,", "-1", "int8:4", "bf16", "8:bf16", "x", "1.5"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="expected batch sizes such as 8,32"):
        parse_repeats(text)


def test_each_repeat_is_a_run_beside_the_first_with_all_else_alike() -> None:
    asked: list[tuple[SystemOptions, Options]] = []

    def predict(system: SystemOptions, options: Options) -> Path:
        asked.append((system, options))
        return options.out / "predictions.jsonl"

    system = SystemOptions("demo", shots=2)
    paths = repeat(system, OPTIONS, parse_repeats("8,bf16:32"), predict)
    assert [str(path.parent) for path in paths] == ["runs/base-batch-8", "runs/base-bf16-batch-32"]
    assert [given for given, _ in asked] == [system, replace(system, dtype="bf16")]
    assert [(one.batch_size, one.batch_tokens) for _, one in asked] == [(8, None), (32, None)]


@pytest.mark.parametrize(
    ("system", "options", "said"),
    [
        (SystemOptions("m", backend="openai"), OPTIONS, "openai, which has no batch size"),
        (SystemOptions("train", backend="gazetteer"), OPTIONS, "gazetteer, which has no batch size"),
        (SystemOptions("en", backend="spacy"), OPTIONS, "no number format"),
        (SystemOptions("demo"), replace(OPTIONS, shard=Shard(1, 2)), "whole runs"),
    ],
)
def test_what_has_no_batches_is_refused(system: SystemOptions, options: Options, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        require_batches(system, options, parse_repeats("bf16:8"))
