"""Do the intervals cover, and how often do the tests cry wolf? Measured on real predictions, printed as Markdown.

    python benchmarks/coverage.py FIRST SECOND [--tokenizer PATH] [--metric gner] [--trials 1000] [--resamples 1000]

FIRST and SECOND are the predictions of two systems for the same sentences.

Coverage: the sentences of each data set stand for a whole language, and their F1 is the true one. A trial draws half as
many sentences from each set, with replacement, so that they are independent draws as a test set is meant to be (drawn
without replacement, a half says more of its whole than a test set says of the language, and every interval would look
too wide). From the drawn sentences alone follows the interval, which covers the true F1 or does not. Drawing as many
sentences as there are shows what size does.

Tests: between two systems whose outputs change places at random in each sentence there is no true difference, so a test
at 5% should call about 5% of them different.

Everything follows from fixed seeds; after ± stands the binomial standard error of a share.
"""

from __future__ import annotations

import argparse
import platform
import time
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

import gner_bench
from gner_bench.documents.scores import Resampling
from gner_bench.scoring.metrics import METRICS, NO_TYPE, Metric, as_metric
from gner_bench.scoring.paired import ALPHA, differences, pair
from gner_bench.scoring.scores import Scores
from gner_bench.scoring.statistics import Integers, Row, Statistics
from gner_bench.scoring.values import SystemValues

SHARES = {0.5: "half drawn", 1.0: "as many drawn"}
SETS_TOGETHER, POOLED, MEAN = "all sets", "pooled", "mean"


def micro(scores: Scores, other: Scores, metric: Metric) -> tuple[Scores, Scores]:
    """Both systems with the counts of ``metric`` alone, all types as one, their sentences in the same order.

    In each set the two share their rows, so that a place means the same counts in both.
    """
    found: tuple[dict[str, Statistics], dict[str, Statistics]] = ({}, {})
    for name, each in scores.sets.items():
        paired = pair(each, other.sets[name], metric)
        for side, statistics in enumerate(_shared_rows(paired.counts[paired.places, :, 0], metric)):
            found[side][name] = statistics
    return with_statistics(scores, found[0], metric), with_statistics(other, found[1], metric)


def _shared_rows(counts: Integers, metric: Metric) -> list[Statistics]:
    """The statistics of two systems from their counts, shape (sentences, 2, 3)."""
    distinct, places = np.unique(counts.reshape(-1, 3), axis=0, return_inverse=True)
    rows: dict[Row, int] = {
        ((0, (right, predicted, gold)),): i for i, (right, predicted, gold) in enumerate(distinct.tolist())
    }
    columns = {(metric, NO_TYPE): 0}
    return [Statistics((metric,), columns, rows, array("I", side)) for side in places.reshape(-1, 2).T.tolist()]


def with_statistics(scores: Scores, statistics: Mapping[str, Statistics], metric: Metric) -> Scores:
    """The same data sets with other counts, their sentences numbered."""
    sets = {
        name: replace(
            scores.sets[name],
            statistics=each,
            keys=array("Q", range(len(each))),
            ids=[str(i) for i in range(len(each))],
        )
        for name, each in statistics.items()
    }
    return replace(scores, metrics=(metric,), sets=sets)


def figures_of(scores: Scores, metric: Metric, resampling: Resampling) -> dict[str, tuple[float, tuple[float, float]]]:
    """F1 and its interval by data set, pooled and as the mean, all by the code that ``score`` runs."""
    values = SystemValues(scores, resampling)
    found = {name: each.micro(metric) for name, each in values.sets.items()}
    found |= {POOLED: values.pooled(metric), MEAN: values.average(metric)}
    return {name: (each.f1, (each.interval or {}).get("f1", (0.0, 0.0))) for name, each in found.items()}


def coverage(scores: Scores, metric: Metric, share: float, trials: int, resamples: int) -> dict[str, float]:
    """The share of trials whose interval holds the F1 of ``scores``, for samples of ``share`` of each set."""
    true = {name: f1 for name, (f1, _) in figures_of(scores, metric, Resampling(0)).items()}
    random = np.random.RandomState(int(1000 * share))
    hits = dict.fromkeys(true, 0)
    for trial in range(trials):
        sample = _sample(scores, metric, share, random)
        for name, (_, (low, high)) in figures_of(sample, metric, Resampling(resamples, trial)).items():
            hits[name] += low <= true[name] <= high
    return {name: count / trials for name, count in hits.items()}


def _sample(scores: Scores, metric: Metric, share: float, random: np.random.RandomState) -> Scores:
    drawn = {}
    for name, each in scores.sets.items():
        places = np.asarray(each.statistics.places)
        size = round(share * len(places))
        drawn[name] = replace(each.statistics, places=array("I", places[random.randint(0, len(places), size)].tolist()))
    return with_statistics(scores, drawn, metric)


def false_positives(
    first: Scores, second: Scores, metric: Metric, trials: int, resamples: int
) -> tuple[dict[str, tuple[float, float]], float]:
    """The share of trials in which each test (studentized permutation, bootstrap) is below 5%, by data set and mean.

    Then the share in which any data set is, after Holm's correction.
    """
    random = np.random.RandomState(1)
    called: dict[str, list[int]] = {}
    families = 0
    for trial in range(trials):
        found = differences(*_exchanged(first, second, metric, random), metric, Resampling(resamples, trial))
        for each in found:
            counts = called.setdefault(each.name, [0, 0])
            counts[0] += each.p_randomization < ALPHA
            counts[1] += each.p_bootstrap < ALPHA
        families += any(each.p_holm is not None and each.p_holm < ALPHA for each in found)
    return {name: (one / trials, two / trials) for name, (one, two) in called.items()}, families / trials


def _exchanged(first: Scores, second: Scores, metric: Metric, random: np.random.RandomState) -> tuple[Scores, Scores]:
    """The systems with their outputs exchanged in each sentence with probability 1/2."""
    one, two = {}, {}
    for name, each in first.sets.items():
        sides = [np.asarray(scores.sets[name].statistics.places) for scores in (first, second)]
        swap = random.randint(0, 2, len(sides[0])).astype(bool)
        one[name] = replace(each.statistics, places=array("I", np.where(swap, sides[1], sides[0]).tolist()))
        two[name] = replace(each.statistics, places=array("I", np.where(swap, sides[0], sides[1]).tolist()))
    return with_statistics(first, one, metric), with_statistics(first, two, metric)


def with_error(share: float, trials: int) -> str:
    """Such as ``94.8 ± 0.7``."""
    return f"{100 * share:.1f} ± {100 * (share * (1 - share) / trials) ** 0.5:.1f}"


def print_table(title: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    print(f"\n**{title}**\n")
    for cells in (heads, ["---", *["---:"] * (len(heads) - 1)], *rows):
        print(f"| {' | '.join(cells)} |")


def print_coverage(systems: Sequence[Scores], metric: Metric, trials: int, resamples: int) -> None:
    columns = [coverage(scores, metric, share, trials, resamples) for share in SHARES for scores in systems]
    sets = list(systems[0].sets)
    heads = [f"{scores.origin.system.name}, {drawn}" for drawn in SHARES.values() for scores in systems]
    sizes = {name: len(each.statistics) for name, each in systems[0].sets.items()}
    sizes |= dict.fromkeys((POOLED, MEAN, SETS_TOGETHER), sum(sizes.values()))
    rows = [[n, str(sizes[n]), *(with_error(column[n], trials) for column in columns)] for n in [*sets, POOLED, MEAN]]
    together = [with_error(sum(column[name] for name in sets) / len(sets), trials * len(sets)) for column in columns]
    rows.insert(len(sets), [SETS_TOGETHER, str(sizes[SETS_TOGETHER]), *together])
    title = f"Trials of {trials:,} whose 95% interval covers the true {metric} F1, in percent ({resamples:,} resamples)"
    print_table(title, ["data set", "sentences", *heads], rows)


def print_false_positives(first: Scores, second: Scores, metric: Metric, trials: int, resamples: int) -> None:
    found, families = false_positives(first, second, metric, trials, resamples)
    rows = [[name, with_error(one, trials), with_error(two, trials)] for name, (one, two) in found.items()]
    rows.append(["any set, after Holm's correction", with_error(families, trials), ""])
    title = f"Trials of {trials:,} with p < 0.05 without a true difference ({metric} F1), in percent"
    print_table(title, ["data set", "studentized permutation", "paired bootstrap"], rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("predictions", type=Path, nargs=2, metavar="FILE")
    parser.add_argument("--tokenizer", type=Path, metavar="PATH", help="back-tokenizer (default: none)")
    parser.add_argument("--metric", type=as_metric, choices=list(METRICS), default="gner")
    parser.add_argument("--trials", type=int, default=1000, help="(default: %(default)s)")
    parser.add_argument("--resamples", type=int, default=1000, help="of each interval and test (default: %(default)s)")
    options = parser.parse_args()
    start = time.perf_counter()
    loaded = [gner_bench.load_predictions(path, tokenizer=options.tokenizer or "none") for path in options.predictions]
    first, second = (gner_bench.score(each, [options.metric]) for each in loaded)
    systems = micro(first, second, options.metric)
    print_coverage(systems, options.metric, options.trials, options.resamples)
    print_false_positives(*systems, options.metric, options.trials, options.resamples)
    seconds = time.perf_counter() - start
    print(f"\nPython {platform.python_version()}, numpy {np.__version__}, {seconds:.0f} s")


if __name__ == "__main__":
    main()
