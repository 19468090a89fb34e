"""The functions of seqeval 1.2.2, with intervals: the same signatures, and the same figures where seqeval is right.

Tags are read by ``gner_bench.bio`` and counted by the metrics ``conlleval`` (seqeval's default mode) and ``strict``
(``mode="strict"``). What differs from seqeval is said in docs/from_seqeval.md.

Example::

    >>> from gner_bench.seqeval import f1_score
    >>> gold = [["B-person", "I-person", "O"], ["B-place"]]
    >>> f1_score(gold, [["B-person", "I-person", "O"], ["B-person"]])
    0.5
"""

from __future__ import annotations

import warnings
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

from gner_bench.bio import Reading, Scheme, TagReader, from_end, strict_spans, tags_of
from gner_bench.documents.scores import Interval, Resampling, System
from gner_bench.errors import short
from gner_bench.scoring.loading import InMemory
from gner_bench.scoring.metrics import METRICS, Metric, ratios
from gner_bench.scoring.predictions import Origin, Prediction
from gner_bench.scoring.scores import SetScores
from gner_bench.scoring.statistics import Statistics
from gner_bench.scoring.values import SetValues

Tags = tuple[str, ...]
Taggings = Sequence[Sequence[str]]
"""A tag for each word of each sentence."""
Average = Literal["micro", "macro", "weighted"]
Figure = Literal["precision", "recall", "f1"]
FIGURES: tuple[Figure, ...] = ("precision", "recall", "f1")
IOB1, IOB2, IOE1, IOE2, IOBES, BILOU = "IOB1", "IOB2", "IOE1", "IOE2", "IOBES", "BILOU"
"""The schemes, by the names that they have in ``seqeval.scheme``, whose classes are taken, too."""
PREFIXES = {IOB1: "IOB", IOB2: "IOB", IOE1: "IOE", IOE2: "IOE", IOBES: "IOBES", BILOU: "BILOU"}
READ_AS: dict[str, Scheme] = {
    IOB1: "iob1",
    IOB2: "iob2",
    IOE1: "iob1",
    IOE2: "iob2",
    IOBES: "bioes",
    BILOU: "bioes",
}
"""As what ``gner_bench.bio`` reads them, IOE from the last word to the first."""
AS_BIOES = {"L": "E", "U": "S", "M": "I"}
UNTYPED = "_"
"""The type of tags that are a prefix alone, as seqeval has it."""


class UndefinedMetricWarning(UserWarning):
    """A figure has a denominator of zero and was set to 0."""


class Estimate(NamedTuple):
    """A figure with its 95% interval, or None and why there is none."""

    value: float
    interval: Interval | None
    no_interval: str = ""


def precision_score(
    y_true: Taggings,
    y_pred: Taggings,
    *,
    average: Average | None = "micro",
    suffix: bool = False,
    mode: str | None = None,
    sample_weight: None = None,
    zero_division: str | int = "warn",
    scheme: Any = None,
    interval: bool = False,
) -> Any:
    """Precision of entities; all else as in ``f1_score``."""
    tagged = _counted(y_true, y_pred, suffix, mode, scheme, sample_weight, zero_division, interval)
    return tagged.score("precision", average)


def recall_score(
    y_true: Taggings,
    y_pred: Taggings,
    *,
    average: Average | None = "micro",
    suffix: bool = False,
    mode: str | None = None,
    sample_weight: None = None,
    zero_division: str | int = "warn",
    scheme: Any = None,
    interval: bool = False,
) -> Any:
    """Recall of entities; all else as in ``f1_score``."""
    tagged = _counted(y_true, y_pred, suffix, mode, scheme, sample_weight, zero_division, interval)
    return tagged.score("recall", average)


def f1_score(
    y_true: Taggings,
    y_pred: Taggings,
    *,
    average: Average | None = "micro",
    suffix: bool = False,
    mode: str | None = None,
    sample_weight: None = None,
    zero_division: str | int = "warn",
    scheme: Any = None,
    interval: bool = False,
) -> Any:
    """F1 of entities, from 0 to 1: spans of equal position and type are right.

    ``average`` is over all entities (``micro``), the plain mean over types (``macro``), or that weighted by gold
    entities; None gives an array of the figures of all types, by name. ``mode="strict"`` counts what is legal in
    ``scheme`` (``IOB2``, …), by default that of the gold tags; otherwise tags are read as conlleval reads them.
    ``suffix`` is for tags such as ``person-B``. ``zero_division`` is the value, 0 or 1, of a ratio without denominator;
    ``"warn"`` is 0 and a warning. With ``interval`` an Estimate takes the place of each number: the interval is over
    sentences, of 1,000 resamples from seed 0 or Wilson's.

    Raises ValueError for what is no tag or not of the scheme, for sides of other lengths, for no sentence and for
    ``sample_weight``, and TypeError where sentences are no sequences of strings.
    """
    tagged = _counted(y_true, y_pred, suffix, mode, scheme, sample_weight, zero_division, interval)
    return tagged.score("f1", average)


def accuracy_score(y_true: Taggings, y_pred: Taggings, *, interval: bool = False) -> Any:
    """The share of words whose tags are the same text; words tagged O count, too.

    ``interval`` and what is raised are as in ``f1_score``; one list of tags is one sentence.
    """
    sides = _listed("y_true", y_true), _listed("y_pred", y_pred)
    if all(side and isinstance(side[0], str) for side in sides):
        sides = [sides[0]], [sides[1]]
    statistics = Statistics(("strict",))
    for gold, predicted in zip(*_checked(*sides), strict=True):
        # Equal words of as many and of as many: their precision is the accuracy.
        right = sum(one == other for one, other in zip(gold, predicted, strict=True))
        statistics.add({"strict": {"": (right, len(gold), len(gold))}})
    found = _values(statistics, interval).micro("strict")
    estimate = _estimate(found.precision, found.interval, "precision", found.no_interval)
    return estimate if interval else estimate.value


def classification_report(
    y_true: Taggings,
    y_pred: Taggings,
    digits: int = 2,
    suffix: bool = False,
    output_dict: bool = False,
    mode: str | None = None,
    sample_weight: None = None,
    zero_division: str | int = "warn",
    scheme: Any = None,
    *,
    interval: bool = False,
) -> str | dict[str, dict[str, Any]]:
    """Precision, recall, F1 and the number of gold entities (support) of each type, then the three averages.

    A text with as many ``digits``, or a dict of plain numbers. With ``interval`` rows also have that of F1, in the dict
    under ``f1-interval``, None where there is none. All else is as in ``f1_score``.
    """
    tagged = _counted(y_true, y_pred, suffix, mode, scheme, sample_weight, zero_division, interval)
    rows = tagged.report()
    if output_dict:
        return rows
    width = max(len("weighted avg"), digits, *map(len, rows))
    heads = ["precision", "recall", "f1-score", "support"]
    lines = [" ".join([" " * width, "", " ".join(f"{head:>9}" for head in heads)]), ""]
    for number, (name, row) in enumerate(rows.items()):
        figures = " ".join(f"{row[head]:>9.{digits}f}" for head in heads[:3])
        lines += [""] if number == len(rows) - 3 else []
        ends = row.get("f1-interval")
        told = f"  {ends[0]:.{digits}f} to {ends[1]:.{digits}f}" if ends else ""
        lines.append(f"{name:>{width}s}  {figures} {row['support']:>9}{told}")
    lines[0] += "  95% interval of f1" if interval else ""
    return "\n".join([*lines, ""])


def compute(
    *,
    predictions: Taggings,
    references: Taggings,
    suffix: bool = False,
    scheme: Any = None,
    mode: str | None = None,
    sample_weight: None = None,
    zero_division: str | int = "warn",
    interval: bool = False,
) -> dict[str, Any]:
    """What ``evaluate.load("seqeval").compute`` gives: a dict for each type, and the micro figures as ``overall_…``.

    With ``interval`` also ``f1_interval`` of each type and ``overall_…_interval`` of each figure, None where there is
    none. All else is as in ``f1_score``.
    """
    references, predictions = _checked(references, predictions)  # which may be read only once
    tagged = _counted(references, predictions, suffix, mode, scheme, sample_weight, zero_division, interval)
    rows, keys = tagged.report(), {"f1-score": "f1", "support": "number", "f1-interval": "f1_interval"}
    scores: dict[str, Any] = {
        kind: {keys.get(key, key): value for key, value in rows[kind].items()} for kind in tagged.counts
    }
    micro = rows["micro avg"]
    scores |= {f"overall_{name}": micro["f1-score" if name == "f1" else name] for name in FIGURES}
    scores["overall_accuracy"] = accuracy_score(references, predictions)
    if interval:
        for name in FIGURES:
            scores[f"overall_{name}_interval"] = tagged.estimates("micro", name)[0].interval
        scores["overall_accuracy_interval"] = accuracy_score(references, predictions, interval=True).interval
    return scores


def to_predictions(
    words: Sequence[Sequence[str]],
    y_true: Taggings,
    y_pred: Taggings,
    *,
    suffix: bool = False,
    mode: str | None = None,
    scheme: Any = None,
    name: str = "system",
    dataset: str = "data",
    split: str = "test",
) -> InMemory:
    """Taggings of ``words`` as predictions of a system, for ``gner_bench.score``, ``compare`` and ``to_frame``.

    Tags become BIO as ``mode`` and ``scheme`` say; illegal BIO stays, which each metric reads in its way. Ids are the
    numbers of the sentences from 0. Raises as ``f1_score`` does.
    """
    _, gold, predicted = _read(y_true, y_pred, suffix, mode, scheme)
    if [len(sentence) for sentence in words] != [len(tags) for tags in gold]:
        raise ValueError("words and tags are not of the same sentences: their numbers differ")
    types = tuple(dict.fromkeys(tag[2:] for tags in (*gold, *predicted) for tag in tags if tag != "O"))
    sentences = [
        Prediction(dataset, split, str(number), types, tuple(sentence), tags, made, line=number + 1)
        for number, (sentence, tags, made) in enumerate(zip(words, gold, predicted, strict=True))
    ]
    return InMemory(Origin((), System(name), planned={dataset: len(sentences)}), tuple(sentences))


@dataclass(frozen=True)
class _Tagged:
    """What was counted by a ``metric``; ``counts`` are right, predicted and gold by type, in the order of names."""

    metric: Metric
    values: SetValues
    zero_division: str | int

    @property
    def counts(self) -> dict[str, tuple[int, int, int]]:
        return dict(sorted(self.values.counts[self.metric].items()))

    def figures(self, average: Average | None) -> list[tuple[float, float, float]]:
        """Precision, recall and F1 of each type, or one average of them."""
        import numpy as np

        counts, zero = list(self.counts.values()), 0.0 if self.zero_division == "warn" else float(self.zero_division)
        if average == "micro":
            right, predicted, gold = self.values.sums(self.metric).tolist()
            return [self._ratios(right, predicted, gold, zero)]
        rows = [self._ratios(*triple, zero) for triple in counts]
        if average is None:
            return rows
        supports = [triple[2] for triple in counts]
        if not rows or (average == "weighted" and not sum(supports)):
            undefined = zero if not any(triple[1] for triple in counts) else 0.0
            return [(undefined, zero, undefined)]
        weights = supports if average == "weighted" else None
        precision, recall, f1 = (float(np.average(column, weights=weights)) for column in zip(*rows, strict=True))
        return [(precision, recall, f1)]

    def _ratios(self, right: int, predicted: int, gold: int, zero: float) -> tuple[float, float, float]:
        precision, recall, f1 = ratios(right, predicted, gold, self.metric)
        if zero and not (predicted and gold):
            precision, recall = precision if predicted else zero, recall if gold else zero
            both = precision + recall
            f1 = 2 * precision * recall / both if both else 0.0
        return precision, recall, f1

    def estimates(self, average: Average | None, name: Figure) -> list[Estimate]:
        """The figure of each type, or one average of it, with its interval."""
        figures = [row[FIGURES.index(name)] for row in self.figures(average)]
        if average in ("macro", "weighted"):
            macro = self.values.macro(self.metric)
            why = f"none is defined for the {average} mean of {name}"
            if average == "macro" and name == "f1":
                return [_estimate(figures[0], macro.interval, name, macro.no_interval)]
            return [Estimate(figures[0], None, why)]
        types, counts = self.values.types(self.metric), self.counts
        rows = [self.values.micro(self.metric)] if average else [types[kind] for kind in counts]
        triples = [self.values.sums(self.metric).tolist()] if average else counts.values()
        return [
            Estimate(figure, None, "a denominator is zero")
            if self._is_undefined(triple, name)
            else _estimate(figure, row.interval, name, row.no_interval)
            for figure, row, triple in zip(figures, rows, triples, strict=True)
        ]

    @staticmethod
    def _is_undefined(triple: Sequence[int], name: Figure) -> bool:
        _, predicted, gold = triple
        return not {"precision": predicted, "recall": gold, "f1": predicted or gold}[name]

    def score(self, name: Figure, average: Average | None) -> Any:
        if average not in (None, "micro", "macro", "weighted"):
            raise ValueError(f"average is {short(average)}, not one of micro, macro, weighted and None")
        self.warn([name], average)
        if self.values.resampling.resamples:
            estimates = self.estimates(average, name)
            return estimates[0] if average else estimates
        figures = [row[FIGURES.index(name)] for row in self.figures(average)]
        if average:
            return figures[0]
        import numpy as np

        return np.array(figures)

    def report(self) -> dict[str, dict[str, Any]]:
        """The rows of ``classification_report``."""
        self.warn(FIGURES, None)
        averages: tuple[Average, ...] = ("micro", "macro", "weighted")
        heads = {"precision": "precision", "recall": "recall", "f1": "f1-score"}
        rows: dict[str, dict[str, Any]] = {}
        for average in (None, *averages):
            names = [f"{average} avg"] if average else list(self.counts)
            supports = [gold for _, _, gold in self.counts.values()]
            supports = [sum(supports)] if average else supports
            for row_name, figures, support in zip(names, self.figures(average), supports, strict=True):
                row = {heads[name]: figure for name, figure in zip(FIGURES, figures, strict=True)}
                rows[row_name] = {**row, "support": support}
            if self.values.resampling.resamples:
                for row_name, estimate in zip(names, self.estimates(average, "f1"), strict=True):
                    rows[row_name]["f1-interval"] = estimate.interval
        return rows

    def warn(self, names: Iterable[Figure], average: Average | None) -> None:
        """Warn of figures that have no denominator, where that is wanted."""
        if self.zero_division != "warn":
            return
        rows = {"all types together": self.values.sums(self.metric).tolist()} if average == "micro" else self.counts
        rows = rows or {"all types together": [0, 0, 0]}
        for name in names:
            if undefined := [kind for kind, triple in rows.items() if self._is_undefined(triple, name)]:
                lacking = {"precision": "predicted", "recall": "gold", "f1": "predicted or gold"}[name]
                told = f"{name} is set to 0 where no entity is {lacking}: {', '.join(undefined)}"
                warnings.warn(f"{told} (zero_division= says another value)", UndefinedMetricWarning, stacklevel=4)


def _counted(
    y_true: Taggings,
    y_pred: Taggings,
    suffix: bool,
    mode: str | None,
    scheme: Any,
    sample_weight: object,
    zero_division: str | int,
    interval: bool,
) -> _Tagged:
    if sample_weight is not None:
        raise ValueError("sample_weight is not supported (seqeval takes it and does nothing with it)")
    if zero_division not in ("warn", 0, 1):
        raise ValueError(f"zero_division is {short(zero_division)}, not one of 'warn', 0 and 1")
    metric, gold, predicted = _read(y_true, y_pred, suffix, mode, scheme)
    count, statistics = METRICS[metric].count, Statistics((metric,))
    for pair in zip(gold, predicted, strict=True):
        # Positions and types alone count: words are not needed.
        statistics.add({metric: count(Prediction("", "", "", (), pair[0], *pair))})
    return _Tagged(metric, _values(statistics, interval), zero_division)


def _values(statistics: Statistics, interval: bool) -> SetValues:
    keys = array("Q", range(len(statistics)))
    return SetValues(SetScores("", "", (), "", statistics, (), keys), Resampling() if interval else Resampling(0))


def _estimate(value: float, ends: dict[str, Interval] | None, name: Figure, why: str | None) -> Estimate:
    return Estimate(value, ends[name] if ends else None, "" if ends else why or "")


def _read(
    y_true: Taggings, y_pred: Taggings, suffix: bool, mode: str | None, scheme: Any
) -> tuple[Metric, list[Tags], list[Tags]]:
    """The metric that counts, and both sides as BIO, in which its spans are those of the tags."""
    if mode not in (None, "strict"):
        raise ValueError(f"mode is {short(mode)}, neither 'strict' nor None")
    sides = _checked(y_true, y_pred)
    name = getattr(scheme, "__name__", scheme)
    if name is not None and name not in PREFIXES:
        raise ValueError(f"scheme is {short(name)}, not one of {', '.join(PREFIXES)}")
    if mode is None and name is not None:
        warnings.warn(f"scheme={name} does nothing without mode='strict'", UserWarning, stacklevel=4)
    split = [list(_split(side, suffix)) for side in sides]
    if mode is None:
        lenient = TagReader(Path(), None, Reading(scheme="bioes", repair="begin"))
        gold, predicted = ([_lenient(tags, lenient) for tags in side] for side in split)
        return "conlleval", gold, predicted
    name = name or _detected(split)
    for side, tags in zip(("y_true", "y_pred"), split, strict=True):
        _require_prefixes(side, tags, name)
    as_bio = _strict(name)
    gold, predicted = ([as_bio(tags) for tags in side] for side in split)
    return "strict", gold, predicted


def _checked(y_true: Taggings, y_pred: Taggings) -> tuple[list[list[str]], list[list[str]]]:
    sides: list[list[list[str]]] = []
    for name, side in (("y_true", y_true), ("y_pred", y_pred)):
        sides.append([])
        for number, tags in enumerate(_listed(name, side), start=1):
            if not _has_order(tags):
                raise TypeError(f"{name}: sentence {number} is {short(tags)}, not a list of tags")
            sides[-1].append(list(tags))
            for place, tag in enumerate(sides[-1][-1], start=1):
                if not isinstance(tag, str):
                    kind = type(tag).__name__
                    message = f"{name}: sentence {number}, word {place}: {short(tag)} is of type {kind}, not a text"
                    raise TypeError(message)
    gold, predicted = sides
    if not gold and not predicted:
        raise ValueError("there are no sentences")
    if len(gold) != len(predicted):
        raise ValueError(f"y_true has {len(gold)} sentences, y_pred has {len(predicted)}")
    for number, pair in enumerate(zip(gold, predicted, strict=True), start=1):
        if len(pair[0]) != len(pair[1]):
            raise ValueError(f"sentence {number} has {len(pair[0])} tags in y_true, {len(pair[1])} in y_pred")
    return gold, predicted


def _listed(name: str, side: Iterable[Any]) -> list[Any]:
    if not _has_order(side):
        raise TypeError(f"{name} is {short(side)}, not a list of sentences")
    return list(side)


def _has_order(value: object) -> bool:
    """Whether a value is of several, one after the other: a set of tags would be another sentence in each process."""
    return isinstance(value, Iterable) and not isinstance(value, str | bytes | Set | Mapping)


def _split(side: list[list[str]], suffix: bool) -> Iterator[Tags]:
    """The tags of each sentence as ``O`` or a prefix, a dash and a type. Raises ValueError for what is none."""
    known = {"O": "O", **{prefix: f"{prefix}-{UNTYPED}" for prefix in "BIESLUM"}}
    for number, tags in enumerate(side, start=1):
        for place, tag in enumerate(tags, start=1):
            if tag not in known:
                kind, dash, prefix = tag.rpartition("-") if suffix else tag.partition("-")[::-1]
                if not dash or prefix not in known or prefix == "O":
                    form = "type-B, type-I, …; suffix=False" if suffix else "B-type, I-type, …; suffix=True"
                    other = f"neither O nor of the form {form} reads the other"
                    raise ValueError(f"sentence {number}, word {place}: {short(tag)} is {other}")
                known[tag] = f"{prefix}-{kind or UNTYPED}"
        yield tuple([known[tag] for tag in tags])


def _prefixes(tags: Iterable[str]) -> set[str]:
    return {tag[0] for tag in tags}


def _bioes(tags: Tags) -> Tags:
    return tuple([AS_BIOES.get(tag[0], tag[0]) + tag[1:] for tag in tags])


def _lenient(tags: Tags, reader: TagReader) -> Tags:
    """BIO as it is; ends (``E``, ``L``) and words alone (``S``, ``U``) part entities of one type, too."""
    return tags if _prefixes(tags) <= set("BIO") else reader.as_bio(_bioes(tags), 1)


def _strict(scheme: str) -> Callable[[Tags], Tags]:
    """What makes BIO of tags, in which only entities that are legal in ``scheme`` are strict spans."""
    reader = TagReader(Path(), None, Reading(scheme=READ_AS[scheme], repair="discard"))
    if scheme not in (IOE1, IOE2):
        return lambda tags: reader.as_bio(_bioes(tags) if scheme == BILOU else tags, 1)

    def mirrored(tags: Tags) -> Tags:
        size, spans = len(tags), strict_spans(reader.as_bio(from_end(tags), 1))
        return tuple(tags_of(size, [(size - end, size - start, kind) for start, end, kind in spans]))

    return mirrored


def _detected(sides: Sequence[Sequence[Tags]]) -> str:
    """The scheme of the gold or, where it has no entity, of the predictions, as seqeval detects it.

    Raises ValueError where prefixes leave it open or are of none.
    """
    found = [set().union(*map(_prefixes, side)) - {"O"} for side in sides]
    prefixes = found[0] or found[1] or {"B"}
    for scheme, own in ((IOB2, "BI"), (IOE2, "EI"), (IOBES, "BIES"), (BILOU, "BILU")):
        marks = {"E"} if scheme == IOE2 else {"B", "S", "U"}
        if prefixes <= set(own) and prefixes & marks:
            return scheme
    raise ValueError(f"the prefixes {', '.join(sorted(prefixes))} do not tell the scheme; scheme= names it")


def _require_prefixes(side: str, sentences: Sequence[Tags], scheme: str) -> None:
    for number, tags in enumerate(sentences, start=1):
        for place, tag in enumerate(tags, start=1):
            if tag[0] not in PREFIXES[scheme]:
                allowed = ", ".join(PREFIXES[scheme])
                raise ValueError(
                    f"{side}: sentence {number}, word {place}: {short(tag)} is not of {scheme} ({allowed})"
                )
