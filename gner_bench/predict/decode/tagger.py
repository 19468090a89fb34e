"""Guessing the tags that a checkpoint will write, learned from what it has written in the same run.

Two linear models share their features: one tells words that begin, continue or stay outside an entity, the other names
the type of a beginning. Both are trained sentence by sentence with passive-aggressive updates (Crammer et al. 2006):
weights move no further than a margin of 1 asks for.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

STEP = 0.05
"""The most by which one update moves a weight."""
BEGIN, INSIDE = -0.01, 0.5
"""Scores before anything was learned, ``O`` having 0: words are outside, but an entity that began goes on."""

_RUNS = (
    (re.compile("[^\\W\\d_A-Z]+"), "a"),
    (re.compile("[0-9]+"), "0"),
    (re.compile("[A-Z]{2,}"), "AA"),
    (re.compile("[A-Z]"), "A"),
)


@dataclass(slots=True)
class Feature:
    """What one property of a word says for the beginning and continuation of an entity, and for each type."""

    begin: float = 0.0
    inside: float = 0.0
    types: dict[str, float] = field(default_factory=dict)


class Tagger:
    """The weights, shared by all sentences of a run."""

    def __init__(self) -> None:
        self._features: dict[str, Feature] = {}
        self._own: dict[str, list[Feature]] = {}

    def sentence(self, words: Sequence[str], types: Sequence[str]) -> SentenceTags:
        return SentenceTags(self, words, types)

    def feature(self, name: str) -> Feature:
        found = self._features.get(name)
        if found is None:
            found = self._features[name] = Feature()
        return found

    def own(self, word: str) -> list[Feature]:
        """The features of ``word`` by itself."""
        found = self._own.get(word)
        if found is None:
            low = word.lower()
            names = f"w{low}", f"s{shape(word)}", f"p{low[:3]}", f"x{low[-3:]}", f"P{low[:4]}", f"X{low[-4:]}"
            found = self._own[word] = [self.feature(name) for name in names]
        return found


@lru_cache(maxsize=1 << 16)
def shape(word: str) -> str:
    """A few characters that tell small letters, capitals, digits and signs apart: ``Aa``, ``AA``, ``0-a``."""
    for run, sign in _RUNS:
        word = run.sub(sign, word)
    return word[:6]


class SentenceTags:
    """Guesses for one sentence; scores are computed when first asked for and then kept."""

    def __init__(self, tagger: Tagger, words: Sequence[str], types: Sequence[str]) -> None:
        self._tagger = tagger
        self._words = words
        self._types = types
        self._begins = [f"B-{name}" for name in types]
        self._low = ["<", "<", *(word.lower() for word in words), ">", ">"]
        self._static: dict[int, tuple[list[Feature], float, float]] = {}
        self._scores: dict[tuple[int, str], tuple[float, float]] = {}
        self._types_of: dict[tuple[int, str], dict[str, float]] = {}

    def guess(self, index: int, previous: str, last: str, fits: Sequence[str] | None = None) -> str:
        """The likeliest tag of word ``index`` after the tag ``previous``, ``last`` being the type of the last entity.

        It is one of ``fits`` where given, else ``O``, a beginning, or the continuation of the entity before.
        """
        begin, inside = self._scored(index, previous)
        continued = f"I-{previous[2:]}"
        if fits is None:
            if previous == "O":
                inside = 0.0
            if begin > 0.0 and begin > inside and self._begins:
                return self._tagged(index, last, self._begins)
            return continued if inside > 0.0 else "O"
        if len(fits) == 1:
            return fits[0]
        starts = [tag for tag in fits if tag[0] == "B"]
        scores = {"B": begin} if starts else {}
        scores |= {tag: score for tag, score in (("O", 0.0), (continued, inside)) if tag in fits}
        kind = max(scores, key=scores.__getitem__, default="")
        return kind if kind in fits else self._tagged(index, last, starts or fits)

    def learn(self, tags: Sequence[str | None]) -> None:
        """Train on the finished sentence; None stands for a word whose tag is not known."""
        previous, last = "O", ""
        for index, tag in enumerate(tags):
            if tag is not None:
                self._learn_kind(index, previous, tag)
                if tag[0] == "B":
                    self._learn_type(index, last, tag[2:])
                last = tag[2:] or last
            previous = tag or "O"

    def _learn_kind(self, index: int, previous: str, tag: str) -> None:
        scores = dict(zip("BIO", (*self._scored(index, previous), 0.0), strict=True))
        if previous == "O":
            del scores["I"]
        right = scores.pop(tag[0], None)
        if right is None:
            return
        wrong = max(scores, key=scores.__getitem__)
        features = [*self._static_of(index)[0], *self._moving(index, previous)]
        step = _step(right - scores[wrong], len(features))
        if step > 0.0:
            for kind, change in ((tag[0], step), (wrong, -step)):
                _move(features, kind, change)

    def _learn_type(self, index: int, last: str, name: str) -> None:
        scores = self._named(index, last)
        right = scores.get(name, 0.0)
        rivals = {other: scores.get(other, 0.0) for other in self._types if other != name}
        if not rivals:
            return
        wrong = max(rivals, key=rivals.__getitem__)
        features = self._typing(index, last)
        step = _step(right - rivals[wrong], len(features))
        if step > 0.0:
            for feature in features:
                feature.types[name] = feature.types.get(name, 0.0) + step
                feature.types[wrong] = feature.types.get(wrong, 0.0) - step

    def _scored(self, index: int, previous: str) -> tuple[float, float]:
        """The scores of a beginning and of a continuation."""
        found = self._scores.get((index, previous))
        if found is None:
            _, begin, inside = self._static_of(index)
            for feature in self._moving(index, previous):
                begin += feature.begin
                inside += feature.inside
            found = self._scores[index, previous] = begin, inside
        return found

    def _static_of(self, index: int) -> tuple[list[Feature], float, float]:
        """The features of word ``index`` that hang on no tag, and what they add up to."""
        found = self._static.get(index)
        if found is None:
            feature, low = self._tagger.feature, self._low
            around = f"-{low[index + 1]}", f"+{low[index + 3]}", f"={low[index]}", f"#{low[index + 4]}"
            features = self._tagger.own(self._words[index]) + [feature(name) for name in around]
            begin, inside = BEGIN, INSIDE
            for each in features:
                begin += each.begin
                inside += each.inside
            found = self._static[index] = features, begin, inside
        return found

    def _moving(self, index: int, previous: str) -> list[Feature]:
        """The features of word ``index`` that hang on the tag before."""
        feature = self._tagger.feature
        names = f"@{previous}", f"@{previous}|{self._low[index + 2]}", f"@{previous}|s{shape(self._words[index])}"
        return [feature(name) for name in names]

    def _tagged(self, index: int, last: str, tags: Sequence[str]) -> str:
        scores = self._named(index, last)
        return max(tags, key=lambda tag: scores.get(tag[2:], 0.0))

    def _named(self, index: int, last: str) -> dict[str, float]:
        """The scores of the types that word ``index`` may begin."""
        scores = self._types_of.get((index, last))
        if scores is None:
            scores = self._types_of[index, last] = {}
            for feature in self._typing(index, last):
                for name, weight in feature.types.items():
                    scores[name] = scores.get(name, 0.0) + weight
        return scores

    def _typing(self, index: int, last: str) -> list[Feature]:
        return [*self._static_of(index)[0], self._tagger.feature(f"L{last}")]


def _step(lead: float, features: int) -> float:
    """How far each of the features has to move for a ``lead`` of 1, half on either side; at most STEP."""
    return min(STEP, (1.0 - lead) / (2 * features))


def _move(features: Sequence[Feature], kind: str, change: float) -> None:
    if kind == "B":
        for feature in features:
            feature.begin += change
    elif kind == "I":
        for feature in features:
            feature.inside += change
