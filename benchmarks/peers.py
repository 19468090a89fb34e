"""Strict span F1 by gner-bench and by other libraries, each as a whole process on the same sentences, as Markdown.

    python benchmarks/peers.py --predictions FILE [--tokenizer T5] [--sentences 6470 100000] [--repeats 3]

The predictions of FILE, structured by gner-bench, are repeated until there are as many sentences as asked for, and
written as columns of words and BIO tags; a predicted ``I-`` that continues nothing becomes ``O``, as the strict metric
reads it. From these files each library counts on its own: reading them and one call, in turns. seqscore runs by its
command; for seqeval, nervaluate and `evaluate` this script is the process (``evaluate``'s metric is written out here,
as it is otherwise fetched from the hub; it calls seqeval too). A library that is not installed is left out, and the
table says so. All must agree on F1 to 1e-6. Seconds are medians of the repeats; those of the processors (user and
system, children included) say how fast it is where the machine is busy.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

Tags = list[list[str]]
OURS = "`gner-bench score --out`"
BARE = "`gner-bench score --metric strict --resamples 0 --out`"


def sentences(predictions: Path, tokenizer: str) -> Iterator[tuple[list[str], list[str], list[str]]]:
    """Words, gold tags and legal predicted tags of each sentence, over and over."""
    import gner_bench
    from gner_bench.bio import strict_spans, tags_of

    loaded = gner_bench.load_predictions(predictions, tokenizer=tokenizer)
    known = []
    for sentence in loaded:
        rows = sentence.words, *(tags_of(len(tags), strict_spans(tags)) for tags in (sentence.gold, sentence.predicted))
        # Columns end at a space: words and types have none here.
        words, gold, predicted = (["_".join(cell.split()) or "_" for cell in row] for row in rows)
        known.append((words, gold, predicted))
    return cycle(known)


def write(file: Path, rows: Sequence[tuple[list[str], ...]]) -> None:
    """A file of columns."""
    blocks = ("".join(f"{' '.join(cells)}\n" for cells in zip(*row, strict=True)) for row in rows)
    file.write_text("\n".join(blocks), encoding="utf-8")


def read(file: Path) -> Tags:
    """The last column of each sentence."""
    blocks = file.read_text(encoding="utf-8").split("\n\n")
    return [[line.rpartition(" ")[2] for line in block.splitlines()] for block in blocks]


def by_seqeval(gold: Tags, predicted: Tags) -> float:
    from seqeval.metrics import f1_score
    from seqeval.scheme import IOB2

    return float(f1_score(gold, predicted, mode="strict", scheme=IOB2))


def by_nervaluate(gold: Tags, predicted: Tags) -> float:
    evaluator = import_module("nervaluate.evaluator").Evaluator
    types = sorted({tag[2:] for tags in gold + predicted for tag in tags if tag != "O"})
    return float(evaluator(gold, predicted, tags=types, loader="list").evaluate()["overall"]["strict"].f1)


def by_evaluate(gold: Tags, predicted: Tags) -> float:
    datasets, evaluate = import_module("datasets"), import_module("evaluate")
    from seqeval.metrics import classification_report
    from seqeval.scheme import IOB2

    def info(metric: Any) -> Any:
        tags = datasets.Sequence(datasets.Value("string"))
        features = datasets.Features({"predictions": tags, "references": tags})
        return evaluate.MetricInfo(description="", citation="", features=features)

    def compute(metric: Any, predictions: Tags, references: Tags) -> dict[str, float]:
        report = classification_report(references, predictions, output_dict=True, mode="strict", scheme=IOB2)
        return {"f1": report["micro avg"]["f1-score"]}

    metric = type("Seqeval", (evaluate.Metric,), {"_info": info, "_compute": compute})
    return float(metric(experiment_id=str(os.getpid())).compute(predictions=predicted, references=gold)["f1"])


COUNTING: dict[str, Callable[[Tags, Tags], float]] = {
    "seqeval": by_seqeval,
    "nervaluate": by_nervaluate,
    "evaluate": by_evaluate,
}


def installed(library: str) -> str:
    """The version of a library, empty where it is not installed."""
    try:
        return version(library)
    except PackageNotFoundError:
        return ""


def commands(folder: Path) -> dict[str, list[str]]:
    """The processes by what the table calls them; each writes scores.json or prints its F1 last."""
    ours = [sys.executable, "-m", "gner_bench", "--quiet", "score", str(folder / "both.conll"), "--from", "conll"]
    ours += ["--out", str(folder / "scores.json")]
    found = {OURS: ours, BARE: [*ours, "--metric", "strict", "--resamples", "0"]}
    files = [str(folder / "gold.bio"), str(folder / "predicted.bio")]
    if known := installed("seqscore"):
        call = [sys.executable, "-c", "from seqscore.scripts.seqscore import cli; cli()", "score", "--labels", "BIO"]
        found[f"seqscore {known}"] = [*call, "--full-precision", "--score-format", "delim", "--reference", *files]
    for library in COUNTING:
        if known := installed(library):
            found[f"{library} {known}"] = [sys.executable, str(Path(__file__).absolute()), "--count", library, *files]
    return found


def run(command: Sequence[str], folder: Path) -> tuple[float, float, float]:
    """Wall seconds, seconds of the processors and F1 of a process. Raises RuntimeError where it fails."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}: {done.stderr}")
    if "gner_bench" in command:
        f1 = json.loads((folder / "scores.json").read_text(encoding="utf-8"))["average"]["strict"]["f1"]
    elif "--full-precision" in command:
        rows = [line.split("\t") for line in done.stdout.splitlines()]
        f1 = float(dict(zip(rows[0], next(row for row in rows if "ALL" in row), strict=True))["F1"])
    else:
        f1 = float(done.stdout.split()[-1])
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, used, f1


def compare(number: int, options: argparse.Namespace, folder: Path) -> None:
    """Print the table of so many sentences. Raises AssertionError where two differ in F1."""
    rows = list(islice(sentences(options.predictions, options.tokenizer), number))
    write(folder / "both.conll", rows)
    write(folder / "gold.bio", [(words, gold) for words, gold, _ in rows])
    write(folder / "predicted.bio", [(words, predicted) for words, _, predicted in rows])
    del rows
    runs: dict[str, list[tuple[float, float, float]]] = {}
    for _ in range(options.repeats):
        for name, command in commands(folder).items():
            runs.setdefault(name, []).append(run(command, folder))
    f1 = {name: made[0][2] for name, made in runs.items()}
    assert max(f1.values()) - min(f1.values()) < 1e-6, f1
    print(f"\n**{number:,} sentences, strict F1 {f1[OURS]:.6f} by all**\n")
    print("|  | seconds | of the processors | times the processors of gner-bench |")
    print("| --- | ---: | ---: | ---: |")
    medians = {
        name: [statistics.median(each[place] for each in made) for place in (0, 1)] for name, made in runs.items()
    }
    for name, (wall, used) in medians.items():
        print(f"| {name} | {wall:.2f} | {used:.2f} | {used / medians[OURS][1]:.1f} |", flush=True)
    for library in ("seqscore", *COUNTING):
        if not installed(library):
            print(f"| {library} | is not installed |  |  |")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--predictions", type=Path, required=True, metavar="FILE", help="a predictions.jsonl")
    parser.add_argument("--tokenizer", default="none", metavar="T5", help="for back-tokenization, a folder")
    parser.add_argument("--sentences", type=int, nargs="+", default=[6_470, 100_000], help="(default: %(default)s)")
    parser.add_argument("--repeats", type=int, default=3, help="of which the median is taken (default: %(default)s)")
    return parser.parse_args()


def main() -> None:
    if sys.argv[1:2] == ["--count"]:
        library, gold, predicted = sys.argv[2:]
        print(COUNTING[library](read(Path(gold)), read(Path(predicted))))
        return
    options = arguments()
    print(f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} CPUs, {options.repeats} repeats")
    for number in options.sentences:
        with TemporaryDirectory() as folder:
            compare(number, options, Path(folder))


if __name__ == "__main__":
    main()
