"""Sentences for tests: built by hand, drawn by hypothesis, and as predictions of a system."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from gner_bench.api import score
from gner_bench.bio import Span
from gner_bench.documents.scores import Resampling, System, Triple
from gner_bench.scoring.metrics import METRICS, Metric, TypedCounts
from gner_bench.scoring.predictions import Origin, Prediction
from gner_bench.scoring.values import SystemValues

SUMMED = [name for name in METRICS if not METRICS[name].distinct]
"""The metrics whose counts of a set are sums over its sentences, so that there are intervals and tests."""
TYPES = ("music genre", "Person", "a")
TAGS = ("O", *(f"{prefix}-{kind}" for kind in TYPES for prefix in "BI"))
WORDS = ("a", "Paris", "C++", "C", "of", "The")


def sentence(gold: str, predicted: str, words: str = "", types: Sequence[str] = (), **changes: Any) -> Prediction:
    """Tags separated by white space; without ``words`` each has its own, without ``types`` those of the tags."""
    tags = [tuple(side.split()) for side in (gold, predicted)]
    kinds = tuple(types) or tuple(dict.fromkeys(tag[2:] for side in tags for tag in side if tag != "O"))
    found = tuple(words.split()) or tuple(f"w{index}" for index in range(len(tags[0])))
    return Prediction("news", "test", changes.pop("id", "0"), kinds, found, *tags, **changes)


GIVEN = Origin((Path("given.jsonl"),), System("given"))


@dataclass(frozen=True)
class Given:
    """Predictions held in memory."""

    sentences: Sequence[Prediction]
    origin: Origin = GIVEN

    def __iter__(self) -> Iterator[Prediction]:
        return iter(self.sentences)


def given_sets(**sets: Iterable[Prediction]) -> Given:
    """Data sets by name; every sentence gets its number as id."""
    return Given(
        [
            replace(each, dataset=name, id=str(number))
            for name, sentences in sets.items()
            for number, each in enumerate(sentences)
        ]
    )


@st.composite
def predictions(draw: st.DrawFn, unplaced: bool = True) -> Prediction:
    """A sentence of up to ten words with any tags, legal or not; the prediction may equal the gold."""
    words = draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=10))
    tags = st.lists(st.sampled_from(TAGS), min_size=len(words), max_size=len(words)).map(tuple)
    gold = draw(tags)
    pairs = st.tuples(st.sampled_from(["Paris", "elsewhere"]), st.sampled_from(TYPES))
    extra = draw(st.lists(pairs, max_size=2)) if unplaced else []
    predicted = draw(st.one_of(st.just(gold), tags))
    return Prediction("news", "test", "0", TYPES, tuple(words), gold, predicted, tuple(extra))


@st.composite
def spans(draw: st.DrawFn, kinds: Sequence[str] = ("x", "y")) -> list[Span]:
    """Typed spans in order and without overlap, in at most fourteen words."""
    found: list[Span] = []
    end = 0
    for gap, length in draw(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 4)), max_size=5)):
        if end + gap + length <= 14:
            found.append((end + gap, end + gap + length, draw(st.sampled_from(kinds))))
            end += gap + length
    return found


def tags_of(spans: Iterable[Span], words: int = 14) -> tuple[str, ...]:
    """Valid BIO."""
    tags = ["O"] * words
    for start, end, kind in spans:
        tags[start:end] = [f"B-{kind}", *[f"I-{kind}"] * (end - start - 1)]
    return tuple(tags)


def of_spans(gold: Iterable[Span], predicted: Iterable[Span]) -> Prediction:
    """A sentence of fourteen words with these spans."""
    return sentence(" ".join(tags_of(gold)), " ".join(tags_of(predicted)), types=("x", "y"))


def summed(counts: Iterable[Triple]) -> Triple:
    """Right, predicted and gold of all."""
    right, predicted, gold = (sum(column) for column in zip((0, 0, 0), *counts, strict=True))
    return right, predicted, gold


def total(metric: Metric, sentences: Iterable[Prediction]) -> Triple:
    """What a metric counts in the sentences, in its units."""
    return summed(triple for each in sentences for triple in METRICS[metric].count(each).values())


def by_type(metric: Metric, sentences: Iterable[Prediction]) -> TypedCounts:
    """The same by type."""
    found: dict[str, list[Triple]] = {}
    for each in sentences:
        for kind, triple in METRICS[metric].count(each).items():
            found.setdefault(kind, []).append(triple)
    return {kind: summed(triples) for kind, triples in found.items()}


def overlap(one: Span, other: Span) -> bool:
    """Whether two spans share a word."""
    return one[0] < other[1] and other[0] < one[1]


def f1(found: Prediction, metric: Metric = "strict") -> float:
    """F1 of one sentence."""
    return SystemValues(score(given_sets(news=[found]), [metric]), Resampling(0)).average(metric).f1
