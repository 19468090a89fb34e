"""Placeholder until the answer formats have moved here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gner_bench.prompting import LabelOrder as LabelOrder
from gner_bench.prompting import Wrapping as Wrapping
from gner_bench.prompting import ordered_types as ordered_types
from gner_bench.prompting import prompt
from gner_bench.structure.targets import parse_target, target_text


@dataclass(frozen=True)
class AnswerFormat:
    name: str
    ask: Callable[[Sequence[str], Sequence[str]], list[str]]
    perfect: Callable[[Sequence[str], Sequence[str]], str]
    several: bool = False


def answer_format(name: str) -> AnswerFormat:
    target = parse_target("full+bio" if name == "gner" else name)
    return AnswerFormat(
        "gner" if str(target) == "full+bio" else str(target),
        lambda words, types: [prompt(words, types)],
        lambda words, tags: target_text(words, tags, target),
    )


def wrapped(text: str, wrapping: Wrapping) -> str:
    """``text`` as decoder-only GNER checkpoints were trained on it."""
    return f"[INST] {text} [/INST]" if wrapping == "llama" else text
