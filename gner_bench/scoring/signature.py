"""The line that says how a score was made; two scores compare only when theirs agree."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gner_bench import __version__
from gner_bench.structure.matching import MATCHING_VERSION

MISC_TYPES = frozenset({"misc", "else", "miscellaneous"})


@dataclass(frozen=True, slots=True)
class ScoredData:
    """What was scored of one data set."""

    name: str
    split: str
    sentences: int
    content_hash: str
    types: frozenset[str]


def signature(data: Sequence[ScoredData], tokenizer_fingerprint: str | None, decoding: str) -> str:
    """``key:value|key:value`` after sacreBLEU: data, what was dropped, decoding, metrics, matching and averaging."""
    parts = {
        "data": ",".join(f"{d.name}/{d.split}={d.sentences}@{d.content_hash[:8]}" for d in data),
        "misc": "kept" if MISC_TYPES & _lower(kind for d in data for kind in d.types) else "none",
        "dec": decoding,
        "metric": "gner+strict",
        "match": MATCHING_VERSION,
        "tok": tokenizer_fingerprint[:8] if tokenizer_fingerprint else "none",
        "norm": "squad",
        "count": "gner=set-per-sentence,strict=position",
        "repair": "gner=lenient,strict=none",
        "avg": "micro-per-set,mean-over-sets",
        "version": __version__,
    }
    return "|".join(f"{key}:{value}" for key, value in parts.items())


def _lower(types: Iterable[str]) -> set[str]:
    return {kind.lower() for kind in types}
