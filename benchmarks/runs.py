"""Do intervals and tests of groups of runs hold what they say? Simulated: nobody has a thousand trainings of a model.

    python benchmarks/runs.py [--trials 1000] [--resamples 300]

A recipe is a population of runs, and each run of it answers a population of sentences. A sentence has one or more gold
entities and a difficulty of its own; a run is better or worse than the recipe by a normal amount on the scale of the
logit (``effect`` is its standard deviation); which entities of a sentence a run finds depends on both and, in part
(``OWN``), on run and entity together. So F1 varies over sentences, over runs, and by their interplay. The F1 of the
recipe, over all runs and sentences, is known by quadrature. A trial draws sentences and runs, and looks whether the 95%
interval holds that F1:

- ``sentences``: the percentile bootstrap over sentences of the mean over runs, which takes the runs for all there are;
- ``crossed``: runs are drawn with replacement, too;
- ``corrected``: so are they, their distance from the mean widened by √(R / (R - 1));
- ``normal``: the variance of ``gner_bench.scoring.groups``, without the tails of Student's t;
- ``groups``: as gner-bench does it.

Then the test: how often p is below 5% between two recipes of the same F1, ``paired`` where a run of one shares half of
the variance of its effect (as of one seed) with a run of the other. ``sentences alone``: how often the interval over
sentences does not hold 0, which is what a test of these outputs says. After ± is the binomial standard error.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from gner_bench.scoring.groups import interval_of, spread
from gner_bench.scoring.resampling import Floats, interval
from gner_bench.scoring.statistics import Integers

RUNS = (1, 2, 3, 5, 10)
OWN = 0.2
"""The share of the chance in an entity that each run has of its own."""
MOST, SPURIOUS = 8, 3
"""Gold entities of a sentence, and places where a run may see one that is none, at most."""
SCALE, EASE, DIFFICULTY = 1.7, 1.2, 1.0
CONFIDENCE, ALPHA = 0.95, 0.05


@dataclass(frozen=True)
class Recipe:
    """Its ``ease`` on each data set of ``sentences``, and the standard deviation of the effect of ``runs``."""

    ease: tuple[float, ...]
    sentences: int
    runs: float

    def f1(self) -> float:
        """Of all its runs on all sentences, the mean over data sets."""
        points, shares = np.polynomial.hermite_e.hermegauss(40)
        shares = shares / shares.sum()
        cdf = np.vectorize(NormalDist().cdf)
        counts = np.minimum(1 + np.random.RandomState(0).poisson(EASE, 1_000_000), MOST).mean()
        means = []
        for ease in self.ease:
            of_run = self.runs * points[:, None]
            right = counts * (cdf((ease + DIFFICULTY * points + of_run) / SCALE) @ shares)
            spurious = SPURIOUS * ((1 - cdf((1 + ease + 0.7 * DIFFICULTY * points + of_run) / SCALE)) @ shares)
            means.append(float((2 * right / (right + spurious + counts)) @ shares))
        return float(np.mean(means))

    def sample(self, effects: Floats, random: np.random.RandomState) -> Iterator[Integers]:
        """Counts of each data set, shape (sentences, runs, 3), of runs whose effects, of variance 1, are given."""
        runs, shape = len(effects), (self.sentences, MOST + SPURIOUS)
        for ease in self.ease:
            gold = np.minimum(1 + random.poisson(EASE, self.sentences), MOST)
            difficulty = DIFFICULTY * random.normal(size=(self.sentences, 1, 1))
            shared, own = random.normal(size=shape)[:, None], random.normal(size=(shape[0], runs, shape[1]))
            chance = SCALE * (math.sqrt(1 - OWN) * shared + math.sqrt(OWN) * own)
            of_run = self.runs * effects[None, :, None]
            there = np.arange(MOST) < gold[:, None, None]
            right = ((chance[..., :MOST] < ease + difficulty + of_run) & there).sum(axis=2)
            spurious = (chance[..., MOST:] > 1 + ease + 0.7 * difficulty + of_run).sum(axis=2)
            yield np.stack([right, right + spurious, np.broadcast_to(gold[:, None], right.shape)], axis=2)


def f1(counts: Integers | Floats) -> Floats:
    return np.asarray(2 * counts[..., 0] / (counts[..., 1] + counts[..., 2]))


def drawn(recipe: Recipe, effects: Floats, resamples: int, random: np.random.RandomState) -> tuple[Floats, Floats]:
    """The mean over data sets of F1, shape (runs,), and in resamples of sentences, shape (resamples, runs)."""
    values, resampled = [], []
    for counts in recipe.sample(effects, random):
        size = len(counts)
        places = random.randint(0, size, (resamples, size)) + np.arange(0, resamples * size, size)[:, None]
        weights = np.bincount(places.ravel(), minlength=resamples * size).reshape(resamples, size).astype(float)
        values.append(f1(counts.sum(axis=0)))
        resampled.append(f1((weights @ counts.reshape(size, -1)).reshape(resamples, -1, 3)))
    return np.mean(values, axis=0), np.mean(resampled, axis=0)


def intervals(
    values: Floats, resampled: Floats, sentences: int, random: np.random.RandomState
) -> dict[str, tuple[float, float]]:
    """The interval of the mean over runs by each method."""
    runs, mean = len(values), resampled.mean(axis=1)
    ends = {"sentences": interval(mean, CONFIDENCE)}
    if runs > 1:
        chosen = random.randint(0, runs, resampled.shape)
        crossed = np.take_along_axis(resampled, chosen, axis=1).mean(axis=1)
        ends["crossed"] = interval(crossed, CONFIDENCE)
        ends["corrected"] = interval(mean + math.sqrt(runs / (runs - 1)) * (crossed - mean), CONFIDENCE)
        error = math.sqrt(spread(mean, [values], sentences).variance)
        half = NormalDist().inv_cdf((1 + CONFIDENCE) / 2) * error
        ends["normal"] = values.mean() - half, values.mean() + half
    return ends | {"groups": interval_of(values, resampled, sentences, CONFIDENCE)}


METHODS = ("sentences", "crossed", "corrected", "normal", "groups")


def coverage(recipe: Recipe, runs: int, trials: int, resamples: int) -> tuple[float, dict[str, float], float]:
    """The SD of F1 over runs, the share of trials by method whose interval holds the F1, half the width of the last."""
    random, true, sentences = np.random.RandomState(runs), recipe.f1(), recipe.sentences * len(recipe.ease)
    hits, variances, widths = dict.fromkeys(METHODS, 0), [], []
    for _ in range(trials):
        values, resampled = drawn(recipe, random.normal(size=runs), resamples, random)
        ends = intervals(values, resampled, sentences, random)
        for method, (low, high) in ends.items():
            hits[method] += low <= true <= high
        variances.append(values.var(ddof=1) if runs > 1 else math.nan)
        widths.append((ends["groups"][1] - ends["groups"][0]) / 2)
    return math.sqrt(np.mean(variances)), {name: count / trials for name, count in hits.items()}, float(np.mean(widths))


def level(recipe: Recipe, runs: tuple[int, int], pairs: bool, trials: int, resamples: int) -> tuple[float, float]:
    """The share of trials with p < 0.05 between recipes of the same F1, and that by sentences alone."""
    random, sentences = np.random.RandomState(sum(runs)), recipe.sentences * len(recipe.ease)
    called = alone = 0
    for _ in range(trials):
        effects = random.normal(size=sum(runs))
        if pairs:
            common = random.normal(size=runs[0])
            effects = (effects + np.concatenate([common, common])) / math.sqrt(2)
        values, resampled = drawn(recipe, effects, resamples, random)
        (one, two), mine = np.split(values, [runs[0]]), resampled[:, : runs[0]]
        of_means = resampled[:, runs[0] :].mean(axis=1) - mine.mean(axis=1)
        known = spread(of_means, [two - one] if pairs else [one, two], sentences)
        called += known.p_value(two.mean() - one.mean()) < ALPHA
        low, high = interval(of_means, CONFIDENCE)
        alone += not low <= 0 <= high
    return called / trials, alone / trials


def with_error(share: float, trials: int) -> str:
    return f"{100 * share:.1f} ± {100 * math.sqrt(share * (1 - share) / trials):.1f}"


def table(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    print(f"\n**{title}**\n")
    for cells in (heads, ["---", *["---:"] * (len(heads) - 1)], *rows):
        print(f"| {' | '.join(cells)} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=1000, help="(default: %(default)s)")
    parser.add_argument("--resamples", type=int, default=300, help="(default: %(default)s)")
    options = parser.parse_args()
    trials, resamples, start = options.trials, options.resamples, time.process_time()
    sets = {"1 × 400": ((0.6,), 400), "7 × 100": (tuple(np.linspace(0.2, 1.0, 7).tolist()), 100)}
    rows, tests = [], []
    for name, (ease, sentences) in sets.items():
        for effect in (0.0, 0.03, 0.06):
            recipe = Recipe(ease, sentences, effect)
            for runs in RUNS:
                sd, shares, half = coverage(recipe, runs, trials, resamples)
                shown = [
                    with_error(shares[method], trials) if runs > 1 or method in ("sentences", "groups") else "–"
                    for method in METHODS
                ]
                spread_over = "–" if math.isnan(sd) else f"{100 * sd:.1f}"
                rows.append([name, f"{effect:g}", str(runs), spread_over, *shown, f"{100 * half:.1f}"])
        recipe = Recipe(ease, sentences, 0.06)
        for pair, pairs in (
            ((3, 3), True),
            ((5, 5), True),
            ((3, 3), False),
            ((5, 5), False),
            ((5, 3), False),
            ((5, 1), False),
            ((1, 1), False),
        ):
            called, alone = level(recipe, pair, pairs, trials, resamples)
            kind = "paired" if pairs else "not paired"
            tests.append(
                [name, f"{pair[0]} and {pair[1]}", kind, with_error(called, trials), with_error(alone, trials)]
            )
    table(
        f"Trials of {trials:,} whose 95% interval holds the F1 of the recipe, in percent",
        ["sets × sentences", "effect", "runs", "SD", *METHODS, "± of groups"],
        rows,
    )
    table(
        f"Trials of {trials:,} with p < 0.05 between recipes of the same F1 (effect 0.06), in percent",
        ["sets × sentences", "runs", "seeds", "groups", "sentences alone"],
        tests,
    )
    print(f"\nnumpy {np.__version__}, {time.process_time() - start:.0f} s of one core")


if __name__ == "__main__":
    main()
