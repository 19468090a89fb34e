"""The GNER prompt: instruction, entity types, sentence (Ding et al. 2024, section 3 and appendix)."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from typing import Literal

LabelOrder = Literal["file", "shuffled"]
Wrapping = Literal["plain", "llama"]

INSTRUCTION = """\
Please analyze the sentence provided, identifying the type of entity for each word on a token-by-token basis.
Output format is: word_1(label_1), word_2(label_2), ...
We'll use the BIO-format to label the entities, where:
1. B- (Begin) indicates the start of a named entity.
2. I- (Inside) is used for words within a named entity but are not the first word.
3. O (Outside) denotes words that are not part of a named entity.
"""
TYPES_JOINT = "\nUse the specific entity tags: "
SENTENCE_JOINT = " and O.\nSentence: "


def prompt(words: Sequence[str], types: Sequence[str], wrapping: Wrapping = "plain") -> str:
    """The text that asks a GNER checkpoint to tag ``words`` with ``types``.

    ``wrapping`` is ``"llama"`` for decoder-only GNER checkpoints, which were trained on ``[INST] … [/INST]``.
    """
    text = f"{INSTRUCTION}{TYPES_JOINT}{', '.join(types)}{SENTENCE_JOINT}{' '.join(words)}"
    return f"[INST] {text} [/INST]" if wrapping == "llama" else text


def tagged_text(words: Sequence[str], tags: Sequence[str]) -> str:
    """The text that a perfect GNER checkpoint writes: ``word(tag) word(tag) …``."""
    return " ".join(f"{word}({tag})" for word, tag in zip(words, tags, strict=True))


def ordered_types(types: Sequence[str], order: LabelOrder, seed: int, key: str) -> list[str]:
    """``types`` as they stand in the label file, or shuffled by ``seed`` and the sentence's ``key``.

    The shuffle depends on nothing else: not on the other sentences, their number or their order.
    """
    if order == "file":
        return list(types)
    digest = hashlib.sha256(f"{seed}\t{key}".encode()).digest()
    shuffled = list(types)
    random.Random(digest).shuffle(shuffled)
    return shuffled
