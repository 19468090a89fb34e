"""Scores as scores.json, and back."""

from __future__ import annotations

from array import array
from pathlib import Path

from gner_bench.documents.scores import VERSION, Provenance, Resampling, RunScores, ScoresDocument, SetDocument
from gner_bench.errors import InputError, UsageError
from gner_bench.scoring.groups import Group, GroupSetValues, group, values_of
from gner_bench.scoring.metrics import Metric, as_metric
from gner_bench.scoring.predictions import Origin
from gner_bench.scoring.scores import Scores, SetScores
from gner_bench.scoring.signature import long_line, short_line, signature_fields
from gner_bench.scoring.statistics import statistics_of
from gner_bench.scoring.values import SetValues

AGREE = 1e-9
"""How far a stored value may be from that of the stored counts."""


def scores_document(scores: Scores, resampling: Resampling) -> ScoresDocument:
    """What scores.json says of ``scores``."""
    values, signature = values_of(scores, resampling), signature_fields(scores, resampling)
    origin, metrics = scores.origin, scores.metrics
    return ScoresDocument(
        version=VERSION,
        system=origin.system,
        files=tuple(map(str, origin.files)),
        metrics=metrics,
        resampling=resampling,
        datasets={name: _set_document(part, metrics) for name, part in values.sets.items()},
        average={metric: values.average(metric) for metric in metrics},
        pooled={metric: values.pooled(metric) for metric in metrics},
        macro={metric: values.macro(metric) for metric in metrics},
        signature=long_line(signature),
        signature_short=short_line(signature),
        signature_fields=signature,
        origin=Provenance(
            origin.decoding,
            origin.tokenizer,
            origin.structuring,
            origin.expected,
            origin.options or None,
            origin.computed,
        ),
        runs=_runs(scores) if isinstance(scores, Group) else None,
    )


def _runs(scores: Group) -> tuple[RunScores, ...]:
    documents = (scores_document(run, Resampling(0)) for run in scores.runs)
    return tuple(RunScores(seed, scores=run) for seed, run in zip(scores.seeds, documents, strict=True))


def _set_document(values: SetValues | GroupSetValues, metrics: tuple[Metric, ...]) -> SetDocument:
    scores = values.scores
    by_type = {metric: values.types(metric) for metric in metrics}
    kinds = dict.fromkeys(kind for of_metric in by_type.values() for kind in of_metric)
    return SetDocument(
        split=scores.split,
        sentences=len(scores.statistics),
        planned=scores.planned,
        content_hash=scores.content_hash,
        values={metric: values.micro(metric) for metric in metrics},
        macro={metric: values.macro(metric) for metric in metrics},
        analysis=scores.analysis,
        types={
            kind: {metric: of_metric[kind] for metric, of_metric in by_type.items() if kind in of_metric}
            for kind in kinds
        },
        label_list=scores.types,
        counts=scores.statistics.sentence_counts(scores.ids, scores.keys, scores.documents),
    )


def require_agreement(document: ScoresDocument, scores: Scores, path: Path) -> None:
    """Raise InputError where precision, recall or F1 of a set or the mean is not that of the counts: one was changed.

    ``scores`` are those of the document, which was read from ``path``.
    """
    values = values_of(scores, Resampling(0))
    for metric in scores.metrics:
        places = {
            f"datasets.{name}": (document.datasets[name].values[metric], part.micro(metric))
            for name, part in values.sets.items()
        }
        if metric not in document.average:
            raise InputError(path, "is missing", field=f"average.{metric}")
        places["average"] = document.average[metric], values.average(metric)
        for place, (stored, counted) in places.items():
            for ratio in ("precision", "recall", "f1"):
                value, made = getattr(stored, ratio), getattr(counted, ratio)
                if not abs(value - made) <= AGREE:
                    named = "F1" if ratio == "f1" else ratio
                    raise InputError(
                        path, f"{value:g} is not the {named} of the counts", field=f"{place}.{metric}.{ratio}"
                    )


def scores_of(document: ScoresDocument, path: Path) -> Scores:
    """The scores of the scores.json that was read from ``path``.

    Raises InputError for a metric that is not known here and for counts that cannot be.
    """
    if document.runs is not None:
        runs, seeds = [scores_of(run.scores, path) for run in document.runs], [run.seed for run in document.runs]
        return group(runs, document.system.name, seeds)
    try:
        metrics = tuple(as_metric(name) for name in document.metrics)
    except UsageError as error:
        raise InputError(path, str(error), field="metrics") from None
    sets = {}
    for name, part in document.datasets.items():
        try:
            statistics, keys = statistics_of(metrics, part.counts), array("Q", part.counts.keys)
        except (ValueError, TypeError, OverflowError) as error:
            raise InputError(path, f"cannot be used ({error})", field=f"datasets.{name}.counts") from None
        described = part.split, part.label_list, part.content_hash
        counts = part.counts
        sets[name] = SetScores(
            name, *described, statistics, counts.ids, keys, part.planned, part.analysis, counts.documents
        )
    run, files = document.origin, tuple(map(Path, document.files))
    origin = Origin(
        files,
        document.system,
        run.decoding,
        run.tokenizer,
        run.structuring,
        expected=run.expected,
        options=run.options or {},
        computed=run.computed,
    )
    return Scores(origin, metrics, sets)
