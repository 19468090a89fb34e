"""The metrics: a registry of what each counts and how tables and the signature name it; precision, recall and F1.

A metric is one function from a sentence to counts and one Definition. Those of this package are in scoring.counts; a
package adds one by an entry point of the group ``gner_bench.metrics``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from gner_bench.documents.scores import RESERVED, Triple, Value
from gner_bench.errors import UsageError
from gner_bench.plugins import Registry

if TYPE_CHECKING:
    from gner_bench.scoring.predictions import Prediction

Metric = str
"""The name of a metric."""
TypedCounts = dict[str, Triple]
"""Right, predicted and gold by entity type."""
NO_TYPE = ""
DEFAULT = ("gner", "strict")
NAME = re.compile(r"\w[\w-]*", re.ASCII)
"""What the signature, ``--fail-under`` and CSV can hold unquoted."""


@dataclass(frozen=True)
class Definition:
    """A metric: ``count`` gives how many entities of a sentence are right, were predicted and are in the gold, by type.

    ``title`` heads columns, ``description`` says in a line what counts as right. Counts are in units of 1/``unit``; one
    of ``typed`` False counts under the empty type; ``epsilon`` is added to each denominator. In the signature
    ``counts_what`` says what is compared, ``repair`` how illegal BIO is read and ``normalisation`` what is done to
    texts before they are compared. One that is ``distinct`` counts under ``type<TAB>text`` what is in a sentence, and
    each of these once in a set, however many sentences hold it; as the counts of a set are then no sums over
    sentences, there are no intervals and no tests by it. ``heading`` is the title of a table, ``label`` what sentences
    call the metric, where these do not follow from title and description.
    """

    name: str
    title: str
    description: str
    count: Callable[[Prediction], TypedCounts]
    counts_what: str
    repair: str = "none"
    typed: bool = True
    distinct: bool = False
    unit: int = 1
    epsilon: float = 0.0
    normalisation: str = "none"
    heading: str = ""
    label: str = ""

    @property
    def long_title(self) -> str:
        """The title of a table: ``heading``, or the title and what counts as right."""
        return self.heading or f"{self.title} ({self.description})"

    @property
    def name_in_text(self) -> str:
        """What sentences and the menus of pages call it: ``label`` where the title alone says too little."""
        return self.label or self.title


class Metrics(Registry[Definition]):
    """The definitions by name, read like a mapping; iterating gives the names, those of plug-ins last."""

    def __iter__(self) -> Iterator[Metric]:
        return iter(self.names())

    def __len__(self) -> int:
        return len(self.names())

    def __getitem__(self, name: Metric) -> Definition:
        """As ``get``."""
        return self.get(name)

    def get(self, name: Metric) -> Definition:
        """The metric of that name. Raises UsageError for an unknown one, and for a plug-in that cannot be used."""
        definition = super().get(name)
        if definition.name != name or name in RESERVED or not NAME.fullmatch(name):
            raise UsageError(f"the metric {name!r} cannot be used (its definition is named {definition.name!r})")
        return definition


METRICS = Metrics(
    "gner_bench.metrics",
    "metric",
    Definition,
    {
        "gner": "gner_bench.scoring.counts:GNER",
        "strict": "gner_bench.scoring.counts:STRICT",
        "exact": "gner_bench.scoring.counts:EXACT",
        "partial": "gner_bench.scoring.counts:PARTIAL",
        "type": "gner_bench.scoring.counts:TYPE",
        "token": "gner_bench.scoring.counts:TOKEN",
        "conlleval": "gner_bench.scoring.conlleval:CONLLEVAL",
        "surface": "gner_bench.scoring.conlleval:SURFACE",
    },
)


def as_metric(name: str) -> Metric:
    """The metric of that name. Raises UsageError for another, with the nearest, and for a plug-in that is broken."""
    return METRICS[name].name


def ordered(metrics: Iterable[Metric]) -> tuple[Metric, ...]:
    """Each metric once, in the order of the registry, which is that of tables."""
    wanted = set(metrics)
    names = METRICS.builtin if wanted <= METRICS.builtin.keys() else METRICS.names()
    return tuple(name for name in names if name in wanted)


@lru_cache(maxsize=64)
def counters(metrics: tuple[Metric, ...]) -> Sequence[tuple[Metric, Callable[[Prediction], TypedCounts]]]:
    """The functions that count, looked up once for all sentences."""
    return [(metric, METRICS[metric].count) for metric in metrics]


def ratios(right: float, predicted: float, gold: float, metric: Metric) -> tuple[float, float, float]:
    """Precision, recall and F1 of counts; a denominator of zero gives 0."""
    epsilon = METRICS[metric].epsilon
    precision = right / (predicted + epsilon) if predicted + epsilon else 0.0
    recall = right / (gold + epsilon) if gold + epsilon else 0.0
    both = precision + recall + epsilon
    return precision, recall, 2 * precision * recall / both if both else 0.0


def prf(right: float, predicted: float, gold: float, metric: Metric) -> Value:
    """As ``ratios``, by name."""
    return Value(*ratios(right, predicted, gold, metric))


def mean(values: Iterable[Value]) -> Value:
    """The plain mean over data sets of each number. Raises ZeroDivisionError without any."""
    rows = list(values)
    return Value(*(sum(getattr(row, name) for row in rows) / len(rows) for name in ("precision", "recall", "f1")))
