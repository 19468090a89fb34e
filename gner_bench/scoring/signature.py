"""The line that says how a score was made; two scores compare only when theirs agree."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

from gner_bench import __version__
from gner_bench.catalog import catalog
from gner_bench.scoring.metrics import DEFINITIONS
from gner_bench.scoring.resampling import Resampling
from gner_bench.scoring.scores import Scores, SetScores

MISC_TYPES = frozenset({"misc", "else", "miscellaneous"})
_SET = re.compile(r"=\d+@[0-9a-f]{8}(?=,|$)")
SHORT = {
    "data": "d",
    "part": "p",
    "misc": "x",
    "dec": "dec",
    "metric": "m",
    "match": "mt",
    "tok": "t",
    "bs": "bs",
    "seed": "s",
    "version": "v",
}
"""The keys of the short line; those it leaves out follow from the metrics."""


def signature_fields(scores: Scores, resampling: Resampling) -> dict[str, str]:
    """What changes a score, by key, after sacreBLEU: data, what was dropped, decoding, metrics, matching, averaging.

    ``part`` is there where sentences are missing or were not selected: scored of all, by set.
    """
    sets, origin = scores.sets.values(), scores.origin
    part = ",".join(f"{each.name}={len(each.statistics)}/{each.planned}" for each in sets if each.missing)
    used = {metric: DEFINITIONS[metric] for metric in scores.metrics}
    return {
        "data": ",".join(f"{s.name}/{s.split}={len(s.statistics)}@{s.content_hash[:8]}" for s in sets),
        **({"part": part} if part else {}),
        "misc": _misc(sets),
        "dec": origin.decoding,
        "metric": "+".join(used),
        "match": origin.structuring or "none",
        "tok": origin.tokenizer[:8] if origin.tokenizer else "none",
        "norm": "squad" if "gner" in used else "none",
        "count": ",".join(f"{name}={each.counts_what}" for name, each in used.items()),
        "repair": ",".join(f"{name}={each.repair}" for name, each in used.items()),
        "avg": "micro-per-set,mean-over-sets",
        "bs": str(resampling.resamples),
        "seed": str(resampling.seed),
        "version": __version__,
    }


def long_line(fields: dict[str, str]) -> str:
    """``key:value|key:value``; a ``|`` or a line break in a value (names are people's) becomes a space."""
    return "|".join(f"{key}:{' '.join(value.replace('|', ' ').split())}" for key, value in fields.items())


def short_line(fields: dict[str, str]) -> str:
    """The same in brief: the data sets as their number and a hash of what the long line says of them."""
    data = fields["data"]
    brief = {**fields, "data": f"{len(_SET.findall(data))}@{hashlib.sha256(data.encode()).hexdigest()[:8]}"}
    if "part" in fields:
        brief["part"] = "yes"
    return long_line({SHORT[key]: value for key, value in brief.items() if key in SHORT})


def _misc(sets: Iterable[SetScores]) -> str:
    """What became of types such as CrossNER's ``misc``; where sets differ in it, those that keep them are named."""
    kept, dropped = [], []
    for each in sets:
        known = catalog().find_dataset(each.name)
        if MISC_TYPES & {kind.lower() for kind in each.types}:
            kept.append(each.name)
        elif known and MISC_TYPES & set(known.drop):
            dropped.append(each.name)
    if kept and dropped:
        return f"kept={'+'.join(kept)}"
    return "kept" if kept else "dropped" if dropped else "none"
