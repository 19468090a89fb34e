"""What the engine asks of whatever answers: a checkpoint on this machine, a server, a library."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, TypeVar

from gner_bench.answers import Wrapping
from gner_bench.catalog import catalog
from gner_bench.documents.fields import Json
from gner_bench.documents.record import GNER
from gner_bench.documents.run import Model
from gner_bench.errors import UsageError
from gner_bench.extras import require
from gner_bench.plugins import Registry
from gner_bench.predict.generation import Generation
from gner_bench.predict.options import Api, DtypeName, Options, Split, TypeNames
from gner_bench.predict.plan import Task
from gner_bench.predict.processes import use_threads
from gner_bench.predict.windows import Windows

Decode = Callable[[Sequence[Task]], Iterator[tuple[Task, Generation]]]
"""Answers tasks, in any order, each given back as soon as it is done."""


@dataclass(frozen=True)
class Backend:
    """What answers, ready to be asked.

    ``settings`` are those of run.json: what decides the answers besides weights and prompts. ``format`` is the answer
    format of the tasks that it takes. ``tokenizer`` is the file for back-tokenization, if there is one. ``statistics``
    tells what the decoding counted, ``remarks`` what people must know of the answers. ``verify`` compares a number of
    sentences of a finished run with plain greedy decoding and returns a line for people, or several; None where that
    cannot be done. ``settle`` takes all tasks of a run and the settings of the run that it continues (none for a new
    one) and returns more settings, which only asking could tell. ``price`` is in dollars for a million tokens of
    prompts and of answers. ``windows`` are the parts in which the system can read a sentence and write its answer; None
    where that is not known. ``threads`` compute on the cores of this machine; None for a system that is elsewhere.
    ``batch_size`` sentences are decoded side by side; None where that is not known.
    """

    name: str
    model: Model
    settings: Json
    wrapping: Wrapping
    device: str
    decode: Decode
    tokenizer: Path | None = None
    statistics: Callable[[], Json] = dict
    format: str = GNER
    verify: Callable[[Path, int], list[str]] | None = None
    settle: Callable[[Sequence[Task], Json], Json] | None = None
    price: tuple[float, float] | None = None
    remarks: Callable[[], list[str]] = list
    windows: Callable[[Task], Windows] | None = None
    threads: int | None = None
    batch_size: int | None = None


@dataclass(frozen=True)
class SystemOptions:
    """Which system is asked, and how: a ``backend`` and its ``model`` (a checkpoint, a server's or library's name).

    How it is asked: ``format`` names an answer format, empty for the system's own; ``prompt`` is a template of the
    user's; ``type_names`` says how it calls types; ``definitions`` of types are those of the ``catalog``, of a file, or
    ``none``; ``shots`` sentences of the train split are shown; ``wrapping`` goes around prompts, None for that of
    format and system; ``max_new_tokens`` limits an answer, None as format and system do.

    ``dtype``, ``device``, ``threads`` (None for as many as there are cores) and ``adapter`` (a LoRA adapter) are for
    checkpoints on this machine, ``tensor_parallel`` counts the devices that one is spread over. ``base_url``, ``api``,
    ``concurrency``, ``tokenizer`` (a file or folder), ``request`` (fields of the body to set, ``KEY=VALUE``, to rename,
    ``KEY->NAME``, or to drop, ``KEY=``), ``stop``, ``timeout`` (seconds), ``attempts`` and ``price`` (dollars for a
    million tokens in and out) are for servers, ``requests_per_file`` for batch files. ``threshold`` and ``rename`` (a
    file: the system's types to those of the data) are for libraries; ``window`` is how many words one is given at a
    time, None for as many as it takes.
    """

    model: str
    backend: str = "local"
    format: str = ""
    prompt: Path | None = None
    type_names: TypeNames = "given"
    definitions: str = "none"
    shots: int = 0
    wrapping: Wrapping | None = None
    max_new_tokens: int | None = None
    dtype: DtypeName = "auto"
    device: str = "auto"
    threads: int | None = None
    adapter: str | None = None
    tensor_parallel: int = 1
    base_url: str | None = None
    api: Api = "completions"
    concurrency: int = 16
    tokenizer: Path | None = None
    request: tuple[str, ...] = ()
    stop: tuple[str, ...] = ()
    timeout: float = 120.0
    attempts: int = 6
    price: tuple[float, float] | None = None
    requests_per_file: int = 50_000
    threshold: float | None = None
    rename: Path | None = None
    window: int | None = None

    def document(self) -> Json:
        """What is set, as JSON: the model, its backend and the options that are not their defaults."""
        chosen = {name: getattr(self, name) for name in ("model", "backend", *self.given())}
        return {
            name: str(value) if isinstance(value, Path) else list(value) if isinstance(value, tuple) else value
            for name, value in chosen.items()
        }

    def given(self) -> list[str]:
        """The names of the options that are not their defaults, besides model and backend."""
        names = (spec.name for spec in fields(SystemOptions) if getattr(self, spec.name) != spec.default)
        return [name for name in names if name not in ("model", "backend")]


ASKING = frozenset({"format", "prompt", "type_names", "definitions", "shots", "wrapping", "max_new_tokens"})
"""The fields of SystemOptions that every backend takes whose systems read prompts."""
HERE = frozenset({"device", "threads"})
"""Those of backends that compute in this process."""
SIDE_BY_SIDE = ("batch_size", "batch_tokens")
"""The fields of Options that are for some backends only."""
LIBRARY = HERE | {"rename", "window", "batch_size"}
"""What every backend of a library takes."""


@dataclass(frozen=True)
class BackendKind:
    """A way to ask a system. ``make`` raises GnerBenchError for a system that cannot be asked as the options say.

    ``takes`` names the fields of SystemOptions that it reads besides ``model``, and those of ``SIDE_BY_SIDE``; others
    are refused. ``fetches`` says that models are checkpoints, which are fetched into the cache where they are not
    there. ``needs`` names libraries that ``make`` imports, so that what is missing is said before anything is read or
    fetched; ``splits`` those of the run's data sets that are read besides the one that is asked about.
    """

    name: str
    title: str
    make: Callable[[SystemOptions, Options], Backend]
    takes: frozenset[str] = frozenset()
    fetches: bool = False
    needs: tuple[str, ...] = ()
    splits: Callable[[SystemOptions], tuple[Split, ...]] = lambda system: ()

    def require_usable(self, system: SystemOptions, options: Options | None = None) -> None:
        """Raise UsageError for an option that is set and not for this backend, and for a library that it lacks."""
        for name in [*system.given(), *(name for name in SIDE_BY_SIDE if getattr(options, name, None) is not None)]:
            if name not in self.takes:
                raise UsageError(f"--{name.replace('_', '-')} is not for --backend {self.name}")
        require(*self.needs)

    def ready(self, system: SystemOptions, options: Options) -> Backend:
        """What ``make`` gives, computing with the threads that ``system`` asks for where it computes here."""
        if "threads" not in self.takes:
            return self.make(system, options)
        threads = use_threads(system.threads)
        return replace(self.make(system, options), threads=threads)

    def fetched(self, system: SystemOptions) -> list[str]:
        """The checkpoints of ``system`` that are fetched where they are not there."""
        return [name for name in (system.model, system.adapter) if name] if self.fetches else []


BACKENDS: Registry[BackendKind] = Registry(
    "gner_bench.backends",
    "backend",
    BackendKind,
    {
        "local": "gner_bench.predict.backends.checkpoints:LOCAL",
        "openai": "gner_bench.predict.backends.openai:OPENAI",
        "batch": "gner_bench.predict.backends.batch:BATCH",
        "gliner": "gner_bench.predict.backends.gliner:GLINER",
        "spacy": "gner_bench.predict.backends.spacy:SPACY",
        "flair": "gner_bench.predict.backends.flair:FLAIR",
        "token-classification": "gner_bench.predict.backends.token_classification:TOKEN_CLASSIFICATION",
        "vllm": "gner_bench.predict.backends.checkpoints:VLLM",
        "gazetteer": "gner_bench.predict.backends.gazetteer:GAZETTEER",
    },
)


S = TypeVar("S", bound=SystemOptions)


def as_known(system: S) -> S:
    """``system`` with what the catalogue says of its model in place of options that are not set.

    Raises UsageError for a model whose prompt is not built in, where no format is given.
    """
    known = catalog().find_model(system.model)
    if known is None:
        return system
    if not known.backend and not system.format:
        raise UsageError(f"{known.name}: {known.note}; or choose a --format")
    backend = known.backend if system.backend == "local" and known.backend else system.backend
    kind = BACKENDS.get(backend)
    given: dict[str, Any] = {"backend": backend}
    for name in ("format", "wrapping", "max_new_tokens", "adapter"):
        value = getattr(known, name)
        if value and name in kind.takes and not getattr(system, name):
            given[name] = value
    # A library takes the hub's id; servers have names of their own, and checkpoints are found by that of the catalogue.
    if backend == known.backend and not kind.fetches and "base_url" not in kind.takes:
        given["model"] = known.hub
    return replace(system, **given)
