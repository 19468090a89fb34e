"""A prediction run from its inputs to the finished file: what `predict` and `run` share."""

from __future__ import annotations

import time
from pathlib import Path

from gner_bench.errors import UsageError
from gner_bench.messages import Say, detail, note
from gner_bench.predict.backend import BACKENDS, SystemOptions
from gner_bench.predict.inputs import provide_inputs
from gner_bench.predict.options import Options


def run_prediction(
    system: SystemOptions, options: Options, say: Say, offline: bool = False, first: bool = True, verify: int = 0
) -> Path:
    """Read the data, make the backend and predict; return predictions.jsonl.

    What is not in the cache is fetched unless ``offline``. The data is read before the backend is made, so that bad
    data fails before a checkpoint of many gigabytes is loaded. ``first`` says whether this process speaks for all that
    read the same data. ``verify`` sentences are then compared with plain greedy decoding. Raises UsageError for an
    unknown backend and for a choice that it cannot meet, and what reading, the backend and the engine raise.
    """
    kind = BACKENDS.get(system.backend)
    if (verify or options.draft_from) and not kind.fetches:
        raise UsageError("--verify-identical and --draft-from need the checkpoint itself, not a server or library")
    started = time.monotonic()
    datasets = provide_inputs(
        [system.model] if kind.fetches else [], options, say if first else lambda _: None, offline
    )
    reading = time.monotonic() - started
    from gner_bench.predict.engine import predict

    backend = kind.make(system, options)
    settings = ", ".join(f"{name} {value}" for name, value in backend.settings.items() if value is not None)
    detail(f"{backend.name} on {backend.device}: {settings}")
    path = predict(backend, datasets, options, say, reading)
    if verify and backend.verify is not None:
        for line in backend.verify(path, verify):
            note(line)
    return path
