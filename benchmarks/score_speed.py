"""Speed of scoring against plain alternatives, side by side in one run, printed as Markdown.

    python benchmarks/score_speed.py [--repeats 5] [--predictions FILE [--tokenizer PATH]]

All data but FILE are made from fixed seeds; every figure is the median of the repeats, which take turns.
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
from pathlib import Path

from seqeval.metrics.v1 import precision_recall_fscore_support
from seqeval.scheme import IOB2

from gner_bench.scoring.counts import Counts, strict_counts, total
from gner_bench.scoring.evaluate import evaluate
from gner_bench.scoring.metrics import prf
from gner_bench.structure import load_back_tokenizer
from gner_bench.structure.matching import _longest_common_subsequence as patience_lcs

LENGTHS = (20, 60, 100, 200)
PAIRS = 200
CHANGED = 0.05
VOCABULARY = 5_000
SENTENCES = 6_470
TYPES = ("person", "location", "organization", "programming language")

Words = list[str]
Tags = list[str]


def quadratic_lcs(expected: Sequence[str], generated: Sequence[str]) -> list[int | None]:
    """A longest common subsequence by the textbook table of lengths, as the source position of each expected word."""
    columns = len(generated)
    lengths = [[0] * (columns + 1) for _ in range(len(expected) + 1)]
    for row in range(len(expected) - 1, -1, -1):
        word, here, below = expected[row], lengths[row], lengths[row + 1]
        for column in range(columns - 1, -1, -1):
            if word == generated[column]:
                here[column] = below[column + 1] + 1
            else:
                here[column] = max(below[column], here[column + 1])
    return _walk(expected, generated, lengths)


def _walk(expected: Sequence[str], generated: Sequence[str], lengths: list[list[int]]) -> list[int | None]:
    sources: list[int | None] = [None] * len(expected)
    row = column = 0
    while row < len(expected) and column < len(generated):
        if expected[row] == generated[column]:
            sources[row] = column
            row, column = row + 1, column + 1
        elif lengths[row + 1][column] >= lengths[row][column + 1]:
            row += 1
        else:
            column += 1
    return sources


def sentence_pairs(length: int) -> list[tuple[Words, Words]]:
    """Sentences of ``length`` words with Zipf's frequencies, each with a copy in which about 5% of words differ."""
    chance = random.Random(length)
    words = [f"word{rank}" for rank in range(VOCABULARY)]
    weights = [1 / (rank + 1) for rank in range(VOCABULARY)]
    sentences = (chance.choices(words, weights, k=length) for _ in range(PAIRS))
    return [(sentence, _copy(sentence, chance)) for sentence in sentences]


def _copy(words: Words, chance: random.Random) -> Words:
    copied: Words = []
    for word in words:
        change = chance.choice(["drop", "change", "add"]) if chance.random() < CHANGED else "keep"
        copied += {"drop": [], "change": ["other"], "add": [word, "more"], "keep": [word]}[change]
    return copied


def tagged_sentences() -> tuple[list[Tags], list[Tags]]:
    """Gold and predicted tags of as many sentences as the seven zero-shot sets have; a tenth of the predictions is
    replaced at random, so that some are not valid BIO."""
    chance = random.Random(SENTENCES)
    labels = ["O", *(f"{prefix}-{kind}" for prefix in "BI" for kind in TYPES)]
    gold = [_spans(chance.randint(5, 45), chance) for _ in range(SENTENCES)]
    return gold, [[chance.choice(labels) if chance.random() < 0.1 else tag for tag in tags] for tags in gold]


def _spans(length: int, chance: random.Random) -> Tags:
    tags: Tags = []
    while len(tags) < length:
        if chance.random() < 0.15:
            kind = chance.choice(TYPES)
            tags += [f"B-{kind}"] + [f"I-{kind}"] * chance.randint(0, 2)
        else:
            tags.append("O")
    return tags[:length]


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
        found = [_checked(lcs(expected, generated)) for lcs in (patience_lcs, quadratic_lcs)]
        assert found[0] == found[1], "the two find subsequences of different length"
    jobs = ([partial(lcs, *pair) for pair in pairs] for lcs in (patience_lcs, quadratic_lcs))
    ours, plain = (seconds / PAIRS * 1e6 for seconds in in_turns(repeats, *(partial(_call_all, job) for job in jobs)))
    return [str(length), f"{ours:.1f}", f"{plain:.1f}", f"{plain / ours:.1f}x"]


def _call_all(jobs: Sequence[Callable[[], object]]) -> None:
    for job in jobs:
        job()


def _checked(sources: Sequence[int | None]) -> int:
    placed = [source for source in sources if source is not None]
    assert all(one < other for one, other in pairwise(placed)), "positions do not increase"
    return len(placed)


def count_strictly(gold: Sequence[Tags], predicted: Sequence[Tags]) -> tuple[float, float, float]:
    sentences = zip(gold, predicted, strict=True)
    counts = (total(strict_counts(*tags).values()) for tags in sentences)
    found = prf(sum(counts, Counts()), "strict")
    return found.precision, found.recall, found.f1


def count_with_seqeval(gold: list[Tags], predicted: list[Tags]) -> tuple[float, float, float]:
    # The function behind mode="strict" of every seqeval metric.
    found = precision_recall_fscore_support(gold, predicted, scheme=IOB2, average="micro")
    return float(found[0]), float(found[1]), float(found[2])


def compare_counting(repeats: int) -> list[str]:
    gold, predicted = tagged_sentences()
    ours, theirs = count_strictly(gold, predicted), count_with_seqeval(gold, predicted)
    assert all(abs(one - other) < 1e-12 for one, other in zip(ours, theirs, strict=True)), (ours, theirs)
    jobs = (partial(count, gold, predicted) for count in (count_strictly, count_with_seqeval))
    seconds, peer = in_turns(repeats, *jobs)
    return [f"{SENTENCES:,}", f"{ours[2]:.6f}", f"{seconds:.3f}", f"{peer:.3f}", f"{peer / seconds:.1f}x"]


def measure_evaluate(predictions: Path, tokenizer: Path | None, repeats: int) -> list[str]:
    """Each repeat reads the file and back-tokenizes every word anew; loading the tokenizer is not counted."""
    back_tokenizers = [load_back_tokenizer(tokenizer) if tokenizer else None for _ in range(repeats)]
    seconds = statistics.median(_seconds(partial(evaluate, [predictions], each)) for each in back_tokenizers)
    document = evaluate([predictions], back_tokenizers[0])
    sentences = sum(part["sentences"] for part in document["datasets"].values())
    return [predictions.name, tokenizer.name if tokenizer else "none", f"{sentences:,}", f"{sentences / seconds:,.0f}"]


def print_table(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    print(f"\n**{title}**\n")
    for cells in (heads, ["---", *["---:"] * (len(heads) - 1)], *rows):
        print(f"| {' | '.join(cells)} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5, help="of which the median is taken (default: %(default)s)")
    parser.add_argument("--predictions", type=Path, metavar="FILE", help="also time the whole evaluation of FILE")
    parser.add_argument("--tokenizer", type=Path, metavar="PATH", help="back-tokenizer for FILE (default: none)")
    options = parser.parse_args()
    print(f"Python {platform.python_version()}, {platform.machine()}, median of {options.repeats} repeats")
    print_table(
        f"Longest common subsequence, about {CHANGED:.0%} of words dropped, changed or added",
        ["words", "gner-bench, µs a sentence", "quadratic table, µs a sentence", "faster by"],
        [compare_lcs(length, options.repeats) for length in LENGTHS],
    )
    print_table(
        "Strict span F1 (both give the same precision, recall and F1)",
        ["sentences", "F1", "gner-bench, s", "seqeval, s", "faster by"],
        [compare_counting(options.repeats)],
    )
    if options.predictions:
        print_table(
            "Whole evaluation: read, structure, count",
            ["file", "back-tokenizer", "sentences", "sentences a second"],
            [measure_evaluate(options.predictions, options.tokenizer, options.repeats)],
        )


if __name__ == "__main__":
    main()
