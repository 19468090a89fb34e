"""How often do the tests of ``compare`` find a difference, where there is none and where there is one? As Markdown.

    python benchmarks/level.py [--trials 2000] [--swaps 499] [--processes 2]

Each trial draws the sentences of one or of seven data sets from two systems whose F1 in an endless corpus is known. A
sentence has 1 to 5 gold entities; a system finds each with the probability of its recall, and adds a number of spurious
ones that gives its precision. Exchangeable systems have the same precision and recall; others have the same F1 from
other precision and recall. Errors are even, but for two ways: of the first system in bursts, which misses all entities
of 30% of sentences and has most of its spurious ones in a few (Gamma of shape 0.3); or nested, as of two thresholds of
one model: the second finds and adds all that the first does, and more, with its spurious ones in few sentences (Gamma
of shape 0.1).

The tests are the studentized permutation test, which decides, approximate randomization (the same swaps, the difference
by itself) and whether 0 is outside the 95% paired bootstrap interval.

Everything follows from fixed seeds; after ± stands the binomial standard error of a share.
"""

from __future__ import annotations

import argparse
import platform
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import product

import numpy as np
from coverage import print_table, with_error

from gner_bench.documents.scores import Resampling
from gner_bench.scoring.paired import ALPHA, PairedSet, p_value, studentized
from gner_bench.scoring.resampling import f1, interval
from gner_bench.scoring.statistics import Integers

Ratios = tuple[float, float]
"""Precision and recall."""
SIZES = ((1, 50), (1, 100), (1, 400), (7, 100))
"""Data sets, and sentences of each."""
TESTS = ("studentized", "approximate randomization", "bootstrap interval")
SAME, OTHER = ((0.57, 0.59), (0.4585, 0.79)), ((0.57, 0.59), (0.50, 0.79))
KINDS: dict[str, tuple[Ratios, Ratios]] = {
    "exchangeable, even": ((0.58, 0.58), (0.58, 0.58)),
    "same F1, even": SAME,
    "same F1, bursts": SAME,
    "same F1, nested": SAME,
    "other F1, even": OTHER,
    "other F1, bursts": OTHER,
    "other F1, nested": OTHER,
}
GOLD = 5
"""The most gold entities of a sentence; each number from 1 on is as frequent."""


def sample(kind: str, sentences: int, random: np.random.Generator) -> Integers:
    """Right, predicted and gold entities, shape (sentences, 2 systems, 3)."""
    (_, less), (_, more) = KINDS[kind]
    means = [(1 + GOLD) / 2 * recall * (1 / precision - 1) for precision, recall in KINDS[kind]]
    gold = random.integers(1, GOLD + 1, sentences)
    if "nested" in kind:
        bursts = random.gamma(0.1, 10, sentences)
        one, added = random.binomial(gold, less), random.poisson(means[0] * bursts)
        two = one + random.binomial(gold - one, (more - less) / (1 - less))
        right, spurious = (one, two), (added, added + random.poisson((means[1] - means[0]) * bursts))
    elif "bursts" in kind:
        found = random.binomial(gold, less / 0.7) * (random.random(sentences) < 0.7)
        bursts = random.gamma(0.3, 1 / 0.3, sentences)
        right = (found, random.binomial(gold, more))
        spurious = (random.poisson(means[0] * bursts), random.poisson(means[1], sentences))
    else:
        right = (random.binomial(gold, less), random.binomial(gold, more))
        spurious = (random.poisson(means[0], sentences), random.poisson(means[1], sentences))
    sides = [np.stack([found, found + added, gold], axis=1) for found, added in zip(right, spurious, strict=True)]
    return np.stack(sides, axis=1)


def found(kind: str, sentences: int, sets: int, swaps: int, trial: int) -> list[bool]:
    """Whether each of the tests finds a difference of the mean over ``sets``, in one sample of each."""
    random = np.random.default_rng([trial, sentences, sets])
    resampling, randomized, drawn = Resampling(swaps, trial), [], []
    for index in range(sets):
        counts, places = np.unique(sample(kind, sentences, random), axis=0, return_inverse=True)
        paired = PairedSet(str(index), counts[:, :, None], places.ravel(), np.arange(sentences))
        randomized.append(paired.randomized(resampling, "strict"))
        drawn.append(np.diff(f1(paired.resampled(resampling), "strict")[..., 0], axis=1)[:, 0])
    differences, variances = np.mean(randomized, axis=0)
    low, high = interval(np.mean(drawn, axis=0), resampling.confidence)
    by_error = studentized(differences, variances)
    tests = [p_value(values[1:], values[0]) < ALPHA for values in (by_error, differences)]
    return [*tests, not low <= 0 <= high]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=1000, help="(default: %(default)s)")
    parser.add_argument("--swaps", type=int, default=399, help="of each test (default: %(default)s)")
    parser.add_argument("--processes", type=int, default=2, help="(default: %(default)s)")
    options = parser.parse_args()
    start, rows = time.perf_counter(), []
    with ProcessPoolExecutor(options.processes) as pool:
        for kind, (sets, sentences) in product(KINDS, SIZES):
            each = partial(found, kind, sentences, sets, options.swaps)
            shares = np.mean(list(pool.map(each, range(options.trials), chunksize=50)), axis=0).tolist()
            cells = [with_error(share, options.trials) for share in shares]
            rows.append([kind, str(sets), str(sentences), *cells])
            print(f"{' '.join(rows[-1])}", file=sys.stderr)
    title = f"Trials of {options.trials:,} with p < 0.05, in percent"
    print_table(title, ["systems", "sets", "sentences a set", *TESTS], rows)
    seconds = time.perf_counter() - start
    print(f"\nPython {platform.python_version()}, numpy {np.__version__}, {seconds:.0f} s")


if __name__ == "__main__":
    main()
