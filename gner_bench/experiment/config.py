"""The configuration of `gner-bench run`: which checkpoints on which data, and where the results go."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from gner_bench.answers import LabelOrder
from gner_bench.answers.answer import Rule
from gner_bench.bio import Repair
from gner_bench.config import read_config
from gner_bench.demo import CORPUS
from gner_bench.errors import InputError, UsageError
from gner_bench.predict.backend import BACKENDS, SystemOptions
from gner_bench.predict.options import Api, DecodingName, DtypeName, Options, Split, parse_limit
from gner_bench.scoring.metrics import DEFAULT, Metric, as_metric

PRESETS = {path.stem: path for path in sorted((Path(__file__).parent / "presets").glob("*.toml"))}
LEAST = {
    **dict.fromkeys(("limit", "batch_size", "batch_tokens", "num_beams"), 1),
    **dict.fromkeys(("resamples", "resampling_seed"), 0),
}
"""The least value of keys that are numbers."""


@dataclass(frozen=True)
class SystemEntry:
    """A system: a folder, hub id, catalogue name or ``demo``, or what its ``backend`` knows as a model.

    ``name`` is what tables and folders call it. ``base_url``, ``api``, ``concurrency`` and ``tokenizer`` are for a
    server, as the options of `gner-bench predict`.
    """

    model: str
    name: str = ""
    backend: str = "local"
    base_url: str | None = None
    api: Api = "completions"
    concurrency: int = 16
    tokenizer: str | None = None

    @property
    def title(self) -> str:
        return self.name or Path(self.model).name


@dataclass(frozen=True)
class Job:
    """One system in one decoding. ``name`` is that of its folder and its row in tables."""

    name: str
    system: SystemOptions
    decoding: DecodingName


@dataclass(frozen=True)
class Experiment:
    """Every system runs in every decoding on the same data; without ``data`` it comes from the catalogue.

    ``limit`` is a number of sentences or a range such as ``"11-20"``. ``num_beams`` is for the decoding ``beam``.
    ``seed`` is that of shuffled prompts, ``resampling_seed`` that of intervals; ``baseline`` names the run that the
    others are tested against in the report, and ``published`` says whether it has quoted rows. ``answers`` is the rule
    that answers are read under, by default that of their format.
    """

    predictions: str
    report: str
    checkpoints: tuple[SystemEntry, ...]
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
    answers: Rule | None = None
    baseline: str = ""
    published: bool = True

    def jobs(self) -> Iterator[Job]:
        """Every system in every decoding; a decoding that may give other output than greedy is in the name."""
        for entry in self.checkpoints:
            tokenizer = Path(entry.tokenizer) if entry.tokenizer else None
            kind = BACKENDS.get(entry.backend)
            system = SystemOptions(entry.model, entry.backend)
            server = {"base_url": entry.base_url, "api": entry.api, "concurrency": entry.concurrency}
            given: dict[str, Any] = {**server, "tokenizer": tokenizer, "dtype": self.dtype, "device": self.device}
            system = replace(system, **{name: value for name, value in given.items() if name in kind.takes})
            local = kind.fetches
            # Decodings are those of checkpoints on this machine; what another backend does is its own affair.
            for decoding in self.decodings if local else self.decodings[:1]:
                suffix = decoding_suffix(decoding, self.num_beams) if local else ""
                yield Job(entry.title + suffix, system, decoding)

    def options(self, job: Job, out: Path) -> Options:
        """What a job is asked to do. Raises UsageError for a limit that is not one."""
        shared = {spec.name for spec in fields(Options)} & {spec.name for spec in fields(self)} - {"data", "limit"}
        settings = {name: getattr(self, name) for name in shared}
        settings["num_beams"] = self.num_beams if job.decoding == "beam" else 1
        root = {"demo": CORPUS, "": None}.get(self.data, Path(self.data))
        limit = None if self.limit is None else parse_limit(str(self.limit))
        return Options(data=root, out=out, limit=limit, decoding=job.decoding, **settings)


def decoding_suffix(decoding: str, num_beams: int) -> str:
    """What a decoding adds to the name of a run."""
    return {"drafted": "", "beam": f"+beam{num_beams}"}.get(decoding, f"+{decoding}")


def read_experiment(path: Path, models: tuple[str, ...] = ()) -> Experiment:
    """Read a configuration; ``models`` take the place of its checkpoints. Raises InputError naming the wrong key."""
    experiment = read_config(Experiment, path)
    if models:
        experiment = replace(experiment, checkpoints=tuple(SystemEntry(model) for model in models))
    for key, least in LEAST.items():
        value = getattr(experiment, key)
        if isinstance(value, int) and value < least:
            raise InputError(path, f"must be at least {least}, found {value}", field=key)
    field = "limit"
    try:
        if experiment.limit is not None:
            parse_limit(str(experiment.limit))
        for index, name in enumerate(experiment.metrics):
            field = f"metrics[{index}]"
            as_metric(name)
    except UsageError as error:
        raise InputError(path, str(error), field=field) from None
    for key in ("decodings", "metrics"):
        values = getattr(experiment, key)
        if not values or len(set(values)) < len(values):
            raise InputError(path, "names none" if not values else "names one twice", field=key)
    beams, decodings = experiment.num_beams, ", ".join(experiment.decodings)
    if (beams > 1) != ("beam" in experiment.decodings):
        message = f"{beams}, and decodings {decodings}; beam needs at least 2, others none"
        raise InputError(path, message, field="num_beams")
    names = [entry.title for entry in experiment.checkpoints]
    if not names:
        raise InputError(path, "names no checkpoint (--model names one for this run)", field="checkpoints")
    for index, entry in enumerate(experiment.checkpoints):
        if names.count(entry.title) > 1:
            message = f"two checkpoints are called {entry.title!r}; give each a name"
            raise InputError(path, message, field="checkpoints")
        try:
            BACKENDS.get(entry.backend)
        except UsageError as error:
            raise InputError(path, str(error), field=f"checkpoints[{index}].backend") from None
    runs = [job.name for job in experiment.jobs()]
    if experiment.baseline and experiment.baseline not in runs:
        raise InputError(path, f"{experiment.baseline!r} is none of the runs {', '.join(runs)}", field="baseline")
    return experiment
