"""Long sentences in parts: what a system cannot read at once, it is given in windows, never cut in silence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

ENDS = (frozenset(".!?…。！？।"), frozenset(",;:،、；：—–"))
"""What a window ends after best, and next best: the last characters of a sentence, and of a part of one."""


@dataclass(frozen=True)
class Windows:
    """The ``parts`` of a sentence (see ``windows``), whose ``size`` is in ``unit``, where a part may have ``most``."""

    parts: list[tuple[int, int]]
    size: int
    most: int
    unit: str


def windows(words: Sequence[str], sizes: Sequence[int], most: int) -> list[tuple[int, int]]:
    """Parts ``(first, end)`` of ``words``, in order and together all of them, each of ``most`` at most.

    ``sizes`` are those of the words, such as their tokens; a word larger than ``most`` is a part by itself. A part ends
    after the last word in its second half that ends a sentence, else after the last one there that ends a clause, else
    where it is full.
    """
    before = [0, *accumulate(sizes)]
    parts, first = [], 0
    while first < len(words):
        end = first + 1
        while end < len(words) and before[end + 1] - before[first] <= most:
            end += 1
        if end < len(words):
            half = [place for place in range(end, first, -1) if before[place] - before[first] > most / 2]
            marks = ([place for place in half if words[place - 1][-1:] in ends] for ends in ENDS)
            end = next((places[0] for places in marks if places), end)
        parts.append((first, end))
        first = end
    return parts
