"""Two systems on the same sentences: the difference of their F1, its interval and two tests of it.

The interval and the first test are the paired bootstrap: sentences are drawn with replacement, the same ones for both
systems (Koehn 2004, Statistical significance tests for machine translation evaluation). Its p value comes from the
resampled differences shifted to mean zero (Riezler and Maxwell 2005, On some pitfalls in automatic evaluation and
significance testing for MT; the shift method is Noreen's). The second test, by which stars and gates go, is a
permutation test: the outputs of the systems change places in each sentence with probability 1/2, as in approximate
randomization (Noreen 1989, Computer-intensive methods for testing hypotheses, chapter 2), but what is counted is how
many trials have a difference as large in its own standard errors. Approximate randomization asks whether two systems
are exchangeable: with the same F1 from other precision and recall it is wrong more often than it says. Divided by its
standard error the test is exact for exchangeable systems, too, and near its level for others of the same F1 (Janssen
1997, Studentized permutation tests for non-i.i.d. hypotheses; Konietschke and Pauly 2014, Bootstrapping and permuting
paired t-test type statistics). Both are two-sided, with p = (count + 1) / (trials + 1). Where documents are known, both
draw and exchange documents in place of sentences.

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
from dataclasses import dataclass, replace
from math import ceil
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from gner_bench.documents.scores import Interval, Resampling
from gner_bench.errors import UsageError
from gner_bench.number_text import counted
from gner_bench.scoring.metrics import Metric
from gner_bench.scoring.resampling import Floats, draws, f1, interval, ratio, require_sums, weighted
from gner_bench.scoring.scores import Scores, SetScores, units_of_both
from gner_bench.scoring.statistics import Column, Integers, Statistics
from gner_bench.scoring.trials import TEST

MEAN = "mean"
ALPHA = 0.05
POWER = 0.8
FEWEST = 20
"""Trials below which no p value could be under 0.05."""
TIE = 1e-11
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
    ``p_randomization``, the p value of the studentized permutation test, corrected for the ``family``, which is the
    number of tests of its kind (of data sets, or of means) that are read together; None for the mean of one pair.
    ``detectable`` is the true difference that is found with 80% power at 5%, so corrected, with so many ``sentences``
    where nothing else differs: (z(1 - 0.025 / family) + z(0.8)) standard errors.
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
    family: int = 1
    sentences: int = 0

    @property
    def p(self) -> float:
        """Of the permutation test, corrected where there is a correction."""
        return self.p_randomization if self.p_holm is None else self.p_holm

    def sentences_for(self, difference: float) -> int | None:
        """How many sentences like these find a ``difference`` as ``detectable`` is found; None where none vary.

        Of the mean, over all data sets, each with its share of today.
        """
        return ceil(self.sentences * (self.detectable / difference) ** 2 - TIE) if self.detectable else None

    @property
    def significant(self) -> bool:
        return self.p < ALPHA

    @property
    def method(self) -> str:
        """The test in words."""
        return TEST

    def errors(self, level: float) -> float:
        """How many standard errors a difference has that a two-sided test at ``level`` finds with 80% power."""
        return _errors(level)


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

    def randomized(self, resampling: Resampling, metric: Metric) -> tuple[Floats, Floats]:
        """The difference of F1 (micro: the first column) and its variance, shape (trials + 1,) each.

        First come those of the systems as they are, then those of trials in which they change places at random.
        """
        counts = self.counts[:, :, 0]
        right, whole = counts[..., 0], counts[..., 1] + counts[..., 2]
        products = np.stack([right**2, right * whole, whole**2, right * whole[:, ::-1]], axis=-1)
        moments = np.concatenate([counts, products], axis=-1)
        change = moments[:, 1] - moments[:, 0]
        moving = self.places[change.any(axis=1)[self.places]]
        moved, none = change[moving].astype(np.float64), np.zeros((1, change.shape[1]))
        blocks = [trials.astype(np.float64) @ moved for trials in swaps(len(moving), resampling, self.name)]
        shift = np.concatenate([none, *blocks])
        first, second = moments[self.places].sum(axis=0)
        both = np.stack([right, whole]).prod(axis=2)[:, self.places].sum(axis=1)
        sums = np.stack([first + shift, second - shift], axis=1)
        scores = f1(sums[..., :3], metric)
        return scores[:, 1] - scores[:, 0], variance(sums, both)


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


def variance(sums: Floats, both: Integers) -> Floats:
    """The variance of the difference of two systems' F1 over samples of sentences, by linearisation, shape (…).

    With r right and q predicted or gold entities in a sentence, F1 is 2 Σr / Σq, and a sentence moves it by
    (2r - F1 q) / Σq: the variance is the sum of squares of how much more it moves the second system's F1 than the
    first's. ``sums`` are over sentences, shape (…, 2 systems, 7): right, predicted, gold, r², rq, q², and r times the
    q of the other system; ``both`` are the sums of the two systems' products of r and of q.
    """
    right, squares, mixed, wholes, crossed = (sums[..., place] for place in (0, 3, 4, 5, 6))
    whole = sums[..., 1] + sums[..., 2]
    score = ratio(2 * right, whole)
    own = ratio(4 * squares - 4 * score * mixed + score**2 * wholes, whole**2).sum(axis=-1)
    product = score.prod(axis=-1) * both[1] + 4 * both[0] - 2 * (score[..., ::-1] * crossed).sum(axis=-1)
    found = own - 2 * ratio(product, whole.prod(axis=-1))
    # What is left of a zero by rounding is nothing.
    return np.where(found > TIE * ratio(4 * squares, whole**2).sum(axis=-1), found, 0.0)


def studentized(differences: Floats, variances: Floats) -> Floats:
    """Differences by their standard errors: without any error, 0 for no difference and infinite for another."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(np.abs(differences) <= TIE, 0.0, differences / np.sqrt(variances))


@dataclass(frozen=True)
class _Trials:
    """F1 of both systems; differences of resamples, shape (resamples,); what ``PairedSet.randomized`` gave."""

    name: str
    sentences: int
    first: float
    second: float
    resampled: Floats
    randomized: tuple[Floats, Floats]

    def difference(self, confidence: float) -> Difference:
        """Not corrected yet."""
        observed, drawn = self.second - self.first, self.resampled
        by_error = studentized(*self.randomized)
        return Difference(
            name=self.name,
            first=self.first,
            second=self.second,
            difference=observed,
            interval=interval(drawn, confidence),
            p_bootstrap=p_value(drawn - drawn.mean(), observed),
            p_randomization=p_value(by_error[1:], by_error[0]),
            p_holm=None,
            detectable=detectable(drawn),
            sentences=self.sentences,
        )


def differences(first: Scores, second: Scores, metric: Metric, resampling: Resampling) -> list[Difference]:
    """Each data set in the order of ``first``, then the mean over them, corrected as one pair of systems.

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
        paired = pair(*units_of_both(part, second.sets[name]), metric)
        one, two = f1(paired.sums(), metric)[:, 0].tolist()
        drawn = f1(paired.resampled(resampling), metric)[..., 0]
        trials = paired.randomized(resampling, metric)
        sets.append(_Trials(name, len(paired.places), one, two, drawn[:, 1] - drawn[:, 0], trials))
    count = len(sets)
    mean = _Trials(
        MEAN,
        sum(trials.sentences for trials in sets),
        sum(trials.first for trials in sets) / count,
        sum(trials.second for trials in sets) / count,
        np.mean([trials.resampled for trials in sets], axis=0),
        (
            np.mean([trials.randomized[0] for trials in sets], axis=0),
            np.sum([trials.randomized[1] for trials in sets], axis=0) / count**2,
        ),
    )
    [found] = corrected([[trials.difference(resampling.confidence) for trials in (*sets, mean)]])
    return found


def corrected(pairs: Sequence[Sequence[Difference]]) -> list[list[Difference]]:
    """The differences of pairs of systems, corrected after Holm for being read together, whatever they were before.

    Data sets are corrected over the data sets of all pairs; the last of each pair, the mean, over the means.
    """
    sets = iter(_corrected([each for pair in pairs for each in pair[:-1]]))
    means = iter(_corrected([pair[-1] for pair in pairs]))
    found = [[*(next(sets) for _ in pair[:-1]), next(means)] for pair in pairs]
    return found if len(pairs) > 1 else [[*pair[:-1], replace(pair[-1], p_holm=None)] for pair in found]


def _corrected(family: Sequence[Difference]) -> list[Difference]:
    size, p_values = len(family), holm([each.p_randomization for each in family])
    wider = [each.errors(ALPHA / size) / each.errors(ALPHA / each.family) for each in family]
    return [
        replace(each, p_holm=p, family=size, detectable=times * each.detectable)
        for each, p, times in zip(family, p_values, wider, strict=True)
    ]


def correction(pairs: Sequence[Sequence[Difference]]) -> str:
    """Over what ``corrected`` corrected, in words: ``corrected after Holm over …``."""
    tests = sum(len(pair) - 1 for pair in pairs)
    if len(pairs) == 1:
        return f"corrected after Holm over {counted(tests, 'data set')} (not for the mean)"
    return (
        f"corrected after Holm over {counted(tests, 'test')} of data sets in {len(pairs)} pairs of systems, the mean"
        f" over {len(pairs)}; each metric by itself"
    )


def least_trials(tests: int, alpha: float = ALPHA) -> int:
    """The fewest trials with which a p value corrected for so many ``tests`` can be below ``alpha``."""
    # The smallest p value is 1 / (trials + 1), and Holm's correction multiplies it by the number of tests.
    return max(FEWEST, int(tests / alpha + 1e-9))


def too_few(tests: int, trials: int) -> str:
    """What to say where so many ``trials`` confirm nothing in any data set, empty where they may."""
    few = f"{trials:,} trials cannot confirm a difference of a data set when corrected for {tests} tests"
    return few if trials < least_trials(tests) else ""


def p_value(under_null: Floats, observed: float) -> float:
    """(count + 1) / (trials + 1), counting what is as far from 0 as ``observed`` or farther."""
    count = int(np.count_nonzero(np.abs(under_null) >= abs(observed) * (1 - TIE) - TIE))
    return (count + 1) / (len(under_null) + 1)


def detectable(drawn: Floats) -> float:
    """The difference that has a power of 80% in a two-sided test at 5%, from resampled differences."""
    return _errors(ALPHA) * float(np.std(drawn, ddof=1))


def _errors(level: float) -> float:
    normal = NormalDist()
    return normal.inv_cdf(1 - level / 2) + normal.inv_cdf(POWER)


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
