"""How the sentences of a run are asked about: the format, the user's template, definitions of types and shots."""

from __future__ import annotations

from collections.abc import Sequence

from gner_bench.answers import answer_format
from gner_bench.data import Dataset
from gner_bench.errors import UsageError
from gner_bench.predict.backend import Backend, SystemOptions
from gner_bench.predict.options import Options
from gner_bench.predict.plan import Asking


def asking_of(backend: Backend, system: SystemOptions, options: Options, datasets: Sequence[Dataset]) -> Asking:
    """How ``backend`` is asked about ``datasets``.

    Raises UsageError for definitions or shots that the format has no place for.
    """
    format = answer_format(backend.format)
    for name, given in (("definitions", system.definitions != "none"), ("shots", system.shots > 0)):
        if given and name not in format.uses:
            raise UsageError(f"--{name}: the format {format.name} has no place for {name}")
    return Asking(format, backend.wrapping)
