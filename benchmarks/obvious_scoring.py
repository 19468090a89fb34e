"""Scoring as one would write it first, which benchmarks/scoring.py runs beside ``gner-bench score``.

    python benchmarks/obvious_scoring.py FILE TOKENIZER OUT [--resamples 1000]

The same protocol with the usual parts: transformers' tokenizer called for each sentence, the textbook table for the
longest common subsequence, Python's sets, seqeval, and resampling in Python. OUT gets the F1, intervals and seconds.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import string
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

LABEL = re.compile(r"\(B-.*?\)|\(I-.*?\)|\(O\)")
ARTICLES = re.compile(r"\b(?:a|an|the)\b")
Triple = tuple[int, int, int]


def parse(text: str) -> tuple[list[str], list[str]]:
    words, labels, end = [], [], 0
    for label in LABEL.finditer(text):
        word = text[end : label.start()].strip()
        end = label.end()
        if word:
            words.append(word)
            labels.append(label[0][1:-1].strip())
    return words, labels


def subsequence(expected: Sequence[str], generated: Sequence[str]) -> list[int | None] | None:
    sources: list[int | None] = [None] * len(expected)
    place = 0
    for index, word in enumerate(expected):
        if place < len(generated) and generated[place] == word:
            sources[index] = place
            place += 1
    return sources if place == len(generated) else None


def quadratic_lcs(expected: Sequence[str], generated: Sequence[str]) -> list[int | None]:
    """A longest common subsequence by the table of lengths, with the protocol's choice among the longest."""
    lengths = [[0] * (len(generated) + 1)]
    for word in expected:
        above, row = lengths[-1], [0]
        for column, other in enumerate(generated):
            row.append(above[column] + 1 if word == other else max(above[column + 1], row[column]))
        lengths.append(row)
    positions: defaultdict[str, list[int]] = defaultdict(list)
    for column, other in enumerate(generated):
        positions[other].append(column)
    sources: list[int | None] = [None] * len(expected)
    wanted = lengths[-1][-1]
    for row_number in range(len(expected) - 1, -1, -1):
        for column in positions.get(expected[row_number], ()):
            if wanted and lengths[row_number][column] + 1 == wanted:
                sources[row_number] = column
                wanted -= 1
                break
    return sources


def tags_of(record: dict[str, Any], tokenizer: Any) -> list[str]:
    """The tags that the generated text gives the words of the sentence."""
    types = record["label_list"]
    words, labels = parse(record["prediction"])
    labels = [label if label == "O" or label[2:] in types else "O" for label in labels]
    expected = [word.lower() for word in record["instance"]["words"]]
    expected = tokenizer.batch_decode(tokenizer(expected)["input_ids"], skip_special_tokens=True)
    generated = [word.lower() for word in words]
    if expected == generated:
        return labels
    sources = subsequence(expected, generated) or quadratic_lcs(expected, generated)
    return ["O" if source is None else labels[source] for source in sources]


def normalise(text: str) -> str:
    text = "".join(character for character in text.lower() if character not in string.punctuation)
    return " ".join(ARTICLES.sub(" ", text).split())


def entities(words: Sequence[str], tags: Sequence[str]) -> set[tuple[str, str]]:
    """The (text, type) pairs of the GNER metric."""
    found: list[tuple[list[str], str]] = []
    inside = False
    for word, tag in zip(words, tags, strict=True):
        if tag == "O":
            inside = False
        elif inside and tag.startswith("I-"):
            found[-1][0].append(word)
            found[-1] = (found[-1][0], tag[2:])
        else:
            found.append(([word], tag[2:]))
            inside = True
    return {(normalise(" ".join(text)), normalise(kind)) for text, kind in found}


def spans(tags: Sequence[str]) -> set[tuple[int, int, str]]:
    """The spans of valid BIO."""
    found: list[tuple[int, int, str]] = []
    kind = None
    for index, tag in enumerate(tags):
        if tag.startswith("B-"):
            kind = tag[2:]
            found.append((index, index, kind))
        elif tag.startswith("I-") and tag[2:] == kind:
            found[-1] = (found[-1][0], index, kind)
        else:
            kind = None
    return set(found)


def count(gold: set[Any], predicted: set[Any]) -> Triple:
    return len(gold & predicted), len(predicted), len(gold)


def f1(counts: Sequence[int], epsilon: float = 0.0) -> float:
    right, predicted, gold = counts
    precision = right / (predicted + epsilon) if predicted + epsilon else 0.0
    recall = right / (gold + epsilon) if gold + epsilon else 0.0
    total = precision + recall + epsilon
    return 2 * precision * recall / total if total else 0.0


def resample(counts: Mapping[str, Sequence[tuple[int, ...]]], resamples: int) -> dict[str, tuple[float, float]]:
    """The 95% intervals of the means over data sets of both metrics, drawing sentences within each set."""
    chance = random.Random(0)
    drawn: dict[str, list[float]] = {"gner": [], "strict": []}
    for _ in range(resamples):
        figures: dict[str, list[float]] = {"gner": [], "strict": []}
        for rows in counts.values():
            sums = [sum(column) for column in zip(*chance.choices(rows, k=len(rows)), strict=True)]
            figures["gner"].append(f1(sums[:3], 1e-10))
            figures["strict"].append(f1(sums[3:]))
        for metric, values in figures.items():
            drawn[metric].append(sum(values) / len(values))
    return {metric: (sorted(v)[int(0.025 * len(v))], sorted(v)[int(0.975 * len(v))]) for metric, v in drawn.items()}


def structured(file: Path, tokenizer: Any) -> dict[str, list[tuple[list[str], list[str], list[str]]]]:
    """Words, gold tags and predicted tags of every sentence, by data set."""
    found: defaultdict[str, list[tuple[list[str], list[str], list[str]]]] = defaultdict(list)
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            instance = record["instance"]
            found[record["dataset"]].append((instance["words"], instance["labels"], tags_of(record, tokenizer)))
    return dict(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("file", "tokenizer", "out"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--resamples", type=int, default=1000)
    options = parser.parse_args()
    clock = [time.perf_counter()]
    from seqeval.metrics import f1_score
    from seqeval.scheme import IOB2
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(str(options.tokenizer))
    clock.append(time.perf_counter())
    sentences = structured(options.file, tokenizer)
    clock.append(time.perf_counter())
    counts = {
        name: [
            (*count(entities(words, gold), entities(words, tags)), *count(spans(gold), spans(tags)))
            for words, gold, tags in part
        ]
        for name, part in sentences.items()
    }
    figures = {}
    for name, part in sentences.items():
        sums = [sum(row[column] for row in counts[name]) for column in range(3)]
        sides = [gold for _, gold, _ in part], [tags for _, _, tags in part]
        strict = float(f1_score(*sides, mode="strict", scheme=IOB2))
        figures[name] = {"gner": f1(sums, 1e-10), "strict": strict}
    clock.append(time.perf_counter())
    intervals = resample(counts, options.resamples)
    clock.append(time.perf_counter())
    steps = ("import and load the tokenizer", "structure", "count", "resample")
    seconds = {step: end - start for step, start, end in zip(steps, clock[:-1], clock[1:], strict=True)}
    options.out.write_text(json.dumps({"f1": figures, "intervals": intervals, "seconds": seconds}), encoding="utf-8")


if __name__ == "__main__":
    main()
