"""Do intervals cover that rest on little: small sets, single types, macro F1, few documents? Printed as Markdown.

    python benchmarks/coverage_small.py FIRST SECOND --data DATA [--tokenizer PATH] [--trials 100] [--resamples 500]

FIRST and SECOND are predictions of real systems, DATA the folder of the seven zero-shot sets. Each data set of each
system stands for a whole language, and its figures are the true ones; a trial draws sentences from it with replacement,
and the interval that follows from these alone covers the true figure or does not. Beside the real systems there are
made ones, on the gold of all test sentences: each type has its own share of right mentions around the one in the
system's name, each sentence its own difficulty, half of what is missed is predicted as another type, and some mentions
are made up. Methods are percentiles, BCa (Efron 1987), the bootstrap-t of F1 on the scale of arcsin √F1 with its
variance by the delta method (Efron and Tibshirani 1993, chapter 12), Wilson's (scoring.wilson), and ``chosen``, which
``score`` shows. The true macro F1 is that over all types of the language, also those that a sample lacks.

Documents: 20 sentences each on average, all of one difficulty. Everything follows from fixed seeds.
"""

from __future__ import annotations

import argparse
import time
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import NormalDist

import numpy as np

import gner_bench
from gner_bench.bio import strict_spans
from gner_bench.data.formats.gner import read_dataset
from gner_bench.documents.scores import Interval, Resampling
from gner_bench.scoring.intervals import FEW_ENTITIES, Sample, combined, samples, type_intervals
from gner_bench.scoring.metrics import Metric
from gner_bench.scoring.resampling import Floats, f1, intervals, macro_f1, ways, weights
from gner_bench.scoring.statistics import Integers, Statistics
from gner_bench.scoring.wilson import ends

METRIC: Metric = "gner"
CONFIDENCE = 0.95
MADE = (0.05, 0.5, 0.9, 0.98)
SIZES = (10, 25, 50, 100, 200, 400)
BUCKETS = {"1-4": (1, 4), "5-9": (5, 9), "10-19": (10, 19), "20-49": (20, 49), "50 or more": (50, 10**9)}
METHODS = ("percentile", "BCa", "bootstrap-t", "Wilson", "chosen")
DOCUMENTS = (5, 10, 20, 50, 100)


@dataclass
class Tally:
    """Trials, those whose interval covered, and those without any width."""

    trials: int = 0
    covered: int = 0
    flat: int = 0

    def add(self, end: Interval, true: float) -> None:
        self.trials += 1
        self.covered += end[0] - 1e-9 <= true <= end[1] + 1e-9
        self.flat += end[1] - end[0] < 1e-9

    def __str__(self) -> str:
        if not self.trials:
            return ""
        flat = f", {100 * self.flat / self.trials:.0f} without width" if self.flat >= 0.005 * self.trials else ""
        return f"{100 * self.covered / self.trials:.1f}{flat}"


def made(sentences: Sequence[Sequence[str]], share: float, random: np.random.RandomState) -> Statistics:
    """The counts of a made system on sentences of which each is given as the types of its gold mentions."""
    kinds = sorted({kind for sentence in sentences for kind in sentence})
    ease = dict(zip(kinds, np.log(share / (1 - share)) + random.normal(0, 0.7, len(kinds)), strict=True))
    statistics = Statistics((METRIC,))
    for sentence in sentences:
        counts, difficulty = {kind: [0, 0, 0] for kind in kinds}, random.normal()
        for kind in sentence:
            right = random.rand() < 1 / (1 + np.exp(-ease[kind] - difficulty))
            for side, more in enumerate((right, right, 1)):
                counts[kind][side] += more
            if not right and random.rand() < 0.5:
                counts[kinds[random.randint(len(kinds))]][1] += 1
        for _ in range(random.poisson(0.6 * (1 - share))):
            counts[kinds[random.randint(len(kinds))]][1] += 1
        triples = {kind: (right, made, gold) for kind, (right, made, gold) in counts.items() if made or gold}
        statistics.add({METRIC: triples})
    return statistics


def languages(files: Sequence[Path], tokenizer: Path | None, data: Path) -> dict[str, list[Statistics]]:
    """The data sets of each system."""
    found = {}
    for path in files:
        scores = gner_bench.score(gner_bench.load_predictions(path, tokenizer=tokenizer or "none"), [METRIC])
        found[path.name.split(".dev")[0]] = [each.statistics for each in scores.sets.values()]
        names = list(scores.sets)
    for number, share in enumerate(MADE):
        sets = [read_dataset(data, name).sentences for name in names]
        gold = [[[kind for *_, kind in strict_spans(sentence.tags)] for sentence in one] for one in sets]
        found[f"made {share}"] = [made(one, share, np.random.RandomState(100 + number)) for one in gold]
    return found


def drawn(language: Statistics, size: int, random: np.random.RandomState) -> Statistics:
    places = np.asarray(language.places)
    return replace(language, places=array("I", places[random.randint(0, len(places), size)].tolist()))


def sample_of(statistics: Statistics, trial: int, resamples: int) -> Sample:
    return samples(statistics, range(len(statistics)), "set", [METRIC], Resampling(resamples, trial))[METRIC]


def true_f1(language: Statistics) -> float:
    return float(f1(np.array(language.totals()[METRIC]), METRIC))


def micro_intervals(statistics: Statistics, trial: int, resamples: int) -> dict[str, Interval]:
    """The interval of F1 by each method."""
    sample, counts = sample_of(statistics, trial, resamples), statistics.micro(METRIC)[statistics.index()]
    resampled = ways(sample.drawn, METRIC)["f1"]
    low, high = ends(sample.moments, CONFIDENCE)[2].tolist()
    return {
        "percentile": intervals(resampled[:, None], CONFIDENCE)[0],
        "BCa": bca(counts, resampled),
        "bootstrap-t": bootstrap_t(counts, np.random.RandomState(trial), resamples),
        "Wilson": (low, high),
        "chosen": sample.ends(CONFIDENCE)["f1"],
    }


def bca(counts: Integers, resampled: Floats) -> Interval:
    """Bias-corrected and accelerated, the acceleration by the jackknife."""
    normal, observed = NormalDist(), float(f1(counts.sum(axis=0), METRIC))
    without = f1(counts.sum(axis=0) - counts, METRIC)
    change = without.mean() - without
    spread = (change**2).sum() ** 1.5
    acceleration = (change**3).sum() / 6 / spread if spread else 0.0
    below = float(np.mean(resampled < observed - 1e-12) + np.mean(resampled <= observed + 1e-12)) / 2
    bias = normal.inv_cdf(min(max(below, 0.5 / len(resampled)), 1 - 0.5 / len(resampled)))
    z = normal.inv_cdf((1 + CONFIDENCE) / 2)
    shares = [normal.cdf(bias + (bias + side) / (1 - acceleration * (bias + side))) for side in (-z, z)]
    low, high = np.quantile(resampled, shares).tolist()
    return low, high


def bootstrap_t(counts: Integers, random: np.random.RandomState, resamples: int) -> Interval:
    """Studentised on the scale of arcsin √F1; the influence of a sentence is 2(r - F1 (p + g) / 2) / (P + G)."""
    size, (right, either) = len(counts), (counts[:, 0], counts[:, 1] + counts[:, 2])
    times = weights(random.randint(0, size, (resamples, size)), size)
    powers = np.stack([right, either, right**2, right * either, either**2], axis=1)

    def scaled(sums: Floats) -> tuple[Floats, Floats]:
        r, s, rr, rs, ss = np.moveaxis(sums.astype(float), -1, 0)
        value = np.divide(2 * r, s, out=np.zeros_like(r), where=s > 0)
        variance = 4 / np.maximum(s, 1) ** 2 * np.maximum(rr - value * rs + value**2 / 4 * ss, 0)
        return np.arcsin(np.sqrt(value.clip(0, 1))), np.sqrt(variance / np.maximum(4 * value * (1 - value), 4e-4))

    (value, error), (others, errors) = scaled(powers.sum(axis=0)), scaled(times @ powers)
    if not error:
        return (end := float(np.sin(value) ** 2)), end
    steps = (others - value)[errors > 0] / errors[errors > 0]
    low, high = value - np.quantile(steps, [(1 + CONFIDENCE) / 2, (1 - CONFIDENCE) / 2]) * error
    return float(np.sin(max(low, 0)) ** 2), float(np.sin(min(high, np.pi / 2)) ** 2)


def micro_table(systems: Mapping[str, Sequence[Statistics]], trials: int, resamples: int) -> Iterator[list[str]]:
    """For each size: of each method the coverage over all systems, and that of the worst system."""
    for size in SIZES:
        tallies = {method: {name: Tally() for name in systems} for method in METHODS}
        for name, sets in systems.items():
            random = np.random.RandomState(size)
            for trial in range(trials):
                for language in sets:
                    found = micro_intervals(drawn(language, size, random), trial, resamples)
                    for method, end in found.items():
                        tallies[method][name].add(end, true_f1(language))
        shares = [[tally.covered / tally.trials for tally in tallies[method].values()] for method in METHODS]
        yield [str(size), *(f"{100 * np.mean(each):.1f} ({100 * min(each):.1f})" for each in shares)]


def type_tables(
    systems: Mapping[str, Sequence[Statistics]], trials: int, resamples: int
) -> tuple[list[list[str]], list[list[str]]]:
    """Rows of single types by gold mentions in the sample, and rows of macro F1, of one set and as the mean over all:
    by percentiles, and as shown with the share of trials in which one is."""
    by_size: list[list[str]] = []
    macros: list[list[str]] = []
    for size in (100, 400, 0):
        types = {bucket: (Tally(), Tally()) for bucket in BUCKETS}
        of_sets, of_means = (Tally(), Tally()), (Tally(), Tally())
        for sets in systems.values():
            if size == 0 and len(sets[0]) == 100:
                continue  # real ones have 100 sentences: this is the first size
            random = np.random.RandomState(size)
            for trial in range(trials):
                one = [_types(language, size or len(language), random, types, trial, resamples) for language in sets]
                true = float(np.mean([each.true for each in one]))
                for each in one:
                    of_sets[0].add(intervals(each.resampled[:, None], CONFIDENCE)[0], each.true)
                    if each.shown:
                        of_sets[1].add(each.shown, each.true)
                means = np.mean([each.resampled for each in one], axis=0)
                of_means[0].add(intervals(means[:, None], CONFIDENCE)[0], true)
                if all(each.shown for each in one):
                    end = combined([each.value for each in one], [each.shown or (0, 1) for each in one])
                    of_means[1].add(end, true)
        label = str(size or "all of the set")
        by_size += [[label, bucket, str(new.trials), str(old), str(new)] for bucket, (old, new) in types.items()]
        for what, (old, new) in (("one set", of_sets), ("mean over sets", of_means)):
            macros.append([label, what, str(old), str(new), f"{100 * new.trials / old.trials:.0f}%"])
    return by_size, macros


@dataclass
class MacroTrial:
    """Macro F1 of a sample, of its resamples, of the language, and the interval that is shown, if one is."""

    value: float
    resampled: Floats
    true: float
    shown: Interval | None


def _types(
    language: Statistics,
    size: int,
    random: np.random.RandomState,
    tallies: Mapping[str, tuple[Tally, Tally]],
    trial: int,
    resamples: int,
) -> MacroTrial:
    statistics = drawn(language, size, random)
    columns = range(len(language.columns))
    matrix, sums, whole = statistics.matrix(columns), statistics.sums(), language.sums()
    rows = statistics.index()
    picked = np.random.RandomState(trial).randint(0, size, (resamples, size))
    counts = (weights(rows[picked], len(matrix)) @ matrix.reshape(len(matrix), -1)).reshape(resamples, -1, 3)
    resampled = f1(counts, METRIC)
    percentile, new = intervals(resampled, CONFIDENCE), type_intervals(statistics, METRIC, CONFIDENCE)
    for kind in columns:
        for bucket, (least, most) in BUCKETS.items():
            if least <= sums[kind, 2] <= most:
                true = float(f1(whole[kind], METRIC))
                tallies[bucket][0].add(percentile[kind], true)
                low, high = new.ends[kind, 2].tolist()
                tallies[bucket][1].add((low, high), true)
    occurs = counts[..., 1:].any(axis=-1)
    of_resamples = (resampled * occurs).sum(axis=1) / np.maximum(occurs.sum(axis=1), 1)
    value, there = macro_f1(sums, METRIC), sums[:, 1:].any(axis=1)
    enough = there.any() and sums[there, 2].min() >= FEW_ENTITIES
    shown = (value - new.half, value + new.half) if enough else None
    return MacroTrial(value, of_resamples, macro_f1(whole, METRIC), shown)


def document_table(trials: int, resamples: int) -> Iterator[list[str]]:
    """For each number of documents: coverage of F1 when sentences are drawn, and when documents are."""
    random = np.random.RandomState(5)
    documents = [_document(random) for _ in range(2000)]
    language = Statistics((METRIC,))
    for document in documents:
        for sentence in document:
            language.add({METRIC: {"x": sentence}})
    true = true_f1(language)
    for number in DOCUMENTS:
        old, percentile, new = Tally(), Tally(), Tally()
        for trial in range(trials):
            statistics, groups = Statistics((METRIC,)), list[int]()
            for group, place in enumerate(random.randint(0, len(documents), number).tolist()):
                for sentence in documents[place]:
                    statistics.add({METRIC: {"x": sentence}})
                    groups.append(group)
            old.add(sample_of(statistics, trial, resamples).ends(CONFIDENCE)["f1"], true)
            grouped = sample_of(statistics.grouped(groups), trial, resamples)
            percentile.add(intervals(ways(grouped.drawn, METRIC)["f1"][:, None], CONFIDENCE)[0], true)
            new.add(grouped.ends(CONFIDENCE)["f1"], true)
        yield [str(number), str(old), str(percentile), str(new)]


def _document(random: np.random.RandomState) -> list[tuple[int, int, int]]:
    share = 1 / (1 + np.exp(-random.normal(0.8, 1)))
    found = []
    for gold in random.poisson(2, 1 + random.poisson(19)).tolist():
        right = random.binomial(gold, share)
        found.append((right, right + random.binomial(gold - right, 0.6), gold))
    return found


def print_table(title: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    print(f"\n**{title}**\n")
    for cells in (heads, ["---", *["---:"] * (len(heads) - 1)], *rows):
        print(f"| {' | '.join(cells)} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("predictions", type=Path, nargs=2, metavar="FILE")
    parser.add_argument("--data", type=Path, required=True, metavar="DATA", help="folder of the data sets")
    parser.add_argument("--tokenizer", type=Path, metavar="PATH", help="back-tokenizer (default: none)")
    parser.add_argument("--trials", type=int, default=100, help="of each set and size (default: %(default)s)")
    parser.add_argument("--resamples", type=int, default=500, help="(default: %(default)s)")
    options = parser.parse_args()
    start, (trials, resamples) = time.process_time(), (options.trials, options.resamples)
    systems = languages(options.predictions, options.tokenizer, options.data)
    sets = f"{trials} trials of each of {len(next(iter(systems.values())))} sets by {len(systems)} systems"
    print_table(
        f"95% intervals of micro F1 that cover, in percent, in brackets those of the worst system ({sets})",
        ["sentences", *METHODS],
        micro_table(systems, trials, resamples),
    )
    types, macros = type_tables(systems, trials, resamples)
    print_table(
        f"95% intervals of the F1 of single types that cover, in percent ({sets})",
        ["sentences", "gold mentions drawn", "intervals", "percentile", "Wilson"],
        types,
    )
    print_table(
        f"95% intervals of macro F1 that cover, in percent ({sets})",
        ["sentences", "of", "percentile", "shown", "shown in"],
        macros,
    )
    print_table(
        f"95% intervals of micro F1 that cover where sentences of one document are alike ({5 * trials} trials)",
        ["documents", "sentences drawn", "documents drawn, percentile", "documents drawn, chosen"],
        document_table(5 * trials, resamples),
    )
    print(f"\nnumpy {np.__version__}, {time.process_time() - start:.0f} s of processor time")


if __name__ == "__main__":
    main()
