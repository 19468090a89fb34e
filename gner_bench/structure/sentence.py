"""One generated text, structured: parsed, its labels checked, matched onto the sentence, with what was noticed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from gner_bench.structure.matching import BackTokenize, Match, match
from gner_bench.structure.parsing import parse_generation


@dataclass(frozen=True, slots=True)
class Structured:
    """The ``match`` of one generation, and how many of its words, labels and sentence words went astray."""

    match: Match
    unknown_labels: int
    omitted_words: int
    added_words: int


def structure(
    words: Sequence[str], types: Collection[str], text: str, back_tokenize: BackTokenize | None = None
) -> Structured:
    """Tags for ``words`` from the generated ``text``; a label whose type is not in ``types`` becomes ``O``."""
    pairs = parse_generation(text)
    labels = [label if label == "O" or label[2:] in types else "O" for _, label in pairs]
    matched = match(words, [word for word, _ in pairs], labels, back_tokenize)
    placed = sum(source is not None for source in matched.sources)
    unknown = sum(kept != label for kept, (_, label) in zip(labels, pairs, strict=True))
    return Structured(matched, unknown, len(words) - placed, len(pairs) - placed)
