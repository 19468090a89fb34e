"""What the GNER and the strict metric count in one sentence, one by one, with the words behind it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Literal

from gner_bench.scoring.entities import Span, normalise, strict_spans
from gner_bench.scoring.errors import ErrorClass, classify
from gner_bench.scoring.predictions import Prediction

Counted = Literal["right", "missed", "spurious"]


@dataclass(frozen=True, slots=True)
class Mention:
    """Words from ``start`` to before ``end`` as an entity; both None for predicted text that stands at no words."""

    text: str
    type: str
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """An element of the GNER metric's sets, its ``text`` and ``type`` normalised, and the mentions that became it."""

    text: str
    type: str
    gold: tuple[Mention, ...] = ()
    predicted: tuple[Mention, ...] = ()

    @property
    def counted(self) -> Counted:
        """What the metric makes of it."""
        if self.gold and self.predicted:
            return "right"
        return "missed" if self.gold else "spurious"

    @property
    def elsewhere(self) -> bool:
        """Whether it is right although no mention of the gold is predicted at its place."""
        gold, predicted = ({(each.start, each.end) for each in side} for side in (self.gold, self.predicted))
        return self.counted == "right" and not gold & predicted

    @property
    def forms(self) -> list[tuple[str, str]]:
        """The (text, type) pairs of its mentions where normalisation changed more of any than its case."""
        found = dict.fromkeys((each.text, each.type) for each in (*self.gold, *self.predicted))
        lower = {(text.lower(), kind.lower()) for text, kind in found}
        return [] if lower == {(self.text.lower(), self.type.lower())} else list(found)


def gner_entries(sentence: Prediction) -> list[Entry]:
    """The elements of the GNER metric's two sets, those of the gold first, each side in order of appearance."""
    gold = _mentions(sentence.words, sentence.gold_mentions)
    predicted = chain(_mentions(sentence.words, sentence.predicted_mentions), _unplaced(sentence))
    sides: dict[tuple[str, str], tuple[list[Mention], list[Mention]]] = {}
    for side, mentions in enumerate((gold, predicted)):
        for each in mentions:
            sides.setdefault((normalise(each.text), normalise(each.type)), ([], []))[side].append(each)
    return [Entry(*name, tuple(expected), tuple(made)) for name, (expected, made) in sides.items()]


@dataclass(frozen=True, slots=True)
class Verdict:
    """A strict span of either side, or a pair of them, in the one class that error analysis puts it in."""

    kind: ErrorClass
    gold: Mention | None
    predicted: Mention | None


def verdicts(sentence: Prediction) -> list[Verdict]:
    """Every strict span once, in the order of the sentence; predicted text without a place comes last."""
    found = classify(sentence.gold_spans, sentence.predicted_spans)
    found.sort(key=lambda each: (each[1] or each[2] or (0,))[0])
    words = sentence.words
    placed = [Verdict(kind, _mention(words, gold), _mention(words, predicted)) for kind, gold, predicted in found]
    return placed + [Verdict("spurious", None, each) for each in _unplaced(sentence)]


def outside_strict_spans(tags: Sequence[str]) -> list[int]:
    """The places of ``I-`` tags that no strict span holds, so that the strict metric counts them nowhere."""
    held = {place for start, end, _ in strict_spans(tags) for place in range(start, end)}
    return [place for place, tag in enumerate(tags) if tag != "O" and place not in held]


def _mentions(words: Sequence[str], spans: Iterable[Span]) -> Iterator[Mention]:
    return (Mention(" ".join(words[start:end]), kind, start, end) for start, end, kind in spans)


def _mention(words: Sequence[str], span: Span | None) -> Mention | None:
    return next(_mentions(words, [span])) if span else None


def _unplaced(sentence: Prediction) -> list[Mention]:
    return [Mention(text, kind) for text, kind in sentence.unplaced]
