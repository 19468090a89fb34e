"""The configuration of `gner-bench run`: which systems on which data, and where the results go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from gner_bench.answers import LabelOrder
from gner_bench.answers.answer import Rule
from gner_bench.bio import AnyScheme, Repair
from gner_bench.catalog import catalog
from gner_bench.catalog.quoted import ALL, choose_published
from gner_bench.config import read_config
from gner_bench.demo import CORPUS
from gner_bench.errors import InputError, UsageError, did_you_mean
from gner_bench.predict.backend import BACKENDS, SIDE_BY_SIDE, SystemOptions, as_known
from gner_bench.predict.options import DecodingName, DtypeName, Options, Split, distinct_seeds, parse_limit
from gner_bench.predict.same_as import SameAs, read_same_as
from gner_bench.predict.seeds import COPIES, depends_on_seed, seed_folder, with_seed
from gner_bench.scoring.loading import PREDICTIONS, Align
from gner_bench.scoring.metrics import DEFAULT, Metric, as_metric

T = TypeVar("T")

PRESETS = {path.stem: path for path in sorted((Path(__file__).parent / "presets").glob("*.toml"))}
LEAST = {
    **dict.fromkeys(("limit", "sample", "batch_size", "batch_tokens", "num_beams", "threads"), 1),
    **dict.fromkeys(("resamples", "resampling_seed"), 0),
}
"""The least value of keys that are numbers."""
LEAST_OF_SYSTEM = {
    **dict.fromkeys(("shots", "timeout", "threshold"), 0),
    **dict.fromkeys(
        ("max_new_tokens", "threads", "tensor_parallel", "concurrency", "attempts", "requests_per_file", "window"), 1
    ),
}
"""Those of a system."""


@dataclass(frozen=True)
class SystemEntry(SystemOptions):
    """A system of any backend, by the options of `gner-bench predict`, or files of its ``predictions``.

    ``name`` is what tables and folders call it; ``decodings`` and ``seeds`` are its own in place of those of the
    experiment. ``models`` (checkpoints of one recipe) or ``runs`` (as ``predictions`` each) make it a group of runs.
    ``predictions`` are files or run folders, which are read as `gner-bench score` does: ``from_`` is their format,
    ``gold`` and ``as_`` say what they are of, by default the data of the experiment; ``rename`` and ``tokenizer`` are
    for them, too, and ``model`` says which system of the catalogue they are of.
    """

    model: str = ""
    name: str = ""
    decodings: tuple[DecodingName, ...] = ()
    seeds: tuple[int, ...] = ()
    models: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()
    predictions: str | tuple[str, ...] = ()
    from_: str = PREDICTIONS
    gold: Path | tuple[Path, ...] = ()
    as_: str | tuple[str, ...] = ()
    split: Split | None = None
    keep_misc: bool = False
    align: Align = "words"
    scheme: AnyScheme = "auto"
    gold_scheme: AnyScheme = "auto"
    columns: dict[str, int] = field(default_factory=dict)
    gold_columns: dict[str, int] = field(default_factory=dict)
    tag_names: tuple[str, ...] = ()
    field_: dict[str, str] = field(default_factory=dict)
    clean_up_spaces: bool = False

    @property
    def files(self) -> tuple[Path, ...]:
        """The files of its predictions; none for a system that is asked."""
        return tuple(map(Path, several(self.predictions)))

    @property
    def members(self) -> list[SystemEntry]:
        """What it stands for: itself, or a system for each of its ``models`` or ``runs``, named below its name."""
        alone = replace(self, models=(), runs=())
        of_models = [replace(alone, model=model, name=f"{self.name}/{Path(model).name}") for model in self.models]
        numbered = enumerate(self.runs, start=1)
        of_runs = [replace(alone, predictions=run, name=f"{self.name}/run-{number}") for number, run in numbered]
        return of_models + of_runs or [self]

    @property
    def title(self) -> str:
        if self.name or self.model:
            return self.name or Path(self.model).name
        return self.files[0].name.removesuffix(".gz").rpartition(".")[0] or self.files[0].name


def several(value: T | tuple[T, ...]) -> tuple[T, ...]:
    """One value or several, as several."""
    return value if isinstance(value, tuple) else (value,)


ASKED = frozenset(spec.name for spec in fields(SystemOptions))
IMPORTED = frozenset(spec.name for spec in fields(SystemEntry)) - ASKED - {"decodings", "seeds", "models"} | {
    "model",
    "rename",
    "tokenizer",
}
"""The keys of a system whose predictions are read from files."""


@dataclass(frozen=True)
class Job:
    """One system in one decoding and by one ``seed``, None for that of the experiment.

    ``name`` is that of its folder and its row in tables; ``group`` that of the group of runs that it is of, empty for a
    run alone.
    """

    name: str
    system: SystemEntry
    decoding: DecodingName = "drafted"
    seed: int | None = None
    group: str = ""


@dataclass(frozen=True)
class Experiment:
    """Every system runs in every decoding on the same data; without ``data`` it comes from the catalogue.

    ``checkpoints`` is an older name of ``systems``. ``dtype``, ``device`` and ``threads`` are for systems that take and
    do not name them, ``batch_size`` and ``batch_tokens`` for those that take them. ``same_as`` is a file of predictions
    whose sentences are taken. ``limit`` is a number of sentences or a range such as ``"11-20"``, ``sample`` one to draw
    by ``sample_seed``. ``num_beams`` is for the decoding ``beam``. ``seed`` is that of shuffled prompts, shots and
    sampling, ``seeds`` are several, with a run each of every system that depends on one; ``resampling_seed`` is that of
    intervals; ``baseline`` names the run that the others are tested against in the report, which is called ``title``;
    ``quoted`` are the published rows in it (see ``choose_published``); ``formats`` are those of its tables and figures,
    all where none is named. ``answers`` is the rule that answers are read under, by default that of their format.
    """

    predictions: str
    report: str
    systems: tuple[SystemEntry, ...] = ()
    checkpoints: tuple[SystemEntry, ...] = ()
    data: str = ""
    datasets: tuple[str, ...] = ()
    split: Split | None = None
    same_as: str = ""
    limit: int | str | None = None
    sample: int | None = None
    sample_seed: int = 0
    sample_ids: tuple[str, ...] = ()
    decodings: tuple[DecodingName, ...] = ("drafted",)
    batch_size: int | None = None
    batch_tokens: int | None = None
    num_beams: int = 1
    dtype: DtypeName = "auto"
    device: str = "auto"
    threads: int | None = None
    label_order: LabelOrder = "file"
    seed: int = 0
    seeds: tuple[int, ...] = ()
    repair: Repair = "refuse"
    scheme: AnyScheme = "auto"
    columns: dict[str, int] = field(default_factory=dict)
    metrics: tuple[Metric, ...] = DEFAULT
    resamples: int = 1000
    resampling_seed: int = 0
    answers: Rule | None = None
    baseline: str = ""
    title: str = ""
    quoted: str | tuple[str, ...] = ALL
    formats: tuple[str, ...] = ()

    @property
    def entries(self) -> list[tuple[str, SystemEntry]]:
        """All systems, each with its key in the file."""
        tables = (("systems", self.systems), ("checkpoints", self.checkpoints))
        return [(f"{key}[{index}]", entry) for key, entries in tables for index, entry in enumerate(entries)]

    def jobs(self) -> Iterator[Job]:
        """Every system in every decoding by every seed; a decoding that may give other output than greedy is in the
        name, below which runs of a group have their own."""
        for _, entry in self.entries:
            for member in entry.members:
                group = entry.title if member is not entry else ""
                if member.files:
                    yield Job(member.title, member, group=group)
                    continue
                system = as_known(member)
                kind = BACKENDS.get(system.backend)
                shared = {name: getattr(self, name) for name in ("dtype", "device", "threads") if name in kind.takes}
                left = {name: value for name, value in shared.items() if getattr(system, name) in ("auto", None)}
                system = replace(system, **left)
                # Decodings are those of checkpoints on this machine; what another backend does is its own affair.
                local = system.backend == "local"
                for decoding in entry.decodings or (self.decodings if local else ("drafted",)):
                    suffix = decoding_suffix(decoding, self.num_beams) if local else ""
                    yield from self._seeded(
                        Job(member.title + suffix, system, decoding, group=group and group + suffix)
                    )

    def _seeded(self, job: Job) -> Iterator[Job]:
        """``job`` by every seed that is asked for; as it is where nothing of it depends on one."""
        seeds = job.system.seeds or (self.seeds if depends_on_seed(job.system, self.label_order) else ())
        for seed in seeds:
            name, system = f"{job.name}/{seed_folder(seed)}", with_seed(job.system, seed)
            yield replace(job, name=name, system=system, seed=seed, group=job.group or job.name)
        if not seeds:
            yield job

    @property
    def groups(self) -> dict[str, list[str]]:
        """The names of the runs of each group."""
        groups: dict[str, list[str]] = {}
        for job in self.jobs():
            if job.group:
                groups.setdefault(job.group, []).append(job.name)
        return groups

    def options(self, out: Path, decoding: DecodingName = "drafted") -> Options:
        """What a run in one decoding is asked to do. Raises UsageError for a limit that is not one."""
        shared = {spec.name for spec in fields(Options)} & {spec.name for spec in fields(self)} - {
            "data",
            "limit",
            "datasets",
            "split",
            "same_as",
        }
        settings: dict[str, Any] = {name: getattr(self, name) for name in shared}
        settings["num_beams"] = self.num_beams if decoding == "beam" else 1
        root = {"demo": CORPUS, "": None}.get(self.data, Path(self.data))
        limit = None if self.limit is None else parse_limit(str(self.limit))
        same_as, names, split = self._same_as, self.datasets, self.split
        names, split = same_as.asked(names, split) if same_as else (names, split or "test")
        chosen: dict[str, Any] = {"datasets": names, "split": split, "same_as": same_as, "limit": limit}
        return Options(data=root, out=out, decoding=decoding, **chosen, **settings)

    @cached_property
    def _same_as(self) -> SameAs | None:
        return read_same_as(self.same_as) if self.same_as else None

    def options_of(self, job: Job, out: Path) -> Options:
        """What the run of a job is asked to do; systems that have no use for a size of batches are given none."""
        takes = BACKENDS.get(job.system.backend).takes
        foreign: dict[str, Any] = {name: None for name in SIDE_BY_SIDE if name not in takes}
        seed = self.seed if job.seed is None else job.seed
        return replace(self.options(out, job.decoding), seed=seed, **foreign)


def decoding_suffix(decoding: str, num_beams: int) -> str:
    """What a decoding adds to the name of a run."""
    return {"drafted": "", "beam": f"+beam{num_beams}"}.get(decoding, f"+{decoding}")


def read_experiment(path: Path, models: tuple[str, ...] = (), **others: Any) -> Experiment:
    """Read a configuration; ``models`` take the place of its systems, ``others`` of its keys of these names.

    Raises InputError naming the wrong key.

    There may be no system: then there is nothing to run, but what it would run on can be told.
    """
    experiment = replace(read_config(Experiment, path), **others)
    if models:
        experiment = replace(experiment, systems=tuple(SystemEntry(model) for model in models), checkpoints=())
    _require_numbers(experiment, LEAST, path)
    require_columns(experiment.columns, path, "columns")
    field = "limit"
    try:
        if experiment.limit is not None:
            parse_limit(str(experiment.limit))
        field = "sample"
        if experiment.sample is not None and (experiment.limit is not None or experiment.sample_ids):
            raise UsageError("goes with neither limit nor sample_ids: each chooses sentences of each data set")
        for index, name in enumerate(experiment.metrics):
            field = f"metrics[{index}]"
            as_metric(name)
        field = "quoted"
        choose_published(several(experiment.quoted))
        for field, entry in experiment.entries:
            _require_group(entry, path, field)
            for member in entry.members:
                _require_usable(member, path, field)
                if not member.files:
                    as_known(member)
        _require_seeds(experiment, path)
    except UsageError as error:
        raise InputError(path, str(error), field=field) from None
    members = [member for _, entry in experiment.entries for member in entry.members if not member.files]
    takes = [BACKENDS.get(as_known(member).backend).takes for member in members]
    for key in (*SIDE_BY_SIDE, "threads"):
        if takes and getattr(experiment, key) is not None and not any(key in of for of in takes):
            raise InputError(path, "is for none of the systems", field=key)
    asked = {"decodings": experiment.decodings, "metrics": experiment.metrics}
    asked |= {f"{key}.decodings": entry.decodings for key, entry in experiment.entries if entry.decodings}
    for key, values in asked.items():
        if not values or len(set(values)) < len(values):
            raise InputError(path, "names none" if not values else "names one twice", field=key)
    beams, decodings = experiment.num_beams, list(experiment.decodings)
    decodings += [name for _, entry in experiment.entries for name in entry.decodings if name not in decodings]
    if (beams > 1) != ("beam" in decodings):
        message = f"{beams}, and decodings {', '.join(decodings)}; beam needs at least 2, others none"
        raise InputError(path, message, field="num_beams")
    runs = [job.name for job in experiment.jobs()]
    for key, entry in experiment.entries:
        if runs.count(entry.title) > 1 or (entry.title in runs and entry.title in experiment.groups):
            raise InputError(path, f"two systems are called {entry.title!r}; give each a name", field=key)
    if twice := next((name for name in runs if runs.count(name) > 1), ""):
        raise InputError(path, f"two runs are called {twice!r}; give each system a name", field="systems")
    rows = list(dict.fromkeys(job.group or job.name for job in experiment.jobs()))
    if rows and experiment.baseline and experiment.baseline not in rows:
        raise InputError(path, f"{experiment.baseline!r} is none of the runs {', '.join(rows)}", field="baseline")
    return experiment


def _require_numbers(table: Experiment | SystemEntry, least: Mapping[str, int], path: Path, prefix: str = "") -> None:
    for key, smallest in least.items():
        value = getattr(table, key)
        if isinstance(value, int | float) and value < smallest:
            raise InputError(path, f"must be at least {smallest}, found {value}", field=prefix + key)


def _require_group(entry: SystemEntry, path: Path, key: str) -> None:
    """Raise InputError for an entry that is no system or says twice what it is, and for a group without a name."""
    if not (entry.model or entry.files or entry.models or entry.runs):
        raise InputError(path, "is missing (or predictions, for files of them)", field=f"{key}.model")
    for one, other in (("models", "model"), ("models", "predictions"), ("models", "runs"), ("runs", "predictions")):
        if getattr(entry, one) and getattr(entry, other):
            raise InputError(path, f"and {other} exclude each other", field=f"{key}.{one}")
    if (entry.models or entry.runs) and not entry.name:
        raise InputError(path, "is missing: what tables call the group of runs", field=f"{key}.name")
    if entry.title in ("", "..") or Path(entry.title).name != entry.title:
        raise InputError(path, f"{entry.title!r} is no name of a folder", field=f"{key}.name")
    for name, names in (("models", [member.title for member in entry.members]), ("runs", list(entry.runs))):
        if twice := next((each for each in names if names.count(each) > 1), ""):
            raise InputError(path, f"names {twice!r} twice", field=f"{key}.{name}")


def _require_seeds(experiment: Experiment, path: Path) -> None:
    """Raise InputError for seeds that are there twice, and for those that give copies of one run."""
    asked = [(key, entry) for key, entry in experiment.entries if not (entry.files or entry.runs)]
    depends = {key: any(depends_on_seed(m, experiment.label_order) for m in entry.members) for key, entry in asked}
    given = [("seeds", experiment.seeds, not asked or any(depends.values()))]
    given += [(f"{key}.seeds", entry.seeds, depends[key]) for key, entry in asked]
    for place, seeds, used in given:
        try:
            distinct_seeds(seeds)
            if seeds and not used:
                raise UsageError(COPIES)
        except UsageError as error:
            raise InputError(path, str(error), field=place) from None


def _require_usable(entry: SystemEntry, path: Path, key: str) -> None:
    """Raise InputError for an entry that is no system, or that sets what is not for it."""
    _require_numbers(entry, LEAST_OF_SYSTEM, path, f"{key}.")
    wanted, what = IMPORTED, "files of predictions"
    if entry.files and entry.model and catalog().find_model(entry.model) is None:
        near = did_you_mean(entry.model, [model.name for model in catalog().model])
        raise InputError(
            path, f"{entry.model!r} is no system of `gner-bench list models`; {near}", field=f"{key}.model"
        )
    if not entry.files:
        try:
            kind = BACKENDS.get(as_known(entry).backend)
        except UsageError as error:
            raise InputError(path, str(error), field=f"{key}.backend") from None
        wanted = kind.takes | {"model", "backend", "name", "seeds"} | ({"decodings"} if kind.name == "local" else set())
        what = f"backend {kind.name}"
    unset = SystemEntry()
    for spec in fields(SystemEntry):
        if spec.name not in wanted and getattr(entry, spec.name) != getattr(unset, spec.name):
            raise InputError(path, f"is not for {what}", field=f"{key}.{spec.name.removesuffix('_')}")
    for name in ("columns", "gold_columns"):
        require_columns(getattr(entry, name), path, f"{key}.{name}")


def require_columns(columns: Mapping[str, int], path: Path, key: str) -> None:
    """Raise InputError for numbers of columns that are none, or of what no column holds."""
    for name, number in columns.items():
        if name not in ("word", "gold", "tag") or number < 1:
            raise InputError(path, "expected a number from 1 for word, gold or tag", field=f"{key}.{name}")
