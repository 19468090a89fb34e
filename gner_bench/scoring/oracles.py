"""What scores would be if one step of the way from text to entities made no mistakes.

``perfect_structuring``: every word of the sentence that got no label, or one of an unknown type, takes its gold tag;
the other words keep theirs. It is for sentences structured from generated text only. What was right by ``strict`` stays
right, so recall cannot fall; precision can, where a gold tag on such a word begins an entity that the labels of the
words after it do not finish.

``perfect_types``: every predicted span with exactly the boundaries of a gold span takes its type. By ``strict`` neither
precision nor recall can fall.

Spans are read as the metric reads them: strict for ``strict``, lenient for ``gner``, whose spans then become the set of
normalised (text, type) pairs of the sentence. As that set forgets places, a text that was right elsewhere in the
sentence may be lost to it.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from operator import add
from typing import Literal, TypeVar, get_args

from gner_bench.bio import Span, lenient_spans, strict_spans
from gner_bench.documents.scores import Triple
from gner_bench.scoring.counts import entities
from gner_bench.scoring.metrics import Metric
from gner_bench.scoring.predictions import Prediction
from gner_bench.structure.sentence import Structured

E = TypeVar("E", bound=Hashable)
Oracle = Literal["perfect_structuring", "perfect_types"]
ORACLES: tuple[Oracle, ...] = get_args(Oracle)
KNOWN: tuple[Metric, ...] = ("gner", "strict")
"""The metrics there are oracles for."""


class OracleTally:
    """How the counts of one data set would change, summed over its sentences."""

    def __init__(self, metrics: Sequence[Metric]) -> None:
        self._metrics = [metric for metric in KNOWN if metric in metrics]
        self._changes = {oracle: {metric: [0, 0] for metric in KNOWN} for oracle in ORACLES}
        self._structured = False

    def add(self, sentence: Prediction, wrong_types: int) -> None:
        """Count a sentence, of whose strict spans ``wrong_types`` are wrong in type alone."""
        structured = sentence.structured
        self._structured |= structured is not None
        if sentence.faultless:
            return
        if structured is not None and (structured.omitted_words or structured.unknown_labels):
            tags = with_structure(sentence, structured)
            spans = set(sentence.gold_spans), set(sentence.predicted_spans), set(strict_spans(tags))
            self._change("perfect_structuring", "strict", *spans)
            if "gner" in self._metrics:
                self._change("perfect_structuring", "gner", *_texts(sentence, lenient_spans(tags)))
        self._changes["perfect_types"]["strict"][0] += wrong_types
        if "gner" in self._metrics:
            gold, predicted = sentence.gold_mentions, sentence.predicted_mentions
            # Where both readings give the same spans, none is wrong in type alone for the lenient one either.
            same = gold is sentence.gold_spans and predicted is sentence.predicted_spans and not wrong_types
            if not same and (typed := with_types(gold, predicted)) != predicted:
                self._change("perfect_types", "gner", *_texts(sentence, typed))

    def _change(self, oracle: Oracle, metric: Metric, gold: set[E], before: set[E], after: set[E]) -> None:
        sums = self._changes[oracle][metric]
        sums[0] += len(gold & after) - len(gold & before)
        sums[1] += len(after) - len(before)

    def extend(self, later: OracleTally) -> None:
        """Add the sentences of another."""
        self._structured |= later._structured
        for oracle, changes in later._changes.items():
            for metric, change in changes.items():
                sums = self._changes[oracle][metric]
                sums[:] = map(add, sums, change)

    def oracles(self, totals: Mapping[Metric, Triple]) -> dict[str, dict[str, Triple]]:
        """Right, predicted and gold by oracle and metric; ``totals`` are the counts as they are."""
        return {
            oracle: {
                metric: (totals[metric][0] + right, totals[metric][1] + predicted, totals[metric][2])
                for metric, (right, predicted) in changes.items()
                if metric in self._metrics
            }
            for oracle, changes in self._changes.items()
            if self._structured or oracle != "perfect_structuring"
        }


def with_structure(sentence: Prediction, structured: Structured) -> list[str]:
    """The predicted tags with gold ones for words that got no label or one of an unknown type."""
    types, generated = frozenset(sentence.types), structured.generated
    labels = [None if source is None else generated[source][1] for source in structured.match.sources]
    return [
        gold if label is None or (label != "O" and label[2:] not in types) else tag
        for label, gold, tag in zip(labels, sentence.gold, sentence.predicted, strict=True)
    ]


def with_types(gold: Sequence[Span], predicted: Sequence[Span]) -> list[Span]:
    """The predicted spans, with the type of the gold span of equal boundaries where there is one."""
    kinds = {span[:2]: span[2] for span in gold}
    return [(start, end, kinds.get((start, end), kind)) for start, end, kind in predicted]


def _texts(sentence: Prediction, changed: Sequence[Span]) -> list[set[tuple[str, str]]]:
    """The pairs that ``gner`` counts, of the gold, of the prediction and of the ``changed`` one."""
    predicted = [entities(sentence.words, spans, sentence.unplaced) for spans in (sentence.predicted_mentions, changed)]
    return [entities(sentence.words, sentence.gold_mentions), *predicted]
