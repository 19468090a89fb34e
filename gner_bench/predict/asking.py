"""How the sentences of a run are asked about: the format, the user's template, definitions of types and shots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
from gner_bench.predict.plan import Asking, renamed
from gner_bench.predict.shots import shots_for
from gner_bench.predict.type_names import GIVEN, type_names


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
    if system.type_names != GIVEN:
        asking, noted["type_names"] = with_names(asking, type_names(system.type_names, datasets)), system.type_names
    return replace(asking, noted=noted)


def with_names(asking: Asking, names: Mapping[str, Mapping[str, str]]) -> Asking:
    """``asking`` in whose prompts types have other ``names``, by data set, also in definitions and shots."""
    definitions = {
        dataset: {names.get(dataset, {}).get(kind, kind): text for kind, text in texts.items()}
        for dataset, texts in asking.definitions.items()
    }
    shots = {
        dataset: tuple(replace(shot, tags=renamed(shot.tags, names.get(dataset, {}))) for shot in of_set)
        for dataset, of_set in asking.shots.items()
    }
    return replace(asking, names=names, definitions=definitions, shots=shots)


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
