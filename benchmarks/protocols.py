"""What each choice of a scoring protocol is worth: one table for the same predictions, printed as Markdown.

    python benchmarks/protocols.py FILE… --tokenizer T5 [--raw-crossner FOLDER]

FOLDER holds CrossNER as published (``ai/dev.txt``, …), whose ``misc`` GNER drops; every FILE gets its own table. F1 in
percent, two decimals. Needs seqeval.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path

from seqeval.metrics import f1_score

from gner_bench.api import load_predictions, score
from gner_bench.bio import lenient_spans
from gner_bench.data.sentence import Dataset
from gner_bench.documents.scores import Resampling
from gner_bench.scoring.gold import Gold
from gner_bench.scoring.metrics import METRICS, Metric, prf
from gner_bench.scoring.predictions import Prediction
from gner_bench.scoring.values import SystemValues

Sets = dict[str, list[Prediction]]
Tags = Sequence[str]
DOMAIN = "crossner_"


@dataclass(frozen=True)
class Row:
    """A protocol and its F1 (0 to 1) by data set; ``mean`` where it is not the plain mean of these."""

    protocol: str
    f1: Sequence[float | None]
    mean: float | None = None

    def cells(self) -> list[str]:
        known = [figure for figure in self.f1 if figure is not None]
        mean = sum(known) / len(known) if self.mean is None else self.mean
        return [self.protocol, *(("" if figure is None else f"{100 * figure:.2f}") for figure in (*self.f1, mean))]


def texts(words: Sequence[str], tags: Tags) -> set[tuple[str, str]]:
    """The (text, type) pairs of the lenient reading as they stand."""
    return {(" ".join(words[start:end]), kind) for start, end, kind in lenient_spans(tags)}


def positions(_: Sequence[str], tags: Tags) -> set[tuple[int, int, str]]:
    """The (start, end, type) spans of the lenient reading."""
    return set(lenient_spans(tags))


def micro(sentences: Iterable[Prediction], entities: Callable[[Sequence[str], Tags], AbstractSet[object]]) -> float:
    """Micro F1 of the sets that ``entities`` makes of words and tags."""
    right = predicted = gold = 0
    for sentence in sentences:
        one, other = entities(sentence.words, sentence.predicted), entities(sentence.words, sentence.gold)
        right, predicted, gold = right + len(one & other), predicted + len(one), gold + len(other)
    return prf(right, predicted, gold, "gner").f1


def seqeval_default(sentences: Iterable[Prediction]) -> float:
    """What ``seqeval.metrics.f1_score`` gives without options, as conlleval."""
    pairs = [(list(each.gold), list(each.predicted)) for each in sentences]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return float(f1_score([gold for gold, _ in pairs], [predicted for _, predicted in pairs]))


def table(file: Path, tokenizer: Path, raw: Path | None) -> list[Row]:
    """The protocols for the predictions of one file."""
    predictions = load_predictions(file, tokenizer=tokenizer)
    values = SystemValues(score(predictions, list(METRICS)), Resampling(0))
    sets: Sets = {}
    for each in predictions:
        sets.setdefault(each.dataset, []).append(each)
    rows = [
        _metric("**gner**: normalised texts, a set per sentence", values, "gner"),
        Row("the same without text normalisation", [micro(each, texts) for each in sets.values()]),
        Row("positions, lenient spans", [micro(each, positions) for each in sets.values()]),
        Row("positions, seqeval's default mode", [seqeval_default(each) for each in sets.values()]),
        _metric("**strict**: positions, valid BIO only", values, "strict"),
        _metric("**exact**: positions, types ignored", values, "exact"),
        _metric("**partial**: overlap counts half, types ignored", values, "partial"),
        _metric("**type**: overlap and equal type", values, "type"),
        _metric("**token**: words by type", values, "token"),
        Row("strict, macro over types", [each.macro("strict").f1 for each in values.sets.values()]),
    ]
    splits = {name: each[0].split for name, each in sets.items() if name.startswith(DOMAIN)}
    if raw is not None and splits:
        rows.append(_metric("gner, `misc` kept in the gold", _with_misc(file, tokenizer, raw, splits), "gner"))
    return [*rows, Row("gner, micro over all sets together", [None] * len(sets), values.pooled("gner").f1)]


def _metric(protocol: str, values: SystemValues, metric: Metric) -> Row:
    return Row(protocol, [each.micro(metric).f1 for each in values.sets.values()])


def _with_misc(file: Path, tokenizer: Path, raw: Path, splits: dict[str, str]) -> SystemValues:
    """The figures against CrossNER as published; sets of other origin keep their gold, which has no such type."""
    gold: list[Dataset] = []
    for name, split in splits.items():
        path = raw / name.removeprefix(DOMAIN) / f"{split}.txt"
        gold += Gold((path,), (name,), split, keep_misc=True).read()
    return SystemValues(score(load_predictions(file, tokenizer=tokenizer, gold=gold), ["gner"]), Resampling(0))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--tokenizer", type=Path, required=True, metavar="T5", help="for back-tokenization")
    parser.add_argument("--raw-crossner", type=Path, metavar="FOLDER", help="CrossNER as published, for misc")
    options = parser.parse_args()
    for file in options.files:
        rows = table(file, options.tokenizer, options.raw_crossner)
        names = dict.fromkeys(each.dataset for each in load_predictions(file, tokenizer="none"))
        print(f"\n**{file.name}**\n")
        heads = ["protocol", *names, "mean"]
        for cells in (heads, ["---", *["---:"] * (len(heads) - 1)], *(row.cells() for row in rows)):
            print(f"| {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
