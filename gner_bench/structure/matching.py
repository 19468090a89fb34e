"""Hierarchical matching: generated words and labels onto the words of the sentence (Ding et al. 2024, section 3.3)."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

Step = Literal["exact", "subsequence", "lcs"]
STEPS: tuple[Step, ...] = get_args(Step)
BackTokenize = Callable[[Sequence[str]], Sequence[str]]
"""Encodes words one by one and decodes them, so that characters outside the vocabulary vanish."""


@dataclass(frozen=True, slots=True)
class Match:
    """One of ``tags`` for each word of the sentence, and the ``step`` that placed them.

    ``sources`` holds for each word the index of the generated word whose label it took, or None if it got none.
    """

    tags: list[str]
    step: Step
    sources: list[int | None]


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
    placed = 0
    for word in expected:
        same = placed < len(generated) and generated[placed] == word
        sources.append(placed if same else None)
        placed += same
    if placed < len(generated):
        step, sources = "lcs", longest_common_subsequence(expected, generated)
    return Match(["O" if source is None else generated_labels[source] for source in sources], step, sources)


@dataclass(slots=True)
class _Pair:
    """Expected word ``word`` placed on generated word ``position``; ``before`` is the pair it continues."""

    word: int
    position: int
    before: _Pair | None


def longest_common_subsequence(expected: Sequence[str], generated: Sequence[str]) -> list[int | None]:
    """A longest common subsequence by patience sorting: O((N + pairs of equal words) log N).

    The tie rule is part of the protocol: a word's positions are visited from last to first, each replaces the smallest
    tail that is not below it, continues the newest pair on the pile before, and the trace starts from the newest pair
    on the last pile.
    """
    positions: defaultdict[str, list[int]] = defaultdict(list)
    for position in range(len(generated) - 1, -1, -1):
        positions[generated[position]].append(position)
    tails: list[int] = []
    newest: list[_Pair] = []
    for index, word in enumerate(expected):
        for position in positions.get(word, ()):
            pile = bisect_left(tails, position)
            tails[pile : pile + 1] = [position]
            newest[pile : pile + 1] = [_Pair(index, position, newest[pile - 1] if pile else None)]
    sources: list[int | None] = [None] * len(expected)
    pair = newest[-1] if newest else None
    while pair is not None:
        sources[pair.word] = pair.position
        pair = pair.before
    return sources
