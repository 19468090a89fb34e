"""Whether the figures of several systems were measured alike, by their data and their signature lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gner_bench.report.load import SystemScores
from gner_bench.scoring.metrics import Metric

OWN_KEYS = frozenset({"model", "system", "metric", "data", "part"})
"""The keys that may differ, or that are compared in another way."""
PER_METRIC = ("count", "repair")
NOT_STATED = "(not stated)"


def signature_warnings(systems: Sequence[SystemScores], metric: Metric = "gner") -> list[str]:
    """One line for each data set and each key of the signatures that is not the same for all systems.

    An empty list means that the figures by ``metric`` are like for like.
    """
    scored = [system for system in systems if metric in system.scores.metrics]
    return [*_data_warnings(scored), *_key_warnings({system.name: _of(system, metric) for system in scored})]


def fields(signature: str) -> dict[str, str]:
    """A signature line (``key:value|key:value``) by key; a part without a colon is a key with an empty value."""
    parts = (part.partition(":") for part in signature.split("|"))
    return {key.strip(): value.strip() for key, _, value in parts}


def _of(system: SystemScores, metric: Metric) -> dict[str, str]:
    """The fields of a signature that matter for figures by ``metric``."""
    found = {key: value for key, value in fields(system.signature).items() if key not in OWN_KEYS}
    for key in PER_METRIC:
        ways = dict(part.partition("=")[::2] for part in found.get(key, "").split(","))
        if metric in ways:
            found[key] = ways[metric]
    if metric != "gner":
        found.pop("norm", None)
    return found


def _key_warnings(parsed: Mapping[str, Mapping[str, str]]) -> list[str]:
    keys = dict.fromkeys(key for parts in parsed.values() for key in parts)
    found = {key: {name: parts.get(key, NOT_STATED) for name, parts in parsed.items()} for key in keys}
    return [_warning(key, values) for key, values in found.items() if len(set(values.values())) > 1]


def _data_warnings(systems: Sequence[SystemScores]) -> list[str]:
    names = dict.fromkeys(name for system in systems for name in system.scores.sets)
    found = {name: {s.name: _data(s, name) for s in systems if name in s.scores.sets} for name in names}
    return [_warning(name, values) for name, values in found.items() if len(set(values.values())) > 1]


def _data(system: SystemScores, name: str) -> str:
    found = system.scores.sets[name]
    return f"{found.split}, {len(found.statistics)} sentences @{found.content_hash[:8]}"


def _warning(key: str, values: Mapping[str, str]) -> str:
    systems: dict[str, list[str]] = {}
    for name, value in values.items():
        systems.setdefault(value, []).append(name)
    said = "; ".join(f"{value or 'stated'} for {', '.join(names)}" for value, names in systems.items())
    return f"not like for like: {key} is {said}"
