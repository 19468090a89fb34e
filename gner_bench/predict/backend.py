"""What the engine asks of whatever answers: a checkpoint on this machine, a server, a library."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from gner_bench.answers import Wrapping
from gner_bench.documents.fields import Json
from gner_bench.documents.record import GNER
from gner_bench.documents.run import Model
from gner_bench.errors import UsageError
from gner_bench.extras import require
from gner_bench.plugins import Registry
from gner_bench.predict.generation import Generation
from gner_bench.predict.options import Api, DtypeName, Options
from gner_bench.predict.plan import Task
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
    where that is not known.
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


@dataclass(frozen=True)
class SystemOptions:
    """Which system is asked, and how: a ``backend`` and its ``model`` (a checkpoint, a server's or library's name).

    How it is asked: ``format`` names an answer format, empty for the system's own; ``prompt`` is a template of the
    user's; ``definitions`` of types are those of the ``catalog``, of a file, or ``none``; ``shots`` sentences of the
    train split are shown; ``wrapping`` goes around prompts, None for that of format and system; ``max_new_tokens``
    limits an answer, None as format and system do.

    ``dtype``, ``device`` and ``adapter`` (a LoRA adapter) are for checkpoints on this machine, ``tensor_parallel``
    counts the devices that one is spread over. ``base_url``, ``api``, ``concurrency``, ``tokenizer`` (a file or
    folder), ``request`` (fields of the body to set, ``KEY=VALUE``, to rename, ``KEY->NAME``, or to drop, ``KEY=``),
    ``stop``, ``timeout`` (seconds), ``attempts`` and ``price`` (dollars for a million tokens in and out) are for
    servers, ``requests_per_file`` for batch files. ``threshold`` and ``rename`` (a file: the system's types to those of
    the data) are for libraries; ``window`` is how many words one is given at a time, None for as many as it takes.
    """

    model: str
    backend: str = "local"
    format: str = ""
    prompt: Path | None = None
    definitions: str = "none"
    shots: int = 0
    wrapping: Wrapping | None = None
    max_new_tokens: int | None = None
    dtype: DtypeName = "auto"
    device: str = "auto"
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


ASKING = frozenset({"format", "prompt", "definitions", "shots", "wrapping", "max_new_tokens"})
"""The fields of SystemOptions that every backend takes whose systems read prompts."""


@dataclass(frozen=True)
class BackendKind:
    """A way to ask a system. ``make`` raises GnerBenchError for a system that cannot be asked as the options say.

    ``takes`` names the fields of SystemOptions that it reads besides ``model``; others are refused. ``fetches`` says
    that models are checkpoints, which are fetched into the cache where they are not there. ``needs`` names libraries
    that ``make`` imports, so that what is missing is said before anything is read or fetched.
    """

    name: str
    title: str
    make: Callable[[SystemOptions, Options], Backend]
    takes: frozenset[str] = frozenset()
    fetches: bool = False
    needs: tuple[str, ...] = ()

    def require_usable(self, system: SystemOptions) -> None:
        """Raise UsageError for an option that is set and not for this backend, and for a library that it lacks."""
        for spec in fields(SystemOptions):
            if spec.name not in {"model", "backend", *self.takes} and getattr(system, spec.name) != spec.default:
                option = "--" + spec.name.replace("_", "-")
                raise UsageError(f"{option} is not for --backend {self.name}")
        require(*self.needs)


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
    },
)
