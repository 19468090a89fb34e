"""One answer of tagged words, structured: its labels checked, matched onto the sentence, with what was noticed."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from operator import ne

from gner_bench.answers.answer import AnswerFormat, Piece, Tagged
from gner_bench.answers.answer import pieces as pieces_of
from gner_bench.answers.front import read_answer
from gner_bench.answers.gner import GNER
from gner_bench.structure.matching import BackTokenize, Match, match


@dataclass(frozen=True, slots=True)
class Structured:
    """The ``match`` of one answer, and what of its words, labels and sentence words went astray.

    ``unknown_labels`` counts those of types that the prompt lacks, ``omitted_words`` the words of the sentence that got
    no label, ``added_words`` the generated words that found no place (see ``word_differences``). ``generated`` holds
    the (word, label) pairs as read, ``labels`` their labels after the check against the types; ``outside_vocabulary``
    the words of the sentence that the back-tokenizer does not give back as they are, in lower case both, in their
    order. ``label`` is what ends a word in the text, as far as a pattern says it; ``text`` is the text that was read
    where it is not the answer's own.
    """

    match: Match
    unknown_labels: int
    omitted_words: int
    added_words: int
    generated: Sequence[tuple[str, str]] = ()
    outside_vocabulary: tuple[str, ...] = ()
    labels: Sequence[str] = ()
    label: re.Pattern[str] | None = None
    text: str | None = None

    def pieces(self, text: str) -> list[Piece]:
        """The parts of the answer's ``text``; one alone where the format does not say what ends a word."""
        text = text if self.text is None else self.text
        if self.label is not None:
            return pieces_of(text, self.label)
        return [Piece(text, "tail")] if text else []


@dataclass(frozen=True, slots=True)
class WordDifferences:
    """What the output changed of the sentence's words: each side in its own order, substitutes as (word, generated)."""

    omitted: list[str]
    added: list[str]
    substituted: list[tuple[str, str]]


def structure(
    words: Sequence[str],
    types: Collection[str],
    answer: str | Tagged,
    back_tokenize: BackTokenize | None = None,
    format: AnswerFormat = GNER,
) -> Structured:
    """Tags for ``words`` from an ``answer``, read by ``format`` where it is text.

    A label whose type is not in ``types`` becomes ``O``. Raises TypeError for a format whose answers are not words with
    labels; these are placed by ``structure.placing``.
    """
    listed = tuple(types)
    tagged = read_answer(format, answer, words, listed) if isinstance(answer, str) else answer
    if not isinstance(tagged, Tagged):
        raise TypeError(f"answers of the format {format.name} are not words with labels")
    pairs = tagged.pairs
    generated: Sequence[str]
    written: Sequence[str]
    generated, written = zip(*pairs, strict=True) if pairs else ((), ())
    allowed = labels_of(listed)
    labels = written if allowed.issuperset(written) else [label if label in allowed else "O" for label in written]
    outside: list[str] = []

    def noticing(lowered: Sequence[str]) -> Sequence[str]:
        assert back_tokenize is not None
        kept = back_tokenize(lowered)
        if kept != lowered:
            outside.extend(word for word, old, new in zip(words, lowered, kept, strict=True) if old != new)
        return kept

    matched = match(words, generated, labels, None if back_tokenize is None else noticing)
    if not tagged.parted:
        matched = replace(matched, tags=_joined(labels, matched.sources))
    placed = len(words) - matched.sources.count(None)
    unknown = 0 if labels is written else sum(map(ne, labels, written))
    omitted, added = len(words) - placed, len(pairs) - placed
    return Structured(matched, unknown, omitted, added, pairs, tuple(outside), labels, tagged.label, tagged.text)


@lru_cache(maxsize=1024)
def labels_of(types: tuple[str, ...]) -> frozenset[str]:
    """The labels that a prompt with these types allows."""
    return frozenset(["O", *(f"{part}-{kind}" for kind in types for part in "BI")])


def _joined(labels: Sequence[str], sources: Sequence[int | None]) -> list[str]:
    """BIO from labels without B: words of one type belong together that follow each other in sentence and text."""
    tags: list[str] = []
    before = -2
    for source in sources:
        tag = "O" if source is None else labels[source]
        if tag != "O":
            joins = bool(tags) and tags[-1][2:] == tag[2:] and source == before + 1
            tag = ("I-" if joins else "B-") + tag[2:]
        tags.append(tag)
        before = -2 if source is None else source
    return tags


def word_differences(words: Sequence[str], structured: Structured) -> WordDifferences:
    """The words of a sentence that its output omitted, added and substituted.

    Between two neighbouring placed words (or an end), a run of words without label that is answered by as many
    generated words without place is substituted, word by word; other runs are omitted and added.
    """
    differences = WordDifferences([], [], [])
    start, first = 0, 0
    for index, source in enumerate([*structured.match.sources, len(structured.generated)]):
        if source is None:
            continue
        left_out = words[start:index]
        put_in = [word for word, _ in structured.generated[first:source]]
        if left_out and len(left_out) == len(put_in):
            differences.substituted.extend(zip(left_out, put_in, strict=True))
        else:
            differences.omitted.extend(left_out)
            differences.added.extend(put_in)
        start, first = index + 1, source + 1
    return differences
