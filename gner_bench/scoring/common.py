"""The sentences that several systems have in common, where each was scored on others besides (``compare --common``)."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import replace

from gner_bench.errors import UsageError
from gner_bench.scoring.paired import gold_counts
from gner_bench.scoring.scores import Scores, SetScores
from gner_bench.scoring.statistics import Packed

LeftOut = Mapping[str, Sequence[int]]
"""By data set of which not all was kept: how many sentences of each system were left out."""


def common(systems: Sequence[Scores]) -> tuple[list[Scores], LeftOut]:
    """``systems`` on the sentences that all have with the same id, words and gold; what of them was left out.

    Where the content of a data set is not the same, gold is known by the number of entities of each type, which is what
    scores.json keeps of it. The hash of a set that was cut is one of the keys of its sentences and of these numbers.
    Counts of answers (unread, cut, …) stay those of the whole sets. Raises UsageError where no sentence is left.
    """
    cut: list[dict[str, SetScores]] = [{} for _ in systems]
    left_out: dict[str, list[int]] = {}
    for name in dict.fromkeys(name for scores in systems for name in scores.sets):
        parts = [scores.sets[name] for scores in systems if name in scores.sets]
        kept = _kept(parts) if len(parts) == len(systems) else {}
        sizes = [len(scores.sets[name].keys) if name in scores.sets else 0 for scores in systems]
        whole = all(size == len(kept) for size in sizes)
        if not whole:
            left_out[name] = [size - len(kept) for size in sizes]
        for sets, part in zip(cut, parts, strict=False) if kept else ():
            sets[name] = part if whole else _cut(part, kept)
    if not cut[0]:
        raise UsageError("no sentence is common to all systems (by data set, id, words and gold)")
    return [_with_sets(scores, sets) for scores, sets in zip(systems, cut, strict=True)], left_out


def _kept(parts: Sequence[SetScores]) -> dict[int, str]:
    """The keys of the sentences that all have, in order, and what is known of the gold of each."""
    metrics = [metric for metric in parts[0].statistics.metrics if all(metric in p.statistics.metrics for p in parts)]
    same_content = len({part.content_hash for part in parts}) == 1
    gold = [
        {
            key: repr(sorted((column, count) for column, count in counts.items() if column[0] in metrics))
            for key, counts in zip(part.keys, gold_counts(part.statistics), strict=True)
        }
        for part in parts
    ]
    return {
        key: gold[0][key]
        for key in sorted(gold[0].keys())
        if all(key in other and (same_content or other[key] == gold[0][key]) for other in gold[1:])
    }


def _cut(part: SetScores, kept: Mapping[int, str]) -> SetScores:
    places = [place for place, key in enumerate(part.keys) if key in kept]
    digest = hashlib.sha256("\n".join(f"{key} {gold}" for key, gold in kept.items()).encode()).hexdigest()
    return replace(
        part,
        content_hash=digest,
        statistics=part.statistics.part(places),
        ids=Packed(part.ids[place] for place in places),
        keys=array("Q", [part.keys[place] for place in places]),
    )


def _with_sets(scores: Scores, sets: dict[str, SetScores]) -> Scores:
    """The sentences that were left out are not missing from the run."""
    left_out = scores.sentences - sum(len(part.statistics) for part in sets.values())
    return replace(scores, sets=sets, origin=replace(scores.origin, expected=max(0, scores.origin.expected - left_out)))
