"""Hierarchical matching: generated words and labels onto the words of the sentence (Ding et al. 2024, section 3.3)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import isqrt
from typing import Literal, get_args

Step = Literal["exact", "subsequence", "lcs"]
STEPS: tuple[Step, ...] = get_args(Step)
MOST = 20_000_000_000
"""Words of the sentence times generated words of a longest common subsequence, some ten seconds' work."""
KEPT = 1024
"""Words whose positions are kept as bits, and words after which the tails are kept, at least."""
BackTokenize = Callable[[Sequence[str]], Sequence[str]]
"""Encodes words one by one and decodes them, so that characters outside the vocabulary vanish."""


@dataclass(frozen=True, slots=True)
class Match:
    """One of ``tags`` for each word of the sentence, and the ``step`` that placed them.

    ``sources`` holds for each word the index of the generated word whose label it took, or None if it got none. ``cut``
    is the number of generated words at the end that were not looked at, as there were too many.
    """

    tags: list[str]
    step: Step
    sources: list[int | None]
    cut: int = 0


def match(
    words: Sequence[str],
    generated_words: Sequence[str],
    generated_labels: Sequence[str],
    back_tokenize: BackTokenize | None = None,
) -> Match:
    """Place ``generated_labels`` on ``words``; words without a counterpart become ``O``.

    Both sides are compared in lower case, the sentence's after ``back_tokenize``. Equal lists take the labels as they
    are, a generated subsequence is placed greedily from the left, anything else by a longest common subsequence.
    Raises ValueError when there are not as many labels as generated words.
    """
    if len(generated_words) != len(generated_labels):
        raise ValueError(f"{len(generated_words)} generated words but {len(generated_labels)} labels")
    expected = list(map(str.lower, words))
    generated = list(map(str.lower, generated_words))
    if back_tokenize is not None:
        expected = list(back_tokenize(expected))
    if expected == generated:
        return Match(list(generated_labels), "exact", list(range(len(generated))))
    step: Step = "subsequence"
    sources: list[int | None] = []
    placed = cut = 0
    for word in expected:
        same = placed < len(generated) and generated[placed] == word
        sources.append(placed if same else None)
        placed += same
    if placed < len(generated):
        most = MOST // max(1, len(expected))
        step, sources = "lcs", longest_common_subsequence(expected, generated[:most])
        cut = max(0, len(generated) - most)
    return Match(["O" if source is None else generated_labels[source] for source in sources], step, sources, cut)


def longest_common_subsequence(expected: Sequence[str], generated: Sequence[str]) -> list[int | None]:
    """For each expected word the position of the generated one that it is placed on, or None.

    The tie rule is part of the protocol. Patience sorting states it: a word's positions are visited from last to first,
    each replaces the smallest tail that is not below it and continues the newest pair on the pile before, and the trace
    starts from the newest pair on the last pile.

    The newest pair on a pile is that of the latest word equal to the generated one at its tail, and the tail of the
    pile before, after any number of words, is the greatest below. So tails are all that is needed. They are where the
    length of the common subsequence grows, and one addition moves these, as bits of an integer, on by a word (Hyyrö
    2004, Bit-parallel LCS-length computation revisited): repeated words cost no more than others. To bound memory, only
    some of the integers are kept and others are made again.
    """
    occurrences, positions = _places(expected), _places(generated)
    packed: dict[str, int] = {}

    def bits(word: str) -> int:
        octets = bytearray(len(generated) // 8 + 1)
        for position in positions[word]:
            octets[position >> 3] |= 1 << (position & 7)
        step = int.from_bytes(octets, "little")
        if len(packed) < KEPT:
            packed[word] = step
        return step

    def following(row: int, words: Sequence[str]) -> Iterator[int]:
        for word in words:
            if word in positions:
                same = row & (packed.get(word) or bits(word))
                row = (row + same | row - same) & none
            yield row

    # Zeros are tails; at first there is none.
    none = (1 << len(generated)) - 1
    first = index = len(expected)
    position, rows = len(generated), [none]
    apart = max(KEPT, isqrt(first))
    kept = [none]
    for start in range(0, first - apart, apart):
        *_, last = following(kept[-1], expected[start : start + apart])
        kept.append(last)
    sources: list[int | None] = [None] * first
    first += 1
    while True:
        if index < first:
            first = max(0, index - 1) // apart * apart
            rows = [kept[first // apart], *following(kept[first // apart], expected[first:index])]
        tails = ~rows[index - first] & ((1 << position) - 1)
        if not tails:
            return sources
        position = tails.bit_length() - 1
        before = occurrences[generated[position]]
        while before[-1] >= index:
            before.pop()
        index = before[-1]
        sources[index] = position


def _places(words: Sequence[str]) -> dict[str, list[int]]:
    places: dict[str, list[int]] = {}
    for place, word in enumerate(words):
        places.setdefault(word, []).append(place)
    return places
