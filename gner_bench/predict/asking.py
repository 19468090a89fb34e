"""How the sentences of a run are asked about: the format, the user's template, definitions of types and shots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from gner_bench.answers import Wrapping, answer_format
from gner_bench.answers.template import templated
from gner_bench.data import Dataset
from gner_bench.errors import UsageError
from gner_bench.messages import Say
from gner_bench.predict.backend import SystemOptions
from gner_bench.predict.definitions import NONE, definitions_for
from gner_bench.predict.options import Options
from gner_bench.predict.plan import Asking
from gner_bench.predict.shots import shots_for


def material_of(
    system: SystemOptions,
    options: Options,
    datasets: Sequence[Dataset],
    say: Say = lambda _: None,
    offline: bool = False,
) -> Asking:
    """The definitions and shots of a run, to be read before a checkpoint of many gigabytes is loaded.

    Raises UsageError and InputError as reading them does.
    """
    asking, noted = Asking(), dict[str, Any]()
    if system.definitions != NONE:
        definitions, noted["definitions"] = definitions_for(system.definitions, datasets, say)
        asking = replace(asking, definitions=definitions)
    if system.shots:
        shots = shots_for(system.shots, datasets, options, say, offline)
        noted |= {"shots": system.shots, "shots_seed": options.seed}
        asking = replace(asking, shots=shots)
    return replace(asking, noted=noted)


def asking_of(name: str, wrapping: Wrapping, system: SystemOptions, material: Asking) -> Asking:
    """How ``system`` is asked in the format of that ``name``, with the definitions and shots of ``material``.

    Raises UsageError for definitions or shots that the format or the template has no place for, and for a template that
    has a place for those that are not there.
    """
    format, noted = answer_format(name), dict(material.noted)
    place = f"the format {format.name}"
    if system.prompt is not None:
        format, noted["prompt"] = templated(format, system.prompt)
        place = str(system.prompt)
    for use, given in (("definitions", system.definitions != NONE), ("shots", system.shots > 0)):
        if given and use not in format.uses:
            raise UsageError(f"--{use}: {place} has no place for {use}")
        if system.prompt is not None and use in format.uses and not given:
            raise UsageError(f"{place}: has a field for {use}, but there are none; --{use} gives them")
    return replace(material, format=format, wrapping=wrapping, noted=noted)
