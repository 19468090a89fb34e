"""What the engine asks of whatever answers: a checkpoint on this machine, a server, a library."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from gner_bench.answers import Wrapping
from gner_bench.documents.fields import Json
from gner_bench.documents.record import GNER
from gner_bench.documents.run import Model
from gner_bench.plugins import Registry
from gner_bench.predict.generation import Generation
from gner_bench.predict.options import Api, DtypeName, Options
from gner_bench.predict.plan import Task

Decode = Callable[[Sequence[Task]], Iterator[tuple[Task, Generation]]]
"""Answers tasks, in any order, each given back as soon as it is done."""


@dataclass(frozen=True)
class Backend:
    """What answers, ready to be asked.

    ``settings`` are those of run.json: what decides the answers besides weights and prompts. ``format`` is the answer
    format of the tasks that it takes. ``tokenizer`` is the file for back-tokenization, if there is one. ``statistics``
    tells what the decoding counted. ``verify`` compares a number of sentences of a finished run with plain greedy
    decoding and returns a line for people, or several; None where that cannot be done.
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


@dataclass(frozen=True)
class SystemOptions:
    """Which system is asked: a ``backend`` and its ``model`` (a checkpoint, the name that a server knows, a file).

    ``dtype`` and ``device`` are for checkpoints on this machine; ``base_url``, ``api``, ``concurrency`` and
    ``tokenizer`` (a file or folder) for servers.
    """

    model: str
    backend: str = "local"
    dtype: DtypeName = "auto"
    device: str = "auto"
    base_url: str | None = None
    api: Api = "completions"
    concurrency: int = 16
    tokenizer: Path | None = None


@dataclass(frozen=True)
class BackendKind:
    """A way to ask a system. ``make`` raises GnerBenchError for a system that cannot be asked as the options say.

    ``fetches`` says that models are checkpoints, which are fetched into the cache where they are not there.
    """

    name: str
    title: str
    make: Callable[[SystemOptions, Options], Backend]
    fetches: bool = False


BACKENDS: Registry[BackendKind] = Registry(
    "gner_bench.backends",
    "backend",
    BackendKind,
    {
        "local": "gner_bench.predict.backends.local:LOCAL",
        "openai": "gner_bench.predict.backends.openai:OPENAI",
    },
)
