"""Predictions as pandas or polars frames: their sentences, their entities, and what is wrong with these."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, Literal, get_args

from gner_bench.errors import UsageError, short
from gner_bench.extras import required
from gner_bench.scoring.explain import counts_of, verdicts
from gner_bench.scoring.metrics import DEFAULT, as_metric, ordered
from gner_bench.scoring.predictions import Prediction, Predictions

Rows = Literal["sentences", "entities", "errors"]
Library = Literal["pandas", "polars"]
Types = dict[str, type]
SENTENCE: Types = {"dataset": str, "split": str, "document": str, "id": str}
"""The columns that all frames begin with, and their types."""
SIDE: Types = {"text": str, "type": str, "start": int, "end": int}


def to_frame(
    predictions: Predictions,
    of: Rows = "sentences",
    *,
    library: Library = "pandas",
    metrics: Sequence[str] = DEFAULT,
) -> Any:
    """A DataFrame with a row for each sentence, each entity or each error of ``predictions``.

    ``sentences`` have their words and tags as texts, the answer, and right, predicted and gold entities by each of
    ``metrics`` (``gner_right``, …). ``entities`` are pairs of a gold and a predicted entity, or one that has no other,
    in the ``class`` of the error analysis (``correct``, ``wrong_type``, ``wrong_boundary``, ``wrong_both``, ``missed``,
    ``spurious``); ``start`` and ``end`` are places of words from 0, the end after the last, and missing for text that
    is at no words. ``errors`` are those that are not ``correct``.

    Raises UsageError for another name, an unknown metric and a library that is not installed, and what reading the
    predictions raises. Example::

        to_frame(load_predictions("predictions.jsonl"), "errors").groupby("gold_type")["class"].value_counts()
    """
    if of not in get_args(Rows):
        raise UsageError(f"frames are of {', '.join(get_args(Rows))}, not of {short(of)}")
    if library not in get_args(Library):
        raise UsageError(f"frames are of {' or '.join(get_args(Library))}, not of {short(library)}")
    module = required(library)
    if of == "sentences":
        chosen = ordered(as_metric(metric) for metric in metrics)
        counted: Types = {f"{metric}_{side}": float for metric in chosen for side in ("right", "predicted", "gold")}
        types = SENTENCE | {"words": str, "gold": str, "predicted": str, "answer": str} | counted
        rows = []
        for sentence in predictions:
            counts = [counts_of(sentence, metric) for metric in chosen]
            numbers = [number for c in counts for number in (c.true_positives, c.predicted, c.gold)]
            texts = [" ".join(side) for side in (sentence.words, sentence.gold, sentence.predicted)]
            rows.append((*_of(sentence), *texts, sentence.text or None, *numbers))
    else:
        sides: Types = {f"{side}_{name}": kind for side in ("gold", "predicted") for name, kind in SIDE.items()}
        types = SENTENCE | {"class": str} | sides
        rows = [row for sentence in predictions for row in _entities(sentence, errors=of == "errors")]
    columns = {name: [row[place] for row in rows] for place, name in enumerate(types)}
    if library == "polars":
        kinds = {str: module.String, int: module.Int64, float: module.Float64}
        return module.DataFrame(columns, schema={name: kinds[kind] for name, kind in types.items()})
    # Whole numbers of which some are missing would become floats, and empty columns objects.
    dtypes = {str: "string", int: "Int64", float: "float64"}
    return module.DataFrame({name: module.Series(columns[name], dtype=dtypes[kind]) for name, kind in types.items()})


def _of(sentence: Prediction) -> tuple[str, str, str | None, str]:
    return sentence.dataset, sentence.split, sentence.document or None, sentence.id


def _entities(sentence: Prediction, errors: bool) -> Iterator[tuple[Any, ...]]:
    for verdict in verdicts(sentence):
        if not errors or verdict.kind != "correct":
            sides = (
                (mention.text, mention.type, mention.start, mention.end) if mention else (None,) * len(SIDE)
                for mention in (verdict.gold, verdict.predicted)
            )
            yield *_of(sentence), verdict.kind, *chain.from_iterable(sides)
