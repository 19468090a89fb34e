"""One generated text, structured: parsed, its labels checked, matched onto the sentence, with what was noticed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from operator import ne

from gner_bench.structure.matching import BackTokenize, Match, match
from gner_bench.structure.targets import GNER, Target, parse_target_text, placed_tags


@dataclass(frozen=True, slots=True)
class Structured:
    """The ``match`` of one generation, and what of its words, labels and sentence words went astray.

    ``unknown_labels`` counts those of types that the prompt lacks, ``omitted_words`` the words of the sentence that got
    no label, ``added_words`` the generated words that found no place (see ``word_differences``). ``generated`` holds
    the (word, label) pairs as generated; ``outside_vocabulary`` the words of the sentence that the back-tokenizer does
    not give back as they are, in lower case both, in their order.
    """

    match: Match
    unknown_labels: int
    omitted_words: int
    added_words: int
    generated: Sequence[tuple[str, str]] = ()
    outside_vocabulary: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WordDifferences:
    """What the output changed of the sentence's words: each side in its own order, substitutes as (word, generated)."""

    omitted: list[str]
    added: list[str]
    substituted: list[tuple[str, str]]


def structure(
    words: Sequence[str],
    types: Collection[str],
    text: str,
    back_tokenize: BackTokenize | None = None,
    target: Target = GNER,
) -> Structured:
    """Tags for ``words`` from the generated ``text``; a label whose type is not in ``types`` becomes ``O``."""
    pairs = parse_target_text(text, target)
    written: Sequence[str]
    generated, written = zip(*pairs, strict=True) if pairs else ((), ())
    allowed = labels_of(tuple(types))
    labels = written if allowed.issuperset(written) else [label if label in allowed else "O" for label in written]
    outside: list[str] = []
    noticing = None if back_tokenize is None else _noticing(back_tokenize, words, outside)
    matched = match(words, generated, labels, noticing)
    if target.scheme == "plain":
        matched = replace(matched, tags=placed_tags(labels, matched.sources, types, target))
    placed = len(words) - matched.sources.count(None)
    unknown = 0 if labels is written else sum(map(ne, labels, written))
    return Structured(matched, unknown, len(words) - placed, len(pairs) - placed, pairs, tuple(outside))


@lru_cache(maxsize=1024)
def labels_of(types: tuple[str, ...]) -> frozenset[str]:
    """The labels that a prompt with these types allows."""
    return frozenset(["O", *(f"{part}-{kind}" for kind in types for part in "BI")])


def _noticing(back_tokenize: BackTokenize, words: Sequence[str], outside: list[str]) -> BackTokenize:
    """``back_tokenize`` that adds to ``outside`` those of ``words`` whose lower case it changes."""

    def noticing(lowered: Sequence[str]) -> Sequence[str]:
        found = back_tokenize(lowered)
        if found != lowered:
            outside.extend(word for word, old, new in zip(words, lowered, found, strict=True) if old != new)
        return found

    return noticing


def word_differences(words: Sequence[str], structured: Structured) -> WordDifferences:
    """The words of a sentence that its output omitted, added and substituted.

    Between two neighbouring placed words (or an end), a run of words without label that is answered by as many
    generated words without place is substituted, word by word; other runs are omitted and added.
    """
    found = WordDifferences([], [], [])
    start, first = 0, 0
    for index, source in enumerate([*structured.match.sources, len(structured.generated)]):
        if source is None:
            continue
        left_out = words[start:index]
        put_in = [word for word, _ in structured.generated[first:source]]
        if left_out and len(left_out) == len(put_in):
            found.substituted.extend(zip(left_out, put_in, strict=True))
        else:
            found.omitted.extend(left_out)
            found.added.extend(put_in)
        start, first = index + 1, source + 1
    return found
