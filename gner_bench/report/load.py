"""The systems of a report: from scores.json files, run folders and prediction files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from gner_bench.answers.answer import Rule
from gner_bench.catalog import catalog
from gner_bench.catalog.entries import Model
from gner_bench.documents.run import Run, run_beside
from gner_bench.documents.scores import NAME, Resampling, ScoresDocument, read_scores
from gner_bench.errors import InputError, UsageError
from gner_bench.files import NamedPath
from gner_bench.scoring.document import require_agreement, scores_document, scores_of
from gner_bench.scoring.generations import PREDICTIONS
from gner_bench.scoring.groups import GroupValues, group, values_of, with_run
from gner_bench.scoring.metrics import DEFAULT, Metric
from gner_bench.scoring.predictions import Predictions
from gner_bench.scoring.scores import Scores
from gner_bench.scoring.seen import Training, with_training
from gner_bench.scoring.signature import fields_over, long_line, short_line, signature_fields
from gner_bench.scoring.tokenizers import BESIDE, Tokenizers
from gner_bench.scoring.values import SystemValues
from gner_bench.terminal import progress_bar

PLACES: tuple[Callable[[Path], str], ...] = (lambda p: p.parent.name, lambda p: "/".join(p.parts[-2:]), str)

HELD = 4_000_000
"""Bytes of predictions that are kept for the page; those of larger files are read again, by several processes at once
when they are scored."""


@dataclass(frozen=True)
class SystemScores:
    """One system: its ``scores``, how they are resampled, and the ``run`` (run.json) it comes from, None if unknown.

    ``predictions`` are those that were scored, where they were not read from a scores.json. A ``given`` name was chosen
    for this report; ``own_name`` is what the files call the system.
    """

    name: str
    scores: Scores
    resampling: Resampling
    signature: str
    signature_short: str
    signature_fields: Mapping[str, str]
    path: Path
    run: Run | None = None
    predictions: Predictions | None = None
    given: bool = False
    own_name: str = ""

    @cached_property
    def document(self) -> ScoresDocument:
        """The scores.json of this system, its figures computed from the counts."""
        document = scores_document(self.scores, self.resampling)
        return replace(document, signature=self.signature, signature_short=self.signature_short)

    @property
    def parameters(self) -> float | None:
        """A count, None where unknown."""
        return self.scores.origin.system.parameters

    @property
    def note(self) -> str:
        """What tables must say of the system."""
        return self.scores.origin.system.note

    @cached_property
    def values(self) -> SystemValues | GroupValues:
        """Every value, computed from the counts."""
        return values_of(self.scores, self.resampling)

    def scores_over(self, names: Iterable[str]) -> Scores:
        """The scores of some of its data sets."""
        return replace(self.scores, sets={name: self.scores.sets[name] for name in names})

    def over(self, names: Collection[str]) -> SystemScores:
        """The system on some of its data sets."""
        if self.scores.sets.keys() <= set(names):
            return self
        kept = [name for name in self.scores.sets if name in names]
        fields = fields_over(self.signature_fields, kept)
        return replace(self, scores=self.scores_over(kept), signature_fields=fields)

    @property
    def runs(self) -> tuple[Run, ...]:
        """Those that there are; several of a group."""
        of_group = (run for scores in self.scores.runs for run in scores.origin.runs.values())
        return tuple(of_group) if len(self.scores.runs) > 1 else tuple(filter(None, [self.run]))

    @property
    def known(self) -> Model | None:
        """What the catalogue says of the system, by what its run asked for or, without one, by its names."""
        asked = [] if self.run is None else [self.run.system.get("model"), self.run.model.source, self.run.model.name]
        names = [name for name in (*asked, self.own_name, self.scores.origin.system.name) if isinstance(name, str)]
        return next(filter(None, map(catalog().find_model, names)), None)

    def knowing(self, data: Training | None, encoder: str | None = None) -> SystemScores:
        """With what is known of its training: from ``data``, its run and the catalogue, or as its scores.json says."""
        if data is None and any(part.analysis.seen for part in self.scores.sets.values()):
            return self
        sets = self.known.training_sets if self.known else ()
        scores = with_training(self.scores, data, self.resampling, self.predictions, encoder, sets)
        return replace(self, scores=scores)

    def trained_on(self, dataset: str) -> bool:
        """Whether it was trained on the data set (on whatever split), as far as is known."""
        part = self.scores.sets.get(dataset)
        if part and part.analysis.seen and part.analysis.seen.supervised:
            return True
        return any(name.partition("/")[0] == dataset for name in self.scores.origin.system.training_sets)


def load_all(
    sources: Iterable[Path | NamedPath],
    metrics: Sequence[Metric] = (),
    tokenizers: Tokenizers = BESIDE,
    rule: Rule | None = None,
) -> list[SystemScores]:
    """Read files and run folders, each once; systems of one name get the name of their folder added.

    Raises InputError. All else are those of ``load_system``.
    """
    named = (source if isinstance(source, NamedPath) else NamedPath(source) for source in sources)
    once = {(source.path.absolute(), source.name): source for source in named}.values()
    systems = []
    with progress_bar("reading and scoring", len(once), unit="files", beside_forks=True) as advance:
        for source in once:
            systems.append(load_system(source.path, metrics, tokenizers, rule, source.name))
            advance(1)
    return distinct(systems)


def load_system(
    path: Path,
    metrics: Sequence[Metric] = (),
    tokenizers: Tokenizers = BESIDE,
    rule: Rule | None = None,
    name: str = "",
) -> SystemScores:
    """One system of a scores.json, a run folder or a file of predictions, called ``name`` where one is given.

    Predictions are scored anew, also those of a folder that holds a scores.json, by ``metrics`` (GNER and strict
    without any), back-tokenized by the tokenizer beside them unless ``tokenizers`` say otherwise, their answers read
    under ``rule`` (None for that of their format). A scores.json must hold ``metrics``. Raises InputError, naming the
    field, for what cannot be read or does not agree with its own counts.
    """
    path, where = file_of(path), path
    if path.suffix == ".json":
        found = _read(path)
    else:
        found = _scored(path, metrics or DEFAULT, tokenizers.of(where, name=name), tokenizers.clean_up_spaces, rule)
    if not found.scores.sets:
        raise InputError(path, "holds no data set", field="datasets")
    if lacking := [metric for metric in metrics if metric not in found.scores.metrics]:
        message = f"holds no {', '.join(lacking)}; score the predictions again with --metric {lacking[0]}"
        raise InputError(path, message, field="metrics")
    if not name:
        return found
    return replace(found, name=name, scores=found.scores.renamed(name), given=True, own_name=found.name)


def load_group(
    name: str,
    paths: Sequence[Path],
    metrics: Sequence[Metric] = (),
    tokenizers: Tokenizers = BESIDE,
    rule: Rule | None = None,
) -> SystemScores:
    """The runs at ``paths`` as one system. Raises InputError and UsageError (see ``groups.group``)."""
    runs = [load_system(path, metrics, tokenizers, rule) for path in paths]
    scores = group([with_run(run.scores, run.run) for run in runs], name)
    if len(runs) == 1:
        return replace(runs[0], name=name, scores=scores, given=True, own_name=runs[0].name)
    # Where runs were resampled in different ways, none of these is that of the group.
    alike = all(run.resampling == runs[0].resampling for run in runs)
    resampling = runs[0].resampling if alike else Resampling()
    fields = signature_fields(scores, resampling)
    return SystemScores(
        name,
        scores,
        resampling,
        long_line(fields),
        short_line(fields),
        fields,
        file_of(paths[0]),
        runs[0].run,
        given=True,
        own_name=runs[0].name,
    )


def metrics_of(systems: Sequence[SystemScores]) -> list[Metric]:
    """The metrics that any system was scored by, in the order of the first that has them."""
    return list(dict.fromkeys(metric for system in systems for metric in system.scores.metrics))


def file_of(path: Path) -> Path:
    """The file to read for an argument: of a run folder its predictions, or its scores where there are none."""
    if not path.is_dir():
        return path
    found = (path / name for name in (*PREDICTIONS, NAME) if (path / name).is_file())
    return next(found, path / PREDICTIONS[0])


def _read(path: Path) -> SystemScores:
    stored = read_scores(path)
    scores = scores_of(stored, path)
    parameters = scores.origin.system.parameters
    if parameters is not None and not 0 <= parameters < 1e16:
        raise InputError(path, "is not a count", field="system.parameters")
    require_agreement(stored, scores, path)
    return SystemScores(
        scores.origin.system.name,
        scores,
        stored.resampling,
        stored.signature,
        stored.signature_short,
        stored.signature_fields,
        path,
        _run_beside(path, (NAME,)),
    )


def _scored(
    path: Path, metrics: Sequence[Metric], tokenizer: str | None, spaces: bool, rule: Rule | None
) -> SystemScores:
    from gner_bench.api import load_predictions, score
    from gner_bench.scoring.counting import usable_processes
    from gner_bench.scoring.loading import InMemory

    predictions = load_predictions(path, tokenizer=tokenizer, answers=rule, clean_up_spaces=spaces)
    if path.is_file() and path.stat().st_size <= HELD:
        predictions = InMemory(predictions.origin, tuple(predictions))
    resampling = Resampling()
    scores = score(predictions, metrics, usable_processes())
    fields = signature_fields(scores, resampling)
    name, run = scores.origin.system.name, _run_beside(path, PREDICTIONS)
    lines = long_line(fields), short_line(fields)
    return SystemScores(name, scores, resampling, *lines, fields, path, run, predictions)


def _run_beside(path: Path, names: Sequence[str]) -> Run | None:
    """The run.json beside a file of one of these names, None where there is none that can be read."""
    return run_beside(path) if path.name in names else None


def distinct(systems: Sequence[SystemScores]) -> list[SystemScores]:
    """Add to names that occur twice as much of the path as tells them apart, but to none that was given.

    Raises UsageError for one that was given twice.
    """
    names = [system.name for system in systems]
    for name, count in Counter(system.name for system in systems if system.given).items():
        if count > 1:
            raise UsageError(f"two systems are called {name!r} (NAME=FILE); give each a name of its own")
    for place in PLACES:
        count_of = Counter(names)
        names = [
            f"{system.name} ({place(system.path.absolute())})" if count_of[name] > 1 and not system.given else name
            for name, system in zip(names, systems, strict=True)
        ]
    return [replace(system, name=name) for name, system in zip(names, systems, strict=True)]
