"""The systems of a report: from scores.json files, run folders and prediction files."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from gner_bench.errors import InputError
from gner_bench.records import Json
from gner_bench.scoring.document import document, read_scores
from gner_bench.scoring.figures import Figures
from gner_bench.scoring.generations import PREDICTIONS
from gner_bench.scoring.metrics import DEFAULT, Metric
from gner_bench.scoring.predictions import Predictions
from gner_bench.scoring.resampling import Resampling
from gner_bench.scoring.scores import Scores
from gner_bench.scoring.signature import long_line, short_line, signature_fields

SCORES = "scores.json"
PLACES: tuple[Callable[[Path], str], ...] = (lambda p: p.parent.name, lambda p: "/".join(p.parts[-2:]), str)
STRUCTURING = ("matched_by", "structuring")
"""The details of a data set on how text became tags."""
AGREE = 1e-9
"""How far a stored F1 may be from that of the stored counts."""


@dataclass(frozen=True)
class SystemScores:
    """One system: its ``scores``, how they are resampled, and the ``run`` (run.json) it comes from, empty if unknown.

    ``predictions`` are those that were scored, where they were not read from a scores.json.
    """

    name: str
    scores: Scores
    resampling: Resampling
    signature: str
    signature_short: str
    path: Path
    run: Json = field(default_factory=dict)
    predictions: Predictions | None = None

    @cached_property
    def document(self) -> Json:
        """The scores.json of this system, its figures computed from the counts."""
        lines = {"signature": self.signature, "signature_short": self.signature_short}
        return document(self.scores, self.resampling) | lines

    @property
    def parameters(self) -> float | None:
        """A count, None where unknown."""
        return self.scores.origin.system.parameters

    @property
    def note(self) -> str:
        """What tables must say of the system."""
        return self.scores.origin.system.note

    @cached_property
    def figures(self) -> Figures:
        """Every figure, computed from the counts."""
        return Figures(self.scores, self.resampling)

    def figures_over(self, names: Iterable[str]) -> Figures:
        """The figures of some of its data sets; what was resampled is shared."""
        found = copy(self.figures)
        found.sets = {name: self.figures.sets[name] for name in names}
        return found

    def scores_over(self, names: Iterable[str]) -> Scores:
        """The scores of some of its data sets."""
        return replace(self.scores, sets={name: self.scores.sets[name] for name in names})

    def trained_on(self, dataset: str) -> bool:
        """Whether it was trained on the data set (on whatever split), as far as its run says."""
        return any(name.partition("/")[0] == dataset for name in self.scores.origin.system.training_sets)


def load_all(paths: Iterable[Path], metrics: Sequence[Metric] = (), tokenizer: str | None = None) -> list[SystemScores]:
    """Read files and run folders, each once; systems of one name get the name of their folder added.

    Raises InputError. ``metrics`` and ``tokenizer`` are those of ``load_system``.
    """
    once = {path.absolute(): path for path in paths}.values()
    return distinct([load_system(path, metrics, tokenizer) for path in once])


def load_system(path: Path, metrics: Sequence[Metric] = (), tokenizer: str | None = None) -> SystemScores:
    """One system of a scores.json, a run folder or a file of predictions.

    Predictions are scored anew, also those of a folder that holds a scores.json, by ``metrics`` (GNER and strict
    without any) and with ``tokenizer`` (a path, ``none``, or None for the one beside them). A scores.json must hold
    ``metrics``. Raises InputError, naming the field, for what cannot be read or does not agree with its own counts.
    """
    path = file_of(path)
    found = _read(path) if path.suffix == ".json" else _scored(path, metrics or DEFAULT, tokenizer)
    if not found.scores.sets:
        raise InputError(path, "holds no data set", field="datasets")
    if lacking := [metric for metric in metrics if metric not in found.scores.metrics]:
        message = f"holds no {', '.join(lacking)}; score the predictions again with --metric {lacking[0]}"
        raise InputError(path, message, field="metrics")
    return found


def metrics_of(systems: Sequence[SystemScores]) -> list[Metric]:
    """The metrics that any system was scored by, in the order of the first that has them."""
    return list(dict.fromkeys(metric for system in systems for metric in system.scores.metrics))


def file_of(path: Path) -> Path:
    """The file to read for an argument: of a run folder its predictions, or its scores where there are none."""
    if not path.is_dir():
        return path
    found = (path / name for name in (*PREDICTIONS, SCORES) if (path / name).is_file())
    return next(found, path / PREDICTIONS[0])


def _read(path: Path) -> SystemScores:
    scores, resampling = read_scores(path)
    stored = json.loads(path.read_text(encoding="utf-8"))
    parameters = scores.origin.system.parameters
    if parameters is not None and (type(parameters) not in (int, float) or not 0 <= parameters < 1e16):
        raise InputError(path, "is not a count", field="system.parameters")
    system = SystemScores(
        name=scores.origin.system.name,
        scores=scores,
        resampling=resampling,
        signature=_text(path, stored, "signature"),
        signature_short=_text(path, stored, "signature_short"),
        path=path,
        run=_run_beside(path, (SCORES,)),
    )
    _require_objects(system)
    _require_agreement(system, stored["datasets"])
    return system


def _text(path: Path, stored: Mapping[str, object], key: str) -> str:
    found = stored.get(key)
    if not isinstance(found, str):
        raise InputError(path, "is missing" if found is None else "is not a string", field=key)
    return found


def _require_agreement(system: SystemScores, stored: Json) -> None:
    """Raise InputError where a stored F1 is not that of the counts: one of them was changed."""
    figures = Figures(system.scores, Resampling(0))
    for name, each in figures.sets.items():
        for metric in system.scores.metrics:
            found = stored[name].get(metric)
            f1 = found.get("f1") if isinstance(found, dict) else None
            place = f"datasets.{name}.{metric}.f1"
            if isinstance(f1, bool) or not isinstance(f1, int | float):
                raise InputError(system.path, "is not a number", field=place)
            if not abs(f1 - each.micro(metric).prf.f1) <= AGREE:
                raise InputError(system.path, f"{f1:g} is not the F1 of the counts", field=place)


def _require_objects(system: SystemScores) -> None:
    """Raise InputError where something else than an object tells how text became tags."""
    for name, each in system.scores.sets.items():
        for key in STRUCTURING:
            if not isinstance(each.details.get(key, {}), dict):
                raise InputError(system.path, "is not an object", field=f"datasets.{name}.{key}")


def _scored(path: Path, metrics: Sequence[Metric], tokenizer: str | None) -> SystemScores:
    from gner_bench.api import load_predictions, score
    from gner_bench.scoring.counting import usable_processes

    predictions, resampling = load_predictions(path, tokenizer=tokenizer), Resampling()
    scores = score(predictions, metrics, usable_processes())
    fields = signature_fields(scores, resampling)
    name, run = scores.origin.system.name, _run_beside(path, PREDICTIONS)
    lines = long_line(fields), short_line(fields)
    return SystemScores(name, scores, resampling, *lines, path, run, predictions=predictions)


def _run_beside(path: Path, names: Sequence[str]) -> Json:
    """The run.json beside a file of one of these names, empty where there is none that can be read."""
    beside = path.parent / "run.json"
    if path.name not in names or not beside.is_file():
        return {}
    try:
        found = json.loads(beside.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def distinct(systems: Sequence[SystemScores]) -> list[SystemScores]:
    """Add to names that occur twice as much of the path as tells them apart."""
    names = [system.name for system in systems]
    for place in PLACES:
        count = Counter(names)
        names = [
            f"{system.name} ({place(system.path.absolute())})" if count[name] > 1 else name
            for name, system in zip(names, systems, strict=True)
        ]
    return [replace(system, name=name) for name, system in zip(names, systems, strict=True)]
