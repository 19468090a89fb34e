"""Moved to gner_bench.predict.decode.batched and the methods of gner_bench.predict.checkpoint.Checkpoint."""

from collections.abc import Sequence

from gner_bench.predict.checkpoint import Checkpoint
from gner_bench.predict.decode.batched import generate as generate
from gner_bench.predict.decode.batched import use_protocol_settings as use_protocol_settings


def prompt_ids(checkpoint: Checkpoint, prompts: Sequence[str]) -> list[tuple[list[int], int, bool]]:
    return checkpoint.prompt_ids(prompts)


def end_tokens(checkpoint: Checkpoint) -> set[int]:
    return checkpoint.end_tokens
