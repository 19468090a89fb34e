"""scores.json, version 2: writing and reading it."""

from __future__ import annotations

from array import array
from dataclasses import asdict
from pathlib import Path
from typing import TypeVar

from gner_bench.errors import InputError, UsageError
from gner_bench.records import Fields, Json, parse_json
from gner_bench.scoring.figures import Figures, SetFigures
from gner_bench.scoring.metrics import METRICS, Metric, as_metric
from gner_bench.scoring.predictions import Origin, System
from gner_bench.scoring.resampling import Resampling
from gner_bench.scoring.scores import Scores, SetScores
from gner_bench.scoring.signature import long_line, short_line, signature_fields
from gner_bench.scoring.statistics import of_document

T = TypeVar("T")
VERSION = 2


def document(scores: Scores, resampling: Resampling) -> Json:
    """The document of scores.json, for ``files.to_json``: long arrays are packed, not lists.

    F1 is from 0 to 1, an interval has its lower and its upper end.
    """
    figures, fields = Figures(scores, resampling), signature_fields(scores, resampling)
    metrics = scores.metrics
    return {
        "version": VERSION,
        "system": asdict(scores.origin.system) | {"training_sets": list(scores.origin.system.training_sets)},
        "files": [str(path) for path in scores.origin.files],
        "metrics": list(metrics),
        "resampling": asdict(resampling),
        "datasets": {name: _set(each, metrics) for name, each in figures.sets.items()},
        "average": {metric: figures.average(metric).document() for metric in metrics},
        "pooled": {metric: figures.pooled(metric).document() for metric in metrics},
        "macro": {metric: figures.macro(metric).document() for metric in metrics},
        "signature": long_line(fields),
        "signature_short": short_line(fields),
        "signature_fields": fields,
        "origin": {
            "decoding": scores.origin.decoding,
            "tokenizer": scores.origin.tokenizer,
            "structuring": scores.origin.structuring,
            "expected": scores.origin.expected,
        },
    }


def _set(figures: SetFigures, metrics: tuple[Metric, ...]) -> Json:
    scores = figures.scores
    by_type = {metric: figures.types(metric) for metric in metrics}
    kinds = dict.fromkeys(kind for found in by_type.values() for kind in found)
    return {
        "split": scores.split,
        "sentences": len(scores.statistics),
        "planned": scores.planned,
        "content_hash": scores.content_hash,
        **{metric: figures.micro(metric).document() for metric in metrics},
        "macro": {metric: figures.macro(metric).document() for metric in metrics},
        **scores.details,
        "types": {
            kind: {metric: found[kind].document() for metric, found in by_type.items() if kind in found}
            for kind in kinds
        },
        "label_list": list(scores.types),
        "counts": {**scores.statistics.document(), "ids": scores.ids, "keys": scores.keys},
    }


SCORES = frozenset(
    {"split", "sentences", "planned", "content_hash", "macro", "types", "label_list", "counts", *METRICS}
)
"""The keys of a set that are scores; what else stands there are its details."""


def read_scores(path: Path) -> tuple[Scores, Resampling]:
    """The scores and the resampling of a scores.json.

    Raises InputError naming the field for a file that is none, and for one of another version (1 has no counts).
    """
    root = Fields(path, _object(path))
    version = root.get("version", int)
    if version != VERSION:
        known = "has no counts of sentences" if version == 1 else "is not a version that this program reads"
        raise root.error("version", f"{version} {known}; score the predictions again")
    metrics, sets = _metrics(root), root.inner("datasets")
    if not sets.value:
        raise root.error("datasets", "is empty")
    found = {name: _read_set(sets, name, metrics) for name in sets.value}
    return Scores(_origin(root), metrics, found), _resampling(root.inner("resampling"))


def _metrics(root: Fields) -> tuple[Metric, ...]:
    try:
        return tuple(as_metric(name) for name in root.strings("metrics"))
    except UsageError as error:
        raise root.error("metrics", str(error)) from None


def _origin(root: Fields) -> Origin:
    system, origin = root.inner("system"), root.inner("origin")
    training_sets = system.strings("training_sets") if "training_sets" in system.value else ()
    return Origin(
        files=tuple(Path(file) for file in root.strings("files")),
        system=System(
            system.get("name", str),
            _optional(system, "parameters", int),
            _optional(system, "note", str) or "",
            training_sets,
        ),
        decoding=origin.get("decoding", str),
        tokenizer=_optional(origin, "tokenizer", str),
        structuring=origin.get("structuring", str),
        expected=origin.get("expected", int),
    )


def _resampling(fields: Fields) -> Resampling:
    found = Resampling(fields.get("resamples", int), fields.get("seed", int), fields.get("confidence", float))
    if found.resamples < 0 or found.resamples is True:
        raise fields.error("resamples", "is no number of resamples")
    if not 0 < found.confidence < 1:
        raise fields.error("confidence", "is not between 0 and 1")
    return found


def _read_set(sets: Fields, name: str, metrics: tuple[Metric, ...]) -> SetScores:
    fields = sets.inner(name)
    counts = fields.inner("counts")
    try:
        statistics = of_document(metrics, counts.value)
        keys = array("Q", counts.get("keys", list))
    except (ValueError, KeyError, TypeError, OverflowError) as error:
        raise fields.error("counts", f"cannot be used ({error})") from None
    ids = counts.strings("ids")
    if not len(ids) == len(keys) == len(statistics):
        raise fields.error("counts", f"{len(statistics)} sentences, {len(ids)} ids and {len(keys)} keys")
    return SetScores(
        name,
        fields.get("split", str),
        fields.strings("label_list"),
        fields.get("content_hash", str),
        statistics,
        ids,
        keys,
        _optional(fields, "planned", int),
        {key: value for key, value in fields.value.items() if key not in SCORES},
    )


def _optional(fields: Fields, key: str, kind: type[T]) -> T | None:
    return None if fields.value.get(key) is None else fields.get(key, kind)


def _object(path: Path) -> Json:
    try:
        found = parse_json(path, None, path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(path, error.strerror or str(error)) from None
    except UnicodeDecodeError:
        raise InputError(path, "is not UTF-8 text") from None
    if not isinstance(found, dict):
        raise InputError(path, f"expected a JSON object, found {type(found).__name__}")
    return found
