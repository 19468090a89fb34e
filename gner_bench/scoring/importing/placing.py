"""Spans onto the words of the gold: by word, by character where words are cut otherwise, by matching where they differ.

Spans that share a word with another cannot all become BIO tags: the higher score goes first where all have one, then
the longer, then the earlier in the file. The others are unplaced: they count as predicted, by their text.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise

from gner_bench.data.sentence import Sentence
from gner_bench.scoring.entities import lenient_spans
from gner_bench.scoring.importing.content import Placed, Types
from gner_bench.structure.matching import match

OVERLAPPING = "overlapping spans not placed (they count as predicted)"
CUT = "spans that begin or end inside a word not placed (they count as predicted)"
MATCHED = "sentences whose words differ from the gold's, matched"
LOST = "spans at words that the gold lacks not placed (they count as predicted)"


@dataclass(frozen=True, slots=True)
class Span:
    """``first`` and ``end`` (exclusive) count words or characters; ``score`` is from 0 to 1 or None."""

    first: int
    end: int
    type: str
    text: str
    score: float | None = None


@dataclass(frozen=True)
class TokenSpans:
    """Spans of ``words``."""

    words: tuple[str, ...]
    spans: tuple[Span, ...]
    generated = False

    def place(self, sentence: Sentence, types: Types) -> Placed:
        words, spans = sentence.words, renamed(self.spans, types)
        if words == self.words:
            return place_spans(len(words), spans)
        offsets = [0, *accumulate(len(squeezed(word)) for word in self.words)]
        if same_characters(self.words, words):
            return place_characters(words, [replace(s, first=offsets[s.first], end=offsets[s.end]) for s in spans])
        return _matched(self.words, words, spans)


@dataclass(frozen=True)
class CharacterSpans:
    """Spans of ``text``; without one, of the gold's words joined by spaces, where each span must have its own text."""

    text: str | None
    spans: tuple[Span, ...]
    generated = False

    @property
    def words(self) -> tuple[str, ...]:
        return tuple((self.text or "").split())

    def place(self, sentence: Sentence, types: Types) -> Placed:
        words = sentence.words
        text = " ".join(words) if self.text is None else self.text
        spans = [_within(text, span, self.text is None) for span in renamed(self.spans, types)]
        if same_characters([text], words):
            before = [0, *accumulate(not character.isspace() for character in text)]
            return place_characters(words, [replace(s, first=before[s.first], end=before[s.end]) for s in spans])
        tokens, spans = _tokens(text, spans)
        return _matched(tokens, words, spans)


@dataclass(frozen=True)
class Tags:
    """A tag for each of ``words``; where these are the gold's, tags stay as they are, legal BIO or not."""

    words: tuple[str, ...]
    tags: tuple[str, ...]
    generated = False

    def place(self, sentence: Sentence, types: Types) -> Placed:
        if sentence.words == self.words:
            return Placed([types.tag(tag) for tag in self.tags])
        return TokenSpans(self.words, tuple(spans_of(self.words, self.tags))).place(sentence, types)


def spans_of(words: Sequence[str], tags: Sequence[str]) -> list[Span]:
    """The spans of tags, read leniently."""
    return [Span(first, end, kind, " ".join(words[first:end])) for first, end, kind in lenient_spans(tags)]


def renamed(spans: Iterable[Span], types: Types) -> list[Span]:
    """The spans with the gold's names of their types, without those of dropped types."""
    named = ((span, types.name(span.type)) for span in spans)
    return [replace(span, type=name) for span, name in named if name is not None]


def squeezed(text: str) -> str:
    """``text`` without white space."""
    return "".join(text.split())


def same_characters(words: Iterable[str], others: Iterable[str]) -> bool:
    """Whether two sentences differ in white space and case at most, character by character."""
    one, other = squeezed(" ".join(words)), squeezed(" ".join(others))
    return len(one) == len(other) and (one == other or one.lower() == other.lower())


def place_spans(count: int, spans: Sequence[Span]) -> Placed:
    """Tags for ``count`` words from spans of them."""
    placed, sure = Placed(["O"] * count), [1.0] * count
    scored = bool(spans) and all(span.score is not None for span in spans)
    order = sorted(spans, key=lambda span: (-(span.score or 0) if scored else 0, span.first - span.end))
    seen: set[tuple[int, int, str]] = set()
    for span in order:
        if (span.first, span.end, span.type) in seen:
            continue
        seen.add((span.first, span.end, span.type))
        if any(tag != "O" for tag in placed.tags[span.first : span.end]):
            unplace(placed, span, OVERLAPPING)
            continue
        placed.tags[span.first : span.end] = bio(span)
        sure[span.first] = span.score or 0.0
    placed.confidence = sure if scored and all(0 <= number <= 1 for number in sure) else []
    return placed


def bio(span: Span) -> list[str]:
    """The tags of a span of words."""
    return [f"B-{span.type}"] + [f"I-{span.type}"] * (span.end - span.first - 1)


def unplace(placed: Placed, span: Span, why: str) -> None:
    """Let a span count as predicted by its text."""
    placed.unplaced.append((span.text, span.type))
    placed.noted[why] += 1


def place_characters(words: Sequence[str], spans: Iterable[Span]) -> Placed:
    """Tags for ``words`` from spans of their characters, white space not counted."""
    ends = list(accumulate(len(squeezed(word)) for word in words))
    first_at = {
        end - len(squeezed(word)): i for i, (word, end) in enumerate(zip(words, ends, strict=True)) if word.strip()
    }
    end_at = {end: index + 1 for index, (word, end) in enumerate(zip(words, ends, strict=True)) if word.strip()}
    whole, cut = [], []
    for span in spans:
        if span.first in first_at and span.end in end_at and span.first < span.end:
            whole.append(replace(span, first=first_at[span.first], end=end_at[span.end]))
        else:
            cut.append(span)
    placed = place_spans(len(words), whole)
    for span in cut:
        unplace(placed, span, CUT)
    return placed


def _matched(own: Sequence[str], words: Sequence[str], spans: Sequence[Span]) -> Placed:
    """Tags for ``words`` from spans of other words, by the hierarchical matching that generated text goes through."""
    flat = place_spans(len(own), spans)
    found = match(words, own, flat.tags)
    placed = Placed(found.tags, flat.unplaced, flat.noted)
    kept = set(found.sources)
    for first, end, kind in lenient_spans(flat.tags):
        if kept.isdisjoint(range(first, end)):
            unplace(placed, Span(first, end, kind, " ".join(own[first:end])), LOST)
    placed.noted[MATCHED] += 1
    return placed


def _within(text: str, span: Span, checked: bool) -> Span:
    """The span with its text. Raises ValueError for one that is not in ``text``."""
    if not 0 <= span.first < span.end <= len(text):
        raise ValueError(f"{span.first} to {span.end} does not lie within the {len(text)} characters of the text")
    found = text[span.first : span.end]
    if not found.strip():
        raise ValueError(f"{span.first} to {span.end} is only white space in the text")
    if span.text and squeezed(span.text).lower() != squeezed(found).lower():
        raise ValueError(f"{span.first} to {span.end} is {found[:40]!r} in the text, not {span.text[:40]!r}")
    if checked and not span.text:
        raise ValueError("has neither text nor entities with their text, so that nothing shows which sentence it is")
    return replace(span, text=found)


def _tokens(text: str, spans: Sequence[Span]) -> tuple[list[str], list[Span]]:
    """``text`` cut at white space and at the ends of spans, and the spans of these tokens."""
    cuts = sorted({0, len(text), *(span.first for span in spans), *(span.end for span in spans)})
    tokens: list[str] = []
    at = {0: 0}
    for start, end in pairwise(cuts):
        tokens += text[start:end].split()
        at[end] = len(tokens)
    return tokens, [replace(span, first=at[span.first], end=at[span.end]) for span in spans]
