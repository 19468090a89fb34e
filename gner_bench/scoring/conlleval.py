"""The metric of conlleval, and that of WNUT 2017's surface forms, which counts each once in a whole set.

Both read tags as conlleval does (Tjong Kim Sang and Buchholz 2000; seqeval's default mode): an ``I-`` that continues
nothing, or an entity of another type, begins an entity. Most papers outside GNER print the former.
"""

from __future__ import annotations

from collections.abc import Sequence

from gner_bench.bio import Span, conlleval_spans
from gner_bench.scoring.counts import compare_sets, with_unplaced
from gner_bench.scoring.metrics import Definition, TypedCounts
from gner_bench.scoring.predictions import Prediction


def conlleval_counts(sentence: Prediction) -> TypedCounts:
    """Spans by position and type."""
    gold, predicted = _sides(sentence)
    return with_unplaced(sentence, compare_sets(gold, predicted, lambda span: span[2]))


def surface_counts(sentence: Prediction) -> TypedCounts:
    """Texts with their type, each once, under ``type<TAB>text``; right where an entity of the pair is at its place.

    So Derczynski et al. (2017) count: their evaluator takes the pairs of right entities, of all predicted and of all
    gold ones. Words are compared as they are, joined by a space.
    """
    gold, predicted = _sides(sentence)
    words = sentence.words

    def pairs(spans: set[Span]) -> set[str]:
        return {_pair(kind, words[start:end]) for start, end, kind in spans}

    right, made, expected = pairs(gold & predicted), pairs(predicted), pairs(gold)
    made |= {_pair(kind, text.split()) for text, kind in sentence.unplaced}
    return {pair: (int(pair in right), int(pair in made), int(pair in expected)) for pair in sorted(made | expected)}


def _sides(sentence: Prediction) -> tuple[set[Span], set[Span]]:
    gold = set(conlleval_spans(sentence.gold))
    return gold, gold if sentence.faultless else set(conlleval_spans(sentence.predicted))


def _pair(kind: str, words: Sequence[str]) -> str:
    """As a column is called: words hold no tab, for white space is collapsed."""
    return f"{kind}\t{' '.join(' '.join(words).split())}"


CONLLEVAL = Definition(
    "conlleval",
    "conlleval F1",
    "spans of equal position and type, as conlleval reads BIO",
    conlleval_counts,
    "position",
    "begin",
    heading="F1 by conlleval (spans by position and type, read leniently)",
)
SURFACE = Definition(
    "surface",
    "surface F1",
    "distinct texts and types of the whole set",
    surface_counts,
    "distinct-per-set",
    "begin",
    distinct=True,
    heading="F1 of surface forms (distinct pairs of text and type of the whole set, as in WNUT 2017)",
)
