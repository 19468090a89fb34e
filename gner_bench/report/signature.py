"""Whether the figures of several systems were measured alike, by their signature lines."""

from __future__ import annotations

from collections.abc import Sequence

from gner_bench.report.load import SystemScores

OWN_KEYS = frozenset({"model", "system"})


def signature_warnings(scores: Sequence[SystemScores]) -> list[str]:
    """One line for each key of the signatures (``key:value|key:value``) that is not the same for all systems.

    The keys ``model`` and ``system`` may differ. An empty list means that the figures are like for like.
    """
    parsed = {system.name: fields(system.signature) for system in scores}
    keys = dict.fromkeys(key for parts in parsed.values() for key in parts)
    return [
        _warning(key, {name: parts.get(key, "(not stated)") for name, parts in parsed.items()})
        for key in keys
        if key not in OWN_KEYS and len({parts.get(key) for parts in parsed.values()}) > 1
    ]


def fields(signature: str) -> dict[str, str]:
    """A signature line as its keys and values; a part without a colon is a key with an empty value."""
    parts = (part.partition(":") for part in signature.split("|"))
    return {key.strip(): value.strip() for key, _, value in parts}


def _warning(key: str, values: dict[str, str]) -> str:
    systems: dict[str, list[str]] = {}
    for name, value in values.items():
        systems.setdefault(value, []).append(name)
    said = "; ".join(f"{value or 'stated'} for {', '.join(names)}" for value, names in systems.items())
    return f"not like for like: {key} is {said}"
