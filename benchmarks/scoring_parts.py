"""Parts of scoring against plain alternatives within one process, printed as Markdown.

    python benchmarks/scoring_parts.py [--repeats 5]

The longest common subsequence against the textbook table, and strict counting against seqeval. All data are made from
fixed seeds; every figure is the median of the repeats, which take turns.
"""

from __future__ import annotations

import argparse
import platform
import random
import statistics
import time
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise

from obvious_scoring import quadratic_lcs
from seqeval.metrics.v1 import precision_recall_fscore_support
from seqeval.scheme import IOB2

from gner_bench.scoring.counts import strict_counts
from gner_bench.scoring.metrics import prf
from gner_bench.scoring.predictions import Prediction
from gner_bench.structure.matching import longest_common_subsequence as patience_lcs

LENGTHS = (20, 60, 100, 200)
PAIRS = 200
CHANGED = 0.05
VOCABULARY = 5_000
SENTENCES = 6_470
TYPES = ("person", "location", "organization", "programming language")

Tags = tuple[str, ...]


def sentence_pairs(length: int) -> list[tuple[list[str], list[str]]]:
    """Sentences of ``length`` words with Zipf's frequencies, each with a copy in which about 5% of words differ."""
    chance = random.Random(length)
    words = [f"word{rank}" for rank in range(VOCABULARY)]
    weights = [1 / (rank + 1) for rank in range(VOCABULARY)]
    sentences = (chance.choices(words, weights, k=length) for _ in range(PAIRS))
    return [(sentence, _copy(sentence, chance)) for sentence in sentences]


def _copy(words: Sequence[str], chance: random.Random) -> list[str]:
    copied: list[str] = []
    for word in words:
        change = chance.choice(["drop", "change", "add"]) if chance.random() < CHANGED else "keep"
        copied += {"drop": [], "change": ["other"], "add": [word, "more"], "keep": [word]}[change]
    return copied


def tagged_sentences() -> list[tuple[Tags, Tags]]:
    """Gold and predicted tags of as many sentences as the seven zero-shot sets have; a tenth of the predictions is
    replaced at random, so that some are not valid BIO."""
    chance = random.Random(SENTENCES)
    labels = ["O", *(f"{prefix}-{kind}" for prefix in "BI" for kind in TYPES)]
    gold = [_spans(chance.randint(5, 45), chance) for _ in range(SENTENCES)]
    return [(tags, tuple(chance.choice(labels) if chance.random() < 0.1 else tag for tag in tags)) for tags in gold]


def _spans(length: int, chance: random.Random) -> Tags:
    tags: list[str] = []
    while len(tags) < length:
        kind = chance.choice(TYPES)
        tags += [f"B-{kind}"] + [f"I-{kind}"] * chance.randint(0, 2) if chance.random() < 0.15 else ["O"]
    return tuple(tags[:length])


def in_turns(repeats: int, *jobs: Callable[[], object]) -> list[float]:
    """The median seconds of each job; the jobs take turns, so that a busy machine slows all of them alike."""
    taken = [[_seconds(job) for job in jobs] for _ in range(repeats)]
    return [statistics.median(column) for column in zip(*taken, strict=True)]


def _seconds(job: Callable[[], object]) -> float:
    start = time.perf_counter()
    job()
    return time.perf_counter() - start


def compare_lcs(length: int, repeats: int) -> list[str]:
    pairs = sentence_pairs(length)
    for expected, generated in pairs:
        found = patience_lcs(expected, generated)
        assert found == quadratic_lcs(expected, generated), "the two find different subsequences"
        placed = [source for source in found if source is not None]
        assert all(one < other for one, other in pairwise(placed)), "positions do not increase"
    jobs = ([partial(lcs, *pair) for pair in pairs] for lcs in (patience_lcs, quadratic_lcs))
    first, plain = (seconds / PAIRS * 1e6 for seconds in in_turns(repeats, *(partial(_call_all, job) for job in jobs)))
    return [str(length), f"{first:.1f}", f"{plain:.1f}", f"{plain / first:.1f}"]


def _call_all(jobs: Sequence[Callable[[], object]]) -> None:
    for job in jobs:
        job()


def compare_counting(repeats: int) -> list[str]:
    tagged = tagged_sentences()
    sides = [list(gold) for gold, _ in tagged], [list(predicted) for _, predicted in tagged]

    def count() -> float:
        # Made anew each time, as a sentence keeps the spans that were asked for.
        sentences = (Prediction("", "", "", TYPES, gold, gold, predicted) for gold, predicted in tagged)
        triples = (triple for each in sentences for triple in strict_counts(each).values())
        right, predicted, gold = map(sum, zip(*triples, strict=True))
        return prf(right, predicted, gold, "strict").f1

    # The function behind mode="strict" of every seqeval metric.
    seqeval = partial(precision_recall_fscore_support, *sides, scheme=IOB2, average="micro")
    assert abs(count() - float(seqeval()[2])) < 1e-12
    first, plain = in_turns(repeats, count, seqeval)
    return [f"{SENTENCES:,}", f"{count():.6f}", f"{first:.3f}", f"{plain:.3f}", f"{plain / first:.1f}"]


def print_table(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    print(f"\n**{title}**\n")
    for cells in (heads, ["---", *["---:"] * (len(heads) - 1)], *rows):
        print(f"| {' | '.join(cells)} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5, help="of which the median is taken (default: %(default)s)")
    repeats = parser.parse_args().repeats
    print(f"Python {platform.python_version()}, {platform.machine()}, median of {repeats} repeats")
    print_table(
        f"Longest common subsequence, about {CHANGED:.0%} of words dropped, changed or added (equal results)",
        ["words", "gner-bench, µs a sentence", "quadratic table, µs a sentence", "times gner-bench"],
        [compare_lcs(length, repeats) for length in LENGTHS],
    )
    print_table(
        "Strict span F1 (equal results)",
        ["sentences", "F1", "gner-bench, s", "seqeval, s", "times gner-bench"],
        [compare_counting(repeats)],
    )


if __name__ == "__main__":
    main()
