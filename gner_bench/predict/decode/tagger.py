"""Guessing the tags that a checkpoint will write, learned from what it has written in the same run.

Two linear models share their features: one tells words that begin, continue or stay outside an entity, the other names
the type of a beginning. Both are trained sentence by sentence with passive-aggressive updates (Crammer et al. 2006):
weights move no further than a margin of 1 asks for. Guesses decide how many passes an output takes, never what it says.
"""

from __future__ import annotations

import re
from collections import defaultdict
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


@lru_cache(maxsize=1 << 16)
def shape(word: str) -> str:
    """A few characters that tell small letters, capitals, digits and signs apart: ``Aa``, ``AA``, ``0-a``."""
    for run, sign in _RUNS:
        word = run.sub(sign, word)
    return word[:6]


@dataclass(slots=True)
class Feature:
    """What one property of a word says for the beginning and continuation of an entity, and for each type."""

    begin: float = 0.0
    inside: float = 0.0
    types: dict[str, float] = field(default_factory=dict)


@dataclass(eq=False, slots=True)
class Tagger:
    """The weights, shared by all sentences of a run, and the features of each word by itself."""

    features: defaultdict[str, Feature] = field(default_factory=lambda: defaultdict(Feature))
    words: dict[str, list[Feature]] = field(default_factory=dict)


class SentenceTags:
    """Guesses for one sentence; scores are computed when first asked for and then kept."""

    def __init__(self, tagger: Tagger, words: Sequence[str], types: Sequence[str]) -> None:
        self._tagger = tagger
        self._words = words
        self._types = types
        self._begins = [f"B-{name}" for name in types]
        self._low = ["<", "<", *(word.lower() for word in words), ">", ">"]
        self._static: dict[int, tuple[list[Feature], float, float]] = {}
        self._kinds: dict[tuple[int, str], tuple[list[Feature], float, float]] = {}
        self._names: dict[tuple[int, str], tuple[list[Feature], dict[str, float]]] = {}

    def guess(self, index: int, previous: str, last: str, fits: Sequence[str] | None = None) -> str:
        """The likeliest tag of word ``index``, of ``fits`` where given; ``last`` is the type of the last entity."""
        _, begin, inside = self._kind_scores(index, previous)
        continued = f"I-{previous[2:]}"
        if fits is None:
            if previous == "O":
                inside = 0.0
            if not (begin > 0.0 and begin > inside and self._begins):
                return continued if inside > 0.0 else "O"
            candidates: Sequence[str] = self._begins
        elif len(fits) == 1:
            return fits[0]
        else:
            starts = [tag for tag in fits if tag[0] == "B"]
            scores = {"B": begin} if starts else {}
            scores |= {tag: score for tag, score in (("O", 0.0), (continued, inside)) if tag in fits}
            kind = max(scores, key=scores.__getitem__, default="")
            if kind in fits:
                return kind
            candidates = starts or fits
        _, names = self._type_scores(index, last)
        return max(candidates, key=lambda tag: names.get(tag[2:], 0.0))

    def learn(self, tags: Sequence[str | None]) -> None:
        """Train on the finished sentence; None is for a word whose tag is not known."""
        previous, last = "O", ""
        for index, tag in enumerate(tags):
            if tag is not None:
                self._learn_kind(index, previous, tag[0])
                name = tag[2:]
                if tag[0] == "B" and (rivals := [other for other in self._types if other != name]):
                    features, scores = self._type_scores(index, last)
                    wrong = max(rivals, key=lambda other: scores.get(other, 0.0))
                    step = min(STEP, (1.0 - (scores.get(name, 0.0) - scores.get(wrong, 0.0))) / (2 * len(features)))
                    if step > 0.0:
                        for feature in features:
                            feature.types[name] = feature.types.get(name, 0.0) + step
                            feature.types[wrong] = feature.types.get(wrong, 0.0) - step
                last = name or last
            previous = tag or "O"

    def _learn_kind(self, index: int, previous: str, kind: str) -> None:
        moving, begin, inside = self._kind_scores(index, previous)
        scores = {"B": begin, "O": 0.0} if previous == "O" else {"B": begin, "I": inside, "O": 0.0}
        right = scores.pop(kind, None)
        if right is None:
            return
        wrong = max(scores, key=scores.__getitem__)
        features = [*self._static_features(index)[0], *moving]
        # So far each feature has to move for a lead of 1, half of it on either side.
        step = min(STEP, (1.0 - (right - scores[wrong])) / (2 * len(features)))
        if step > 0.0:
            change = {kind: step, wrong: -step}
            begin_change, inside_change = change.get("B", 0.0), change.get("I", 0.0)
            for feature in features:
                feature.begin += begin_change
                feature.inside += inside_change

    def _static_features(self, index: int) -> tuple[list[Feature], float, float]:
        """The features of word ``index`` that depend on no tag, and their sums for a beginning and a continuation."""
        static = self._static.get(index)
        if static is None:
            known, low = self._tagger.features, self._low
            around = f"-{low[index + 1]}", f"+{low[index + 3]}", f"={low[index]}", f"#{low[index + 4]}"
            word = self._words[index]
            own = self._tagger.words.get(word)
            if own is None:  # the word, its shape, beginnings and ends of three and four letters
                small = word.lower()
                ends = f"p{small[:3]}", f"x{small[-3:]}", f"P{small[:4]}", f"X{small[-4:]}"
                names = f"w{small}", f"s{shape(word)}", *ends
                own = self._tagger.words[word] = [known[name] for name in names]
            features = own + [known[name] for name in around]
            begin, inside = BEGIN, INSIDE
            for one in features:
                begin += one.begin
                inside += one.inside
            static = self._static[index] = features, begin, inside
        return static

    def _kind_scores(self, index: int, previous: str) -> tuple[list[Feature], float, float]:
        """The features of word ``index`` that depend on the tag before; the scores of a beginning and continuation."""
        kinds = self._kinds.get((index, previous))
        if kinds is None:
            known = self._tagger.features
            _, begin, inside = self._static_features(index)
            names = f"@{previous}", f"@{previous}|{self._low[index + 2]}", f"@{previous}|s{shape(self._words[index])}"
            features = [known[name] for name in names]
            for one in features:
                begin += one.begin
                inside += one.inside
            kinds = self._kinds[index, previous] = features, begin, inside
        return kinds

    def _type_scores(self, index: int, last: str) -> tuple[list[Feature], dict[str, float]]:
        """The features that name the type of an entity at word ``index``, and the score of every type they know."""
        named = self._names.get((index, last))
        if named is None:
            features = [*self._static_features(index)[0], self._tagger.features[f"L{last}"]]
            scores: dict[str, float] = {}
            for feature in features:
                for name, weight in feature.types.items():
                    scores[name] = scores.get(name, 0.0) + weight
            named = self._names[index, last] = features, scores
        return named
