"""Two systems on the same sentences: the difference of their F1, its interval and two tests of it.

The interval and the first test are the paired bootstrap: sentences are drawn with replacement, the same ones for both
systems (Koehn 2004, Statistical significance tests for machine translation evaluation). Its p value comes from the
resampled differences shifted to mean zero (Riezler and Maxwell 2005, On some pitfalls in automatic evaluation and
significance testing for MT; the shift method is Noreen's). The second test is approximate randomization (Noreen 1989,
Computer-intensive methods for testing hypotheses, chapter 2): the outputs of the systems change places in each sentence
with probability 1/2. Both are two-sided, with p = (count + 1) / (trials + 1).

The random stream of the second test: the n sentences of a data set whose counts differ, in the order of their keys,
take the first n bits of each trial. Trial t owns the blocks t·B to t·B + B - 1 of the counter-based generator
Philox4x64-10 (Salmon et al. 2011, Parallel random numbers: as easy as 1, 2, 3), B = ⌈n / 256⌉, whose key is the seed
and the CRC-32 of the name of the data set. A block is four words of 64 bits; bit i of a trial is bit i mod 64, from the
lowest, of its word ⌊i / 64⌋, and 1 exchanges the outputs of sentence i. So a swap depends on seed, name, trial and
sentence alone: no size of blocks, no memory bound and no number of processes can change a p value. (Swaps were once
single bytes of RandomState.randint, which drops what is left of a word at the end of a call, so that the number of
swaps drawn at once was a part of the stream.)
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from gner_bench.documents.scores import Interval, Resampling
from gner_bench.errors import UsageError
from gner_bench.scoring.metrics import Metric
from gner_bench.scoring.resampling import Floats, draws, f1, interval, require_sums, weighted
from gner_bench.scoring.scores import Scores, SetScores
from gner_bench.scoring.statistics import Column, Integers, Statistics

MEAN = "mean"
ALPHA = 0.05
POWER = 0.8
FEWEST = 20
"""Trials below which no p value could be under 0.05."""
TIE = 1e-12
"""Values nearer than this are the same number computed in another way."""
SWAPS_AT_ONCE = 1_000_000
"""Swaps held at a time, eight bytes each; how many has no part in what they are."""
BLOCK_BITS = 256
NAMED = 5
"""How many sentence ids a message names."""


@dataclass(frozen=True)
class Difference:
    """The F1 (0 to 1) of two systems on the data set ``name``, or their ``mean`` over all, and how sure it differs.

    ``difference`` is second less first, ``interval`` its paired percentile bootstrap interval. ``p_holm`` is
    ``p_randomization`` corrected for the number of data sets, None for the mean. ``detectable`` is the smallest
    difference that these sentences show with 80% power in a two-sided test at 5%: (z(0.975) + z(0.8)) standard errors.
    """

    name: str
    first: float
    second: float
    difference: float
    interval: Interval
    p_bootstrap: float
    p_randomization: float
    p_holm: float | None
    detectable: float

    @property
    def p(self) -> float:
        """Of approximate randomization, corrected where there is a correction."""
        return self.p_randomization if self.p_holm is None else self.p_holm

    @property
    def significant(self) -> bool:
        return self.p < ALPHA


@dataclass(frozen=True)
class PairedSet:
    """The counts of two systems on the sentences of one data set, in the order of the sentences' keys.

    ``counts`` holds the distinct ones, shape (distinct, 2 systems, columns, 3); ``places[i]`` is that of sentence i,
    which is at ``order[i]`` in the first system's own order.
    """

    name: str
    counts: Integers
    places: Integers
    order: Integers

    def sums(self) -> Integers:
        """The counts of the whole set, shape (2, columns, 3)."""
        sums: Integers = np.tensordot(np.bincount(self.places, minlength=len(self.counts)), self.counts, axes=1)
        return sums

    def resampled(self, resampling: Resampling) -> Integers:
        """The counts of every resample, shape (resamples, 2, columns, 3)."""
        blocks = draws(len(self.places), resampling, self.name)
        return np.concatenate([weighted(self.counts, self.places[drawn]) for drawn in blocks])

    def swapped(self, resampling: Resampling) -> Integers:
        """The counts of every trial in which the systems change places at random, shape (trials, 2, columns, 3)."""
        change = self.counts[:, 1] - self.counts[:, 0]
        differs = np.flatnonzero(change.any(axis=(1, 2)))
        moving = self.places[np.isin(self.places, differs)]
        moved = change[moving].reshape(len(moving), int(np.prod(change.shape[1:]))).astype(np.float64)
        blocks = [trials.astype(np.float64) @ moved for trials in swaps(len(moving), resampling, self.name)]
        shift = np.concatenate(blocks).astype(np.int64).reshape(-1, *change.shape[1:])
        first, second = self.sums()
        return np.stack([first + shift, second - shift], axis=1)


def pair(first: SetScores, second: SetScores, metric: Metric, kinds: Sequence[str] | None = None) -> PairedSet:
    """The same sentences of two systems: micro counts as one column, or those of the types ``kinds``, a column each."""
    orders = [np.argsort(np.asarray(part.keys, dtype=np.uint64), kind="stable") for part in (first, second)]
    rows = [part.statistics.index()[order] for part, order in zip((first, second), orders, strict=True)]
    width = max(1, len(second.statistics.rows))
    distinct, places = np.unique(rows[0] * width + rows[1], return_inverse=True)
    one = _columns(first.statistics, metric, kinds)[distinct // width]
    two = _columns(second.statistics, metric, kinds)[distinct % width]
    return PairedSet(first.name, np.stack([one, two], axis=1), places.astype(np.int64), orders[0])


def _columns(statistics: Statistics, metric: Metric, kinds: Sequence[str] | None) -> Integers:
    """The distinct rows of ``statistics``, shape (rows, columns, 3)."""
    if kinds is None:
        return statistics.micro(metric)[:, None]
    columns = statistics.columns_of(metric)
    counts = np.zeros((len(statistics.rows), len(kinds), 3), dtype=np.int64)
    there = [place for place, kind in enumerate(kinds) if kind in columns]
    counts[:, there] = statistics.matrix([columns[kinds[place]] for place in there])
    return counts


def swaps(sentences: int, resampling: Resampling, name: str) -> Iterator[NDArray[np.uint8]]:
    """Ones where the systems change places and zeros elsewhere, in blocks of shape (trials, sentences)."""
    words = -(-sentences // BLOCK_BITS) * (BLOCK_BITS // 64)
    key = np.array([resampling.seed % 2**64, zlib.crc32(name.encode())], dtype=np.uint64)
    stream = np.random.Philox(key=key)
    at_once = max(1, SWAPS_AT_ONCE // max(1, sentences))
    for start in range(0, resampling.resamples, at_once):
        trials = min(at_once, resampling.resamples - start)
        # random_raw gives whole words, one after another: nothing is dropped between blocks.
        bits = stream.random_raw(trials * words).astype("<u8").view(np.uint8).reshape(trials, words * 8)
        yield np.unpackbits(bits, axis=1, count=sentences, bitorder="little")


@dataclass(frozen=True)
class _Trials:
    """F1 of both systems, and its difference in resamples and in trials with changed places, shape (trials,) each."""

    name: str
    first: float
    second: float
    resampled: Floats
    swapped: Floats

    @property
    def p_randomization(self) -> float:
        return p_value(self.swapped, self.second - self.first)

    def difference(self, confidence: float, p_holm: float | None) -> Difference:
        observed, drawn = self.second - self.first, self.resampled
        return Difference(
            name=self.name,
            first=self.first,
            second=self.second,
            difference=observed,
            interval=interval(drawn, confidence),
            p_bootstrap=p_value(drawn - drawn.mean(), observed),
            p_randomization=self.p_randomization,
            p_holm=p_holm,
            detectable=detectable(drawn),
        )


def differences(first: Scores, second: Scores, metric: Metric, resampling: Resampling) -> list[Difference]:
    """Each data set in the order of ``first``, then the mean over them.

    Raises UsageError when the systems were not scored on the same sentences or not by ``metric``, for a metric without
    tests and for fewer than 20 resamples.
    """
    if len(first.runs) + len(second.runs) > 2:
        raise TypeError("groups of runs have a test of their own, groups.differences")
    require_same_sentences(first, second)
    for scores in (first, second):
        if metric not in scores.metrics:
            raise UsageError(f"{_name(scores)} was not scored by {metric}; score it again with --metric {metric}")
    require_sums(metric)
    if resampling.resamples < FEWEST:
        raise UsageError(f"{resampling.resamples} resamples are too few for a test; at least {FEWEST} are needed")
    sets = []
    for name, part in first.sets.items():
        paired = pair(part, second.sets[name], metric)
        one, two = f1(paired.sums(), metric)[:, 0].tolist()
        both = [f1(sums, metric)[..., 0] for sums in (paired.resampled(resampling), paired.swapped(resampling))]
        sets.append(_Trials(name, one, two, *(values[:, 1] - values[:, 0] for values in both)))
    mean = _Trials(
        MEAN,
        sum(trials.first for trials in sets) / len(sets),
        sum(trials.second for trials in sets) / len(sets),
        np.mean([trials.resampled for trials in sets], axis=0),
        np.mean([trials.swapped for trials in sets], axis=0),
    )
    corrected = holm([trials.p_randomization for trials in sets])
    return [
        trials.difference(resampling.confidence, p) for trials, p in zip([*sets, mean], [*corrected, None], strict=True)
    ]


def p_value(under_null: Floats, observed: float) -> float:
    """(count + 1) / (trials + 1), counting what is as far from 0 as ``observed`` or farther."""
    count = int(np.count_nonzero(np.abs(under_null) >= abs(observed) - TIE))
    return (count + 1) / (len(under_null) + 1)


def detectable(drawn: Floats) -> float:
    """The difference that has a power of 80% in a two-sided test at 5%, from resampled differences."""
    normal = NormalDist()
    return float((normal.inv_cdf(1 - ALPHA / 2) + normal.inv_cdf(POWER)) * np.std(drawn, ddof=1))


def holm(p_values: Sequence[float]) -> list[float]:
    """Corrected for their number (Holm 1979, A simple sequentially rejective multiple test procedure)."""
    corrected, highest = [0.0] * len(p_values), 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=lambda place: p_values[place])):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[place]))
        corrected[place] = highest
    return corrected


def require_same_sentences(first: Scores, second: Scores) -> None:
    """Raise UsageError unless both were scored on the same sentences with the same gold, in whatever order.

    It names the data sets or the ids of the sentences that differ.
    """
    names = _name(first), _name(second)
    for name, one, other in ((names[0], first, second), (names[1], second, first)):
        if only := [set_name for set_name in one.sets if set_name not in other.sets]:
            raise UsageError(f"data sets scored for {name} alone: {', '.join(only)}")
    if not first.sets or not all(part.keys for part in first.sets.values()):
        raise UsageError("no sentences to compare")
    for name, one_set in first.sets.items():
        if problem := _differing(one_set, second.sets[name], names):
            raise UsageError(f"{name}: {problem}")


def _name(scores: Scores) -> str:
    """The system and, as names may be equal, its first file."""
    name, files = scores.origin.system.name, scores.origin.files
    return f"{name} ({files[0]})" if files else name


def _differing(first: SetScores, second: SetScores, names: tuple[str, str]) -> str:
    """What keeps the sentences of a set from being compared, empty where nothing does."""
    by_key = [dict(zip(part.keys, part.ids, strict=True)) for part in (first, second)]
    only = [[id for key, id in mine.items() if key not in other] for mine, other in (by_key, by_key[::-1])]
    other_words = set(only[0]) & set(only[1])
    parts = [f"the words of {_sentences([id for id in only[0] if id in other_words])} differ"] if other_words else []
    for name, ids in zip(names, only, strict=True):
        if alone := [id for id in ids if id not in other_words]:
            parts.append(f"{_sentences(alone)} scored for {name} alone")
    if parts or first.content_hash == second.content_hash:
        return "; ".join(parts)
    # Other gold shows itself in the counts of sentences; where these are alike, no sentence can be named.
    gold = [dict(zip(part.keys, gold_counts(part.statistics), strict=True)) for part in (first, second)]
    ids = [id for key, id in by_key[0].items() if gold[0][key] != gold[1][key]]
    return f"gold of {_sentences(ids)} differs" if ids else "the gold tags differ"


def gold_counts(statistics: Statistics) -> list[dict[Column, int]]:
    """The number of gold entities of each sentence by metric and type, where there are any."""
    columns = list(statistics.columns)
    rows = [{columns[place]: gold for place, (_, _, gold) in row if gold} for row in statistics.rows]
    return [rows[place] for place in statistics.places]


def _sentences(ids: Sequence[str]) -> str:
    """Such as ``3 sentences (7, 12, 40)``."""
    named = ", ".join(ids[:NAMED]) + (", …" if len(ids) > NAMED else "")
    return f"{len(ids)} sentence{'s' if len(ids) > 1 else ''} ({named})"
