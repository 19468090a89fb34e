"""The configuration of `gner-bench run`: which checkpoints on which data, and where the results go."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path

from gner_bench.config import read_config
from gner_bench.data.tags import Repair
from gner_bench.demo import CORPUS
from gner_bench.errors import InputError, UsageError
from gner_bench.predict.options import DecodingName, DtypeName, Limit, Options, Split
from gner_bench.predict.selection import parse_limit
from gner_bench.prompting import LabelOrder
from gner_bench.scoring.metrics import DEFAULT, Metric
from gner_bench.scoring.resampling import Resampling

PRESETS = {path.stem: path for path in sorted((Path(__file__).parent / "presets").glob("*.toml"))}


@dataclass(frozen=True)
class NamedCheckpoint:
    """A folder, hub id, catalogue name or ``demo``; ``name`` is what tables and folders call it."""

    model: str
    name: str = ""

    @property
    def title(self) -> str:
        return self.name or Path(self.model).name


@dataclass(frozen=True)
class Run:
    """One checkpoint in one decoding. ``name`` is that of its folder and its row in tables."""

    name: str
    model: str
    decoding: DecodingName


@dataclass(frozen=True)
class Matrix:
    """Every checkpoint runs in every decoding on the same data; without ``data`` it comes from the catalogue.

    ``limit`` is a number of sentences or a range such as ``"11-20"``. ``num_beams`` is for the decoding ``beam``.
    ``seed`` is that of shuffled prompts, ``resampling_seed`` that of intervals; ``baseline`` names the run that the
    others are tested against in the report, and ``published`` says whether quoted rows stand there.
    """

    predictions: str
    report: str
    checkpoints: tuple[NamedCheckpoint, ...]
    data: str = ""
    datasets: tuple[str, ...] = ()
    split: Split = "test"
    limit: int | str | None = None
    sample_ids: tuple[str, ...] = ()
    decodings: tuple[DecodingName, ...] = ("drafted",)
    batch_size: int | None = None
    batch_tokens: int | None = None
    num_beams: int = 1
    dtype: DtypeName = "auto"
    device: str = "auto"
    label_order: LabelOrder = "file"
    seed: int = 0
    repair: Repair = "refuse"
    metrics: tuple[Metric, ...] = DEFAULT
    resamples: int = 1000
    resampling_seed: int = 0
    baseline: str = ""
    published: bool = True

    def runs(self) -> Iterator[Run]:
        """Every checkpoint in every decoding; a decoding that may give other output than greedy is in the name."""
        for checkpoint in self.checkpoints:
            for decoding in self.decodings:
                yield Run(checkpoint.title + self._suffix(decoding), checkpoint.model, decoding)

    def _suffix(self, decoding: DecodingName) -> str:
        return {"drafted": "", "beam": f"+beam{self.num_beams}"}.get(decoding, f"+{decoding}")

    def options(self, run: Run, out: Path) -> Options:
        """What a run is asked to do. Raises UsageError for a limit that is not one."""
        shared = {spec.name for spec in fields(Options)} & {spec.name for spec in fields(self)} - {"data", "limit"}
        root = {"demo": CORPUS, "": None}.get(self.data, Path(self.data))
        settings = {name: getattr(self, name) for name in shared}
        settings["num_beams"] = self.num_beams if run.decoding == "beam" else 1
        return Options(data=root, out=out, limit=self._limit(), decoding=run.decoding, **settings)

    def _limit(self) -> Limit | None:
        return None if self.limit is None else parse_limit(str(self.limit))

    @property
    def resampling(self) -> Resampling:
        return Resampling(self.resamples, self.resampling_seed)


LEAST_ONE = ("limit", "batch_size", "batch_tokens", "num_beams")
"""Keys whose numbers start at 1."""
LEAST_ZERO = ("resamples", "resampling_seed")


def read_matrix(path: Path, models: tuple[str, ...] = ()) -> Matrix:
    """Read a configuration; ``models`` take the place of its checkpoints. Raises InputError naming the wrong key."""
    matrix = read_config(Matrix, path)
    if models:
        matrix = replace(matrix, checkpoints=tuple(NamedCheckpoint(model) for model in models))
    for keys, least in ((LEAST_ONE, 1), (LEAST_ZERO, 0)):
        for key in keys:
            value = getattr(matrix, key)
            if isinstance(value, int) and value < least:
                raise InputError(path, f"must be at least {least}, found {value}", field=key)
    _check_limit(path, matrix.limit)
    _check_decodings(path, matrix)
    _check_runs(path, matrix)
    return matrix


def _check_limit(path: Path, limit: int | str | None) -> None:
    try:
        _ = None if limit is None else parse_limit(str(limit))
    except UsageError as error:
        raise InputError(path, str(error), field="limit") from None


def _check_decodings(path: Path, matrix: Matrix) -> None:
    for key in ("decodings", "metrics"):
        values = getattr(matrix, key)
        if not values or len(set(values)) < len(values):
            raise InputError(path, "names none" if not values else "names one twice", field=key)
    if (matrix.num_beams > 1) != ("beam" in matrix.decodings):
        message = f"{matrix.num_beams}, and decodings {', '.join(matrix.decodings)}; beam needs at least 2, others none"
        raise InputError(path, message, field="num_beams")


def _check_runs(path: Path, matrix: Matrix) -> None:
    names = [checkpoint.title for checkpoint in matrix.checkpoints]
    if not names:
        raise InputError(path, "names no checkpoint (--model names one for this run)", field="checkpoints")
    for name in names:
        if names.count(name) > 1:
            raise InputError(path, f"two checkpoints are called {name!r}; give each a name", field="checkpoints")
    runs = [run.name for run in matrix.runs()]
    if matrix.baseline and matrix.baseline not in runs:
        raise InputError(path, f"{matrix.baseline!r} is none of the runs {', '.join(runs)}", field="baseline")
