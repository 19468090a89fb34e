"""Answers that are not tagged words onto the words of a sentence: spans, mentions without places, and tags.

Spans are placed by word, by character where words are cut otherwise, by hierarchical matching where they differ. Spans
that share a word with another cannot all become BIO tags: the higher score goes first where all have one, then the
longer, then the earlier in the answer.

Mentions are placed at every occurrence in the sentence, from left to right, since the question asks what, not where:
that leaves the GNER metric as it is, which counts a text once a sentence. Longer ones go first, those of equal length
in the order of the answer.

What finds no free place is unplaced: it counts as predicted, by its text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate, pairwise
from typing import NamedTuple

from gner_bench.answers.answer import Answer, CharacterSpans, Mentions, Span, Tagged, Tags, WordSpans
from gner_bench.bio import lenient_spans, place_span
from gner_bench.structure.matching import match

OVERLAPPING = "overlapping spans not placed (they count as predicted)"
CUT = "spans that begin or end inside a word not placed (they count as predicted)"
MATCHED = "sentences whose words differ from the gold's, matched"
ENTITY = "\U0010ffff"
"""Stands for a word of an entity."""
UNPLACED = "unplaced_confidence"
"""The key of a prediction's ``generation`` for the scores of what is unplaced."""
TOO_LONG = "sentences too long to be matched to their end"
LOST = "spans at words that the gold lacks not placed (they count as predicted)"
MISSING = "mentions not in the sentence (they count as predicted)"
TAKEN = "mentions only at words of other entities (they count as predicted)"
Naming = Callable[[str], str | None]
"""The name that the sentence's types have for a type of the answer, None where mentions of it are left out."""


class Mention(NamedTuple):
    """A mention with its text in words."""

    text: str
    words: tuple[str, ...]
    type: str


@dataclass(slots=True)
class Placed:
    """Predicted ``tags``, one a word of the sentence, and the (text, type) pairs that are ``unplaced``.

    ``noted`` counts what people must know, by the phrase that tells it. ``confidence`` has a number for each word, the
    product of those of an entity being its score, or is empty; ``unplaced_scores`` are those of what is unplaced.
    """

    tags: list[str]
    unplaced: list[tuple[str, str]] = field(default_factory=list)
    noted: Counter[str] = field(default_factory=Counter)
    confidence: list[float] = field(default_factory=list)
    unplaced_scores: list[float | None] = field(default_factory=list)

    @property
    def generation(self) -> dict[str, list[float | None]]:
        """What a prediction notes of the scores, as a run notes the confidences of words; empty without scores."""
        scores: dict[str, list[float | None]] = {"confidence": [*self.confidence]} if self.confidence else {}
        return scores | ({UNPLACED: self.unplaced_scores} if {*self.unplaced_scores} - {None} else {})

    def unplace(self, mention: Span | Mention, why: str) -> None:
        """Let a mention count as predicted by its text."""
        self.unplaced.append((mention.text, mention.type))
        self.unplaced_scores.append(mention.score if isinstance(mention, Span) else None)
        self.noted[why] += 1


def place(answer: Answer, words: Sequence[str], name: Naming = lambda kind: kind) -> Placed:
    """Tags for ``words`` from an answer that is not tagged words, which ``structure`` is for.

    Tags stay as they are, legal BIO or not, where their words are the sentence's. Raises ValueError for spans that
    cannot be of this sentence, TypeError for tagged words.
    """
    match answer:
        case Mentions():
            placed = Placed(["O"] * len(words))
            named = ((text, name(kind)) for text, kind in answer.mentions)
            kept = dict.fromkeys(Mention(text, tuple(text.split()), kind) for text, kind in named if kind is not None)
            for mention, occurring, tagged in place_mentions(placed.tags, words, kept, by_character=True):
                if not tagged:
                    placed.unplace(mention, TAKEN if occurring else MISSING)
        case WordSpans():
            placed = _place_word_spans(answer.words, words, _renamed(answer.spans, name))
        case CharacterSpans():
            placed = _place_character_spans(answer.text, words, _renamed(answer.spans, name))
        case Tags() if tuple(words) == answer.words:
            placed = Placed([renamed_tag(tag, name) for tag in answer.tags])
        case Tags():
            own = answer.words
            spans = [
                Span(first, end, kind, " ".join(own[first:end])) for first, end, kind in lenient_spans(answer.tags)
            ]
            placed = _place_word_spans(own, words, _renamed(spans, name))
        case Tagged():
            raise TypeError("words with labels are matched, not placed")
    placed.noted.update(answer.notes)
    return placed


def _renamed(spans: Iterable[Span], name: Naming) -> list[Span]:
    named = ((span, name(span.type)) for span in spans)
    return [replace(span, type=kind) for span, kind in named if kind is not None]


def renamed_tag(tag: str, name: Naming) -> str:
    """A tag with the name of its type, ``O`` for one that is left out."""
    kind = None if tag == "O" else name(tag[2:])
    return f"{tag[:2]}{kind}" if kind else "O"


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
        if place_span(placed.tags, span.first, span.end, span.type):
            sure[span.first] = span.score or 0.0
        else:
            placed.unplace(span, OVERLAPPING)
    placed.confidence = sure if scored and all(0 <= number <= 1 for number in sure) else []
    return placed


def _place_word_spans(own: Sequence[str], words: Sequence[str], spans: list[Span]) -> Placed:
    """Tags for ``words`` from spans of the system's ``own`` words."""
    if tuple(words) == own:
        return place_spans(len(words), spans)
    if not same_characters(own, words):
        return _matched(own, words, spans)
    offsets = [0, *accumulate(len(squeezed(word)) for word in own)]
    return _place_offsets(words, [replace(s, first=offsets[s.first], end=offsets[s.end]) for s in spans])


def _place_character_spans(text: str | None, words: Sequence[str], spans: list[Span]) -> Placed:
    """Tags for ``words`` from spans of the characters of ``text``, None being the words joined by spaces."""
    checked, text = text is None, " ".join(words) if text is None else text
    for index, span in enumerate(spans):
        if not 0 <= span.first < span.end <= len(text):
            raise ValueError(f"{span.first} to {span.end} does not lie within the {len(text)} characters of the text")
        inner = text[span.first : span.end]
        if not inner.strip():
            raise ValueError(f"{span.first} to {span.end} is only white space in the text")
        if span.text and squeezed(span.text).lower() != squeezed(inner).lower():
            raise ValueError(f"{span.first} to {span.end} is {inner[:40]!r} in the text, not {span.text[:40]!r}")
        if checked and not span.text:
            message = "has neither text nor entities with their text, so that nothing shows which sentence it is"
            raise ValueError(message)
        spans[index] = replace(span, text=inner)
    if same_characters([text], words):
        before = [0, *accumulate(not character.isspace() for character in text)]
        return _place_offsets(words, [replace(s, first=before[s.first], end=before[s.end]) for s in spans])
    # Other words: the text is cut at white space and at the ends of spans, so that spans are of whole tokens.
    cuts = sorted({0, len(text), *(span.first for span in spans), *(span.end for span in spans)})
    tokens: list[str] = []
    at = {0: 0}
    for start, end in pairwise(cuts):
        tokens += text[start:end].split()
        at[end] = len(tokens)
    return _matched(tokens, words, [replace(span, first=at[span.first], end=at[span.end]) for span in spans])


def _place_offsets(words: Sequence[str], spans: Iterable[Span]) -> Placed:
    """Tags for ``words`` from spans of their characters, white space not counted."""
    starts: dict[int, int] = {}
    ends: dict[int, int] = {}
    offset = 0
    for index, word in enumerate(words):
        if size := len(squeezed(word)):
            starts[offset], ends[offset + size] = index, index + 1
            offset += size
    whole, cut = [], []
    for span in spans:
        if span.first in starts and span.end in ends and span.first < span.end:
            whole.append(replace(span, first=starts[span.first], end=ends[span.end]))
        else:
            cut.append(span)
    placed = place_spans(len(words), whole)
    for span in cut:
        placed.unplace(span, CUT)
    return placed


def _matched(own: Sequence[str], words: Sequence[str], spans: Sequence[Span]) -> Placed:
    """Tags for ``words`` from spans of other words, by the hierarchical matching that generated text goes through."""
    flat = place_spans(len(own), spans)
    matched = match(words, own, flat.tags)
    placed = Placed(matched.tags, flat.unplaced, flat.noted)
    kept = set(matched.sources)
    for first, end, kind in lenient_spans(flat.tags):
        if kept.isdisjoint(range(first, end)):
            placed.unplace(Span(first, end, kind, " ".join(own[first:end])), LOST)
    placed.noted[MATCHED] += 1
    if matched.cut:
        placed.noted[TOO_LONG] += 1
    return placed


def place_mentions(
    tags: list[str], words: Sequence[str], mentions: Iterable[Mention], by_character: bool
) -> Iterator[tuple[Mention, bool, int]]:
    """Tag every occurrence of each mention that shares no word with an entity placed before.

    Words are compared as they are; else in lower case; else, ``by_character``, without regard to white space. Gives the
    mentions in the order in which they are placed, longer ones first, with whether they occur and how often they were
    placed.
    """
    lower = [word.lower() for word in words]
    text = "".join(map(squeezed, lower))
    starts: dict[int, list[int]] = {}
    ends: dict[int, int] = {}
    offset = 0
    for index, word in enumerate(lower):
        starts.setdefault(offset, []).append(index)
        offset += len(squeezed(word))
        ends.setdefault(offset, index + 1)
    # Words as one character each: those of a mention are looked for as a text in a text, and among those that are free.
    rows: list[str] = []
    letters: list[dict[str, str]] = []
    for row in (words, lower):
        known: dict[str, str] = {}
        rows.append("".join([known.setdefault(word, chr(len(known))) for word in row]))
        letters.append(known)
    free = ["".join([x if tag == "O" else ENTITY for x, tag in zip(row, tags, strict=True)]) for row in rows]

    def tag(first: int, end: int, kind: str) -> bool:
        placed = place_span(tags, first, end, kind)
        if placed:
            free[:] = [row[:first] + ENTITY * (end - first) + row[end:] for row in free]
        return placed

    for mention in sorted(mentions, key=lambda mention: -len(mention.words)):
        wanted_lower = tuple(word.lower() for word in mention.words)
        occurs, placed = False, 0
        for reading, wanted in enumerate((mention.words, wanted_lower)):
            if not occurs and wanted and letters[reading].keys() >= set(wanted):
                part = "".join([letters[reading][word] for word in wanted])
                occurs, first = part in rows[reading], free[reading].find(part)
                while first >= 0:
                    placed += tag(first, first + len(wanted), mention.type)
                    first = free[reading].find(part, first + len(wanted))
        characters = "".join(wanted_lower)
        for offset in _places(text, characters) if by_character and not occurs else ():
            if (end := ends.get(offset + len(characters))) is not None:
                for first in starts.get(offset, []):
                    occurs, placed = True, placed + tag(first, end, mention.type)
        yield mention, occurs, placed


def _places(text: str, part: str) -> Iterator[int]:
    """Where a part that is not empty begins in a text, overlapping ones too."""
    place = text.find(part) if part else -1
    while place >= 0:
        yield place
        place = text.find(part, place + 1)


def squeezed(text: str) -> str:
    """``text`` without white space."""
    return "".join(text.split())


def same_characters(words: Iterable[str], others: Iterable[str]) -> bool:
    """Whether two sentences differ in white space and case at most, character by character."""
    one, other = squeezed(" ".join(words)), squeezed(" ".join(others))
    return len(one) == len(other) and (one == other or one.lower() == other.lower())
